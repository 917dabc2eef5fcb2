// SPDX-License-Identifier: Apache-2.0

internal import Cairn
package import CairnLedger
internal import Testing

/// One thing every checkpoint vault must do, as an argument for a parameterised test.
package struct CheckpointVaultConformance: Sendable, CustomTestStringConvertible {
    /// The promise, as a sentence.
    package let testDescription: String
    /// Checks the promise against a fresh, empty vault.
    package let check: @Sendable (any CheckpointVault) async throws -> Void

    private init(
        _ testDescription: String,
        check: @escaping @Sendable (any CheckpointVault) async throws -> Void
    ) {
        self.testDescription = testDescription
        self.check = check
    }

    private static func note(_ tenant: Tenant, _ size: UInt64) -> SignedNote {
        MemorySigner().sign(
            Checkpoint(origin: tenant.origin, size: size, root: .sha256([UInt8(size)]))
        )
    }

    /// Every promise a vault makes.
    package static let all: [CheckpointVaultConformance] = [
        .init("A ledger of which nothing was kept has no newest checkpoint") { vault in
            let newest = try await vault.newest(of: Tenant.example.ledger)
            #expect(newest == nil)
        },
        .init("What was kept is what is there, byte for byte") { vault in
            let kept = note(.example, 3)
            try await vault.keep(kept, of: Tenant.example.ledger)
            let newest = try await vault.newest(of: Tenant.example.ledger)
            #expect(newest?.encoded == kept.encoded)
        },
        .init("The next checkpoint takes the place of the one before") { vault in
            for size: UInt64 in 1...5 {
                try await vault.keep(note(.example, size), of: Tenant.example.ledger)
            }
            let newest = try await vault.newest(of: Tenant.example.ledger)
            #expect(newest == note(.example, 5))
        },
        .init("The same checkpoint may be kept again") { vault in
            try await vault.keep(note(.example, 3), of: Tenant.example.ledger)
            try await vault.keep(note(.example, 3), of: Tenant.example.ledger)
            let newest = try await vault.newest(of: Tenant.example.ledger)
            #expect(newest == note(.example, 3))
        },
        .init("Two ledgers' checkpoints are apart") { vault in
            try await vault.keep(note(.example, 3), of: Tenant.example.ledger)
            let other = try await vault.newest(of: Tenant.other.ledger)
            #expect(other == nil)
            try await vault.keep(note(.other, 8), of: Tenant.other.ledger)
            let newest = try await vault.newest(of: Tenant.example.ledger)
            #expect(newest == note(.example, 3))
            let theirs = try await vault.newest(of: Tenant.other.ledger)
            #expect(theirs == note(.other, 8))
        },
        .init("Ledgers kept at the same time do not disturb each other") { vault in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number: UInt64 in 0..<20 {
                    group.addTask {
                        let tenant = Tenant.numbered(number)
                        try await vault.keep(note(tenant, number + 1), of: tenant.ledger)
                    }
                }
                try await group.waitForAll()
            }
            for number: UInt64 in 0..<20 {
                let tenant = Tenant.numbered(number)
                let newest = try await vault.newest(of: tenant.ledger)
                #expect(newest == note(tenant, number + 1))
            }
        },
    ]
}
