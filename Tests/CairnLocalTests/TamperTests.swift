// SPDX-License-Identifier: Apache-2.0

import Cairn
import CairnLedger
import CairnTesting
import Foundation
import Testing

@testable import CairnLocal

/// One change to the file, and what an audit must say of it.
struct Tampering: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let statements: String
    let kinds: Set<Fault.Kind>
    let index: UInt64?

    init(
        _ testDescription: String,
        _ statements: String,
        _ kinds: Set<Fault.Kind>,
        at index: UInt64? = nil
    ) {
        self.testDescription = testDescription
        self.statements = statements
        self.kinds = kinds
        self.index = index
    }

    /// The place of a record of the first ledger.
    private static func place(_ index: Int) -> Int64 { 1 << 40 | Int64(index) }

    static let all: [Tampering] = [
        .init(
            "A changed leaf",
            "UPDATE entries SET leaf = CAST(replace(CAST(leaf AS TEXT), 'std', 'sec') AS BLOB) "
                + "WHERE place = \(place(37))",
            [.leafMismatch],
            at: 37
        ),
        .init(
            "A changed leaf hash",
            "UPDATE entries SET leaf_hash = zeroblob(32) WHERE place = \(place(0))",
            [.leafMismatch],
            at: 0
        ),
        .init(
            "A changed chain hash",
            "UPDATE entries SET chain = zeroblob(32) WHERE place = \(place(511))",
            [.leafMismatch],
            at: 511
        ),
        .init(
            "A removed record in the middle",
            "DELETE FROM entries WHERE place = \(place(99))",
            [.missing],
            at: 99
        ),
        .init(
            "A removed tail",
            "DELETE FROM entries WHERE place >= \(place(600))",
            [.missing],
            at: 600
        ),
        .init(
            "An inserted record",
            "INSERT INTO entries SELECT \(place(700)), leaf, leaf_hash, chain FROM entries "
                + "WHERE place = \(place(3))",
            [.inserted],
            at: 700
        ),
        .init(
            "A swapped pair",
            """
            UPDATE entries SET place = -1 WHERE place = \(place(20));
            UPDATE entries SET place = \(place(20)) WHERE place = \(place(21));
            UPDATE entries SET place = \(place(21)) WHERE place = -1
            """,
            [.reordered],
            at: 20
        ),
        .init(
            "A changed payload",
            """
            UPDATE payloads SET fields = CAST(replace(CAST(fields AS TEXT), 'success', 'failure')
                AS BLOB) WHERE place = \(place(256));
            UPDATE payloads SET fields = substr(fields, 1, 8) WHERE place = \(place(256))
            """,
            [.contentMismatch],
            at: 256
        ),
        .init(
            "A changed seed",
            "UPDATE payloads SET seed = zeroblob(32) WHERE place = \(place(5))",
            [.contentMismatch],
            at: 5
        ),
        .init(
            "A removed payload",
            "DELETE FROM payloads WHERE place = \(place(400))",
            [.contentMissing],
            at: 400
        ),
        .init(
            "A changed id column",
            "UPDATE records SET id = zeroblob(16) WHERE place = \(place(8))",
            [.columnMismatch],
            at: 8
        ),
        .init(
            "A changed time column",
            "UPDATE records SET occurred_at = occurred_at + 1 WHERE place = \(place(650))",
            [.columnMismatch],
            at: 650
        ),
        .init(
            "A record given to another ledger",
            "UPDATE records SET ledger = 2 WHERE place = \(place(12))",
            [.columnMismatch],
            at: 12
        ),
        .init(
            "A removed row of query columns",
            "DELETE FROM records WHERE place = \(place(13))",
            [.columnMismatch],
            at: 13
        ),
        .init(
            "A changed tile",
            "UPDATE tiles SET hashes = zeroblob(8192) WHERE number = 1",
            [.checkpointMismatch],
            at: 256
        ),
        .init("A removed tile", "DELETE FROM tiles WHERE number = 0", [.checkpointMismatch], at: 0),
        .init(
            "A head that went back",
            """
            UPDATE heads SET size = 3
            """,
            [.checkpointMismatch, .truncated]
        ),
        .init(
            "A changed head frontier",
            "UPDATE heads SET frontier = zeroblob(length(frontier))",
            [.checkpointMismatch]
        ),
        .init("A changed head root", "UPDATE heads SET root = zeroblob(32)", [.checkpointMismatch]),
        .init(
            "A changed head chain",
            "UPDATE heads SET chain = zeroblob(32)",
            [.checkpointMismatch]
        ),
        .init(
            "A changed newest time",
            "UPDATE heads SET last_received_at = last_received_at + 1",
            [.checkpointMismatch]
        ),
        .init("A removed head", "DELETE FROM heads", [.missing]),
        .init(
            "A changed checkpoint",
            "UPDATE checkpoints SET note = replace(note, '300', '301') WHERE size = 300",
            [.checkpointMismatch]
        ),
        .init(
            "A checkpoint under another size",
            "UPDATE checkpoints SET size = 299 WHERE size = 300",
            [.checkpointMismatch]
        ),
        .init(
            "A removed term of the search index",
            """
            DELETE FROM terms_data WHERE id > 10
            """,
            [.columnMismatch, .missing]
        ),
        .init(
            "A term added to the search index",
            "INSERT INTO terms (rowid, term) VALUES (\(place(300)), '1wplanted')",
            [.columnMismatch],
            at: 256
        ),
        .init(
            "An index that claims to be ahead",
            "UPDATE merged SET size = 5000",
            [.columnMismatch]
        ),
        .init(
            "An index of other records",
            "UPDATE merged SET chain = zeroblob(32)",
            [.columnMismatch]
        ),
        .init(
            "Times of a block that is not there",
            "INSERT INTO blocks VALUES (1, 77, 0, 0)",
            [.columnMismatch]
        ),
        .init(
            "Changed times of a block",
            "UPDATE blocks SET low = low - 1 WHERE number = 1",
            [.columnMismatch],
            at: 256
        ),
        .init(
            "A changed count",
            "UPDATE counts SET count = count + 1 WHERE dimension = 3",
            [.columnMismatch]
        ),
        .init(
            "A changed origin",
            "UPDATE tenants SET origin = 'cairn.example/other'",
            [.leafMismatch, .checkpointMismatch]
        ),
    ]
}

@Suite("An audit names what was changed on disk")
struct TamperTests {
    @Test("Nothing was changed, and nothing is found")
    func untouched() async throws {
        try await withTemporaryFolder { folder in
            let disk = try await LedgerOnDisk.make(in: folder, count: 700)
            #expect(try await disk.faults() == [])
        }
    }

    @Test("A change in any column of any table is named", arguments: Tampering.all)
    func isNamed(_ tampering: Tampering) async throws {
        try await withTemporaryFolder { folder in
            let disk = try await LedgerOnDisk.make(in: folder, count: 700)
            try disk.tamper(tampering.statements)
            let tenant: Tenant
            do {
                tenant = try await currentTenant(disk)
            } catch StoreError.corrupt(_) {
                // A tenant that contradicts itself is named before there is anything to audit.
                return
            }
            let store = try await LocalStore.open(at: folder, mode: .readOnly)
            let auditor = Auditor(
                tenant: tenant,
                store: store,
                keys: [disk.signer.verifierKey(for: disk.tenant.origin)]
            )
            var faults: [Fault] = []
            let report = try await auditor.audit()
            faults = report.faults
            if faults.isEmpty {
                do {
                    if let fault = try await store.check(
                        in: tenant.ledger,
                        progress: { _ in }
                    ) {
                        faults = [fault]
                    }
                } catch let error as StoreError {
                    guard case .corrupt(let detail) = error else { throw error }
                    faults = [Fault(index: 0, kind: .columnMismatch, detail: detail)]
                }
            }
            let first = try #require(faults.first, "nothing was found")
            #expect(tampering.kinds.contains(first.kind), "\(first)")
            if let index = tampering.index { #expect(first.index == index, "\(first)") }
        }
    }

    private func currentTenant(_ disk: LedgerOnDisk) async throws -> Tenant {
        let store = try await LocalStore.open(at: disk.folder, mode: .readOnly)
        return try #require(try await store.tenants().first)
    }

    @Test("A history that is rewritten and chained anew is found by an older checkpoint")
    func rewritten() async throws {
        try await withTemporaryFolder { folder in
            let disk = try await LedgerOnDisk.make(in: folder, count: 300, seed: 1)
            let store = try await LocalStore.open(at: folder)
            let published = try #require(try await store.newestCheckpoint(in: disk.tenant.ledger))
            try await store.close()
            // The whole folder is replaced by another history, signed with the same key.
            try await withTemporaryFolder { other in
                let forged = try await LedgerOnDisk.make(in: other, count: 300, seed: 2)
                #expect(try await forged.faults() == [])
                var scope = AuditScope()
                scope.checkpoint = published
                let found = try await forged.faults(scope)
                #expect(found.first?.kind == .forked)
            }
        }
    }

    @Test("A store that is shorter than a published checkpoint is truncated")
    func truncated() async throws {
        try await withTemporaryFolder { folder in
            let disk = try await LedgerOnDisk.make(in: folder, count: 300)
            let backup = folder + "-backup"
            defer { try? FileManager.default.removeItem(atPath: backup) }
            try FileManager.default.copyItem(atPath: folder, toPath: backup)
            let store = try await LocalStore.open(at: folder)
            var sampler = EventSampler(seed: 5)
            try await disk.append(100, to: store, sampler: &sampler)
            let published = try #require(try await store.newestCheckpoint(in: disk.tenant.ledger))
            try await store.close()
            let restored = LedgerOnDisk(
                folder: backup,
                signer: disk.signer,
                clock: disk.clock,
                tenant: disk.tenant
            )
            var scope = AuditScope()
            scope.checkpoint = published
            #expect(try await restored.faults(scope).first?.kind == .truncated)
        }
    }

    @Test(
        "A byte flipped anywhere in a file is named, or changes nothing that is read",
        arguments: [LocalStore.fileName, IndexFile.fileName]
    )
    func flippedBytes(_ file: String) async throws {
        try await withTemporaryFolder { folder in
            let disk = try await LedgerOnDisk.make(in: folder, count: 300)
            let path = folder + "/" + file
            let original = try Data(contentsOf: URL(fileURLWithPath: path))
            var generator = SeededGenerator(seed: 20)
            var found = 0
            for _ in 0..<60 {
                let offset = Int.random(in: 0..<original.count, using: &generator)
                var changed = original
                changed[offset] ^= UInt8.random(in: 1...255, using: &generator)
                try changed.write(to: URL(fileURLWithPath: path))
                for suffix in ["-wal", "-shm"] { unlink(path + suffix) }
                if try await isNamed(disk) {
                    found += 1
                } else {
                    // What is not named must not matter: every record reads as it was written.
                    #expect(try await readsAsWritten(disk), "byte \(offset), seed 20")
                }
            }
            #expect(found > 20)
        }
    }

    private func isNamed(_ disk: LedgerOnDisk) async throws -> Bool {
        do {
            return try await !disk.faults().isEmpty
        } catch is LocalStoreError {
            return true
        } catch is StoreError {
            return true
        }
    }

    private func readsAsWritten(_ disk: LedgerOnDisk) async throws -> Bool {
        let store = try await LocalStore.open(at: disk.folder, mode: .readOnly)
        let records = try await store.records(
            in: disk.tenant.ledger,
            at: 0..<300,
            contents: true
        )
        return records.count == 300
            && records.allSatisfy { record in
                guard let payload = record.payload, let leaf = try? Leaf(parsing: record.leaf)
                else { return false }
                return Commitment.record(payload.fields, seed: payload.seed) == leaf.record
            }
    }
}
