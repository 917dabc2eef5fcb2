// SPDX-License-Identifier: Apache-2.0

internal import Cairn
package import CairnLedger
internal import Testing

/// One thing every directory must do, as an argument for a parameterised test.
package struct DirectoryConformance: Sendable, CustomTestStringConvertible {
    /// The promise, as a sentence.
    package let testDescription: String
    /// Checks the promise against a fresh, empty directory.
    package let check: @Sendable (any Directory) async throws -> Void

    init(
        _ testDescription: String,
        check: @escaping @Sendable (any Directory) async throws -> Void
    ) {
        self.testDescription = testDescription
        self.check = check
    }

    static func tenant(
        _ name: String,
        _ number: UInt64,
        createdAt: Timestamp = ManualClock.start
    ) -> Tenant {
        let sample = Tenant.numbered(number)
        return Tenant(
            name: name,
            ledger: sample.ledger,
            origin: sample.origin,
            createdAt: createdAt
        )
    }

    /// Every promise a directory makes.
    package static let all: [DirectoryConformance] =
        keys + [
            .init("A tenant that was never created is not found") { directory in
                try await directory.create(tenant("acme", 1))
                for name in ["", "acm", "acmee", "ACME", "acme ", "%", "a_me", "ac%"] {
                    let found = try await directory.tenant(named: name)
                    #expect(found == nil, "\(name)")
                }
            },
            .init("A tenant is found as it was created") { directory in
                for (number, name) in ["acme", "A.b_c-D", String(repeating: "n", count: 128)]
                    .enumerated()
                {
                    let created = tenant(
                        name,
                        UInt64(number),
                        createdAt: Timestamp(milliseconds: 1_769_178_600_123 + Int64(number))
                    )
                    try await directory.create(created)
                    let found = try await directory.tenant(named: name)
                    #expect(found == created)
                }
            },
            .init("A value that is kept is the first one of its name") { directory in
                let none = try await directory.value("origin-prefix")
                #expect(none == nil)
                try await directory.keep([1, 0, 255], as: "origin-prefix")
                try await directory.keep([2], as: "origin-prefix")
                try await directory.keep([], as: "other")
                let first = try await directory.value("origin-prefix")
                let other = try await directory.value("other")
                #expect(first == [1, 0, 255] && other == [])
            },
            .init("All tenants are listed by the bytes of their names") { directory in
                let none = try await directory.tenants()
                #expect(none.isEmpty)
                let names = ["b", "a", "B", "a-", "aa", "Z", "_", "0"]
                for (number, name) in names.enumerated() {
                    try await directory.create(tenant(name, UInt64(number)))
                }
                let all = try await directory.tenants()
                #expect(all.map(\.name) == ["0", "B", "Z", "_", "a", "a-", "aa", "b"])
            },
            .init("Names that differ in case alone are two tenants") { directory in
                try await directory.create(tenant("acme", 1))
                try await directory.create(tenant("Acme", 2))
                let upper = try await directory.tenant(named: "Acme")
                #expect(upper == tenant("Acme", 2))
            },
            .init("A name that exists is a conflict and changes nothing") { directory in
                try await directory.create(tenant("acme", 1))
                let refusal = await #expect(throws: StoreError.self) {
                    try await directory.create(tenant("acme", 2))
                }
                #expect(refusal?.isConflict == true)
                let all = try await directory.tenants()
                #expect(all == [tenant("acme", 1)])
            },
            .init("A ledger that exists is a conflict and changes nothing") { directory in
                try await directory.create(tenant("acme", 1))
                let refusal = await #expect(throws: StoreError.self) {
                    try await directory.create(tenant("other", 1))
                }
                #expect(refusal?.isConflict == true)
                let all = try await directory.tenants()
                #expect(all == [tenant("acme", 1)])
            },
        ]
}
