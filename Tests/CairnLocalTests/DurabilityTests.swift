// SPDX-License-Identifier: Apache-2.0

import Cairn
import CairnLedger
import CairnTesting
import Foundation
import GRDB
import Testing

@testable import CairnLocal

@Suite("What is on disk stays on disk")
struct DurabilityTests {
    @Test("The writer waits for the disk: synchronous is FULL after WAL is entered")
    func synchronousIsFull() async throws {
        try await withTemporaryStore { store in
            let level = try await store.pool.writeWithoutTransaction { db in
                try Int.fetchOne(db, sql: "PRAGMA synchronous")
            }
            let mode = try await store.pool.read { db in
                try String.fetchOne(db, sql: "PRAGMA journal_mode")
            }
            #expect(level == 2)
            #expect(mode == "wal")
        }
    }

    @Test(
        "SQLite itself refuses to change or remove what is hashed",
        arguments: [
            "UPDATE entries SET leaf = x'00'", "DELETE FROM entries",
            "INSERT OR REPLACE INTO entries SELECT place, x'00', leaf_hash, chain FROM entries",
            "UPDATE checkpoints SET note = ''", "DELETE FROM checkpoints",
        ]
    )
    func entriesRefuse(_ statement: String) async throws {
        try await withTemporaryFolder { folder in
            let disk = try await LedgerOnDisk.make(in: folder, count: 10)
            let store = try await LocalStore.open(at: folder)
            await #expect(throws: DatabaseError.self) {
                try await store.pool.write { try $0.execute(sql: statement) }
            }
            let report = try await disk.audit(store)
            #expect(report.holds && report.checked == 10)
            try await store.close()
        }
    }

    @Test("A store that was not closed comes back with its records and its index")
    func comesBack() async throws {
        try await withTemporaryFolder { folder in
            let disk = try await LedgerOnDisk.make(in: folder, count: 300)
            var sampler = EventSampler(seed: 9)
            let copy = folder + "-copy"
            defer { try? FileManager.default.removeItem(atPath: copy) }
            let store = try await LocalStore.open(at: folder)
            try await disk.append(50, to: store, sampler: &sampler)
            // A copy of the files now is what a crash leaves: the last records are not merged.
            #expect(store.tail.count == 50)
            try FileManager.default.copyItem(atPath: folder, toPath: copy)
            try await store.close()

            let crashed = LedgerOnDisk(
                folder: copy,
                signer: disk.signer,
                clock: disk.clock,
                tenant: disk.tenant
            )
            let reopened = try await LocalStore.open(at: copy)
            #expect(reopened.tail.count == 0)
            let page = try await reopened.page(
                RecordQuery(),
                in: disk.tenant.ledger,
                size: 350,
                after: nil,
                limit: 1000
            )
            #expect(page.count == 350)
            try await reopened.close()
            #expect(try await crashed.faults() == [])
        }
    }

    @Test("One process at a time has a folder open")
    func isLocked() async throws {
        try await withTemporaryFolder { folder in
            let store = try await LocalStore.open(at: folder)
            await #expect(throws: LocalStoreError.inUse(folder)) {
                _ = try await LocalStore.open(at: folder)
            }
            try await store.close()
            let again = try await LocalStore.open(at: folder)
            try await again.close()
        }
    }

    @Test("A file of a newer program is refused by name")
    func newerSchema() async throws {
        try await withTemporaryFolder { folder in
            try await LocalStore.open(at: folder).close()
            let queue = try DatabaseQueue(path: folder + "/cairn.db")
            try await queue.writeWithoutTransaction { db in
                try db.execute(
                    sql: """
                        PRAGMA user_version = 99;
                        UPDATE store SET value = CAST('99' AS BLOB) WHERE key = 'readable_by'
                        """
                )
            }
            try queue.close()
            await #expect(throws: LocalStoreError.newerSchema(99)) {
                _ = try await LocalStore.open(at: folder)
            }
        }
    }

    @Test("A newer file that this program may still read is opened")
    func readableNewerSchema() async throws {
        try await withTemporaryFolder { folder in
            try await LocalStore.open(at: folder).close()
            let queue = try DatabaseQueue(path: folder + "/cairn.db")
            try await queue.writeWithoutTransaction { db in
                try db.execute(sql: "PRAGMA user_version = 99")
            }
            try queue.close()
            try await LocalStore.open(at: folder).close()
        }
    }

    @Test("A file that is no store, or is damaged, is refused with what to do")
    func notAStore() async throws {
        try await withTemporaryFolder { folder in
            try FileManager.default.createDirectory(
                atPath: folder,
                withIntermediateDirectories: true
            )
            try Data(repeating: 7, count: 8192).write(
                to: URL(fileURLWithPath: folder + "/cairn.db")
            )
            await #expect(throws: LocalStoreError.notAStore) {
                _ = try await LocalStore.open(at: folder)
            }
        }
        try await withTemporaryFolder { folder in
            await #expect(throws: LocalStoreError.absent(folder)) {
                _ = try await LocalStore.open(at: folder, mode: .readOnly)
            }
        }
    }

    @Test("Another program's SQLite file is left alone")
    func foreignFile() async throws {
        try await withTemporaryFolder { folder in
            try FileManager.default.createDirectory(
                atPath: folder,
                withIntermediateDirectories: true
            )
            let queue = try DatabaseQueue(path: folder + "/cairn.db")
            try await queue.write { try $0.execute(sql: "CREATE TABLE theirs (x)") }
            try queue.close()
            await #expect(throws: LocalStoreError.notAStore) {
                _ = try await LocalStore.open(at: folder)
            }
        }
    }

    @Test("A migration that shipped never changes")
    func migrationsArePinned() {
        let digests = Migrations.steps.map { Cairn.Digest.sha256(Array($0.sql.utf8)).hex }
        #expect(
            digests == [
                "0b8a595d1f595d096557509910f0d2b626174e0eaee5d57d8a700586a60c4ed5",
                "5b31efaf48f26b73cabf8fa1c7f864770e6246f4eaf9bd1fb465d1830c6d1a66",
                "4c36a20a49ddc25b3e8b46a9f07c7edf5de9a0b6694ac79db2f64c833d4484bb",
                "3cb0027d6b6be38f60eccf41ca278e3bc1d6b5462a8c28937449ba539fe66775",
                "931e1ba43eab53df73d05fb7e8ad02eab4aaa3369b9a298229ea9f977ad45d5f",
                "736770fac9b9478fc1db45c205617d5d205f6e60636fed97262512a2c3d41f70",
            ]
        )
    }

    @Test("A signing key is made once, kept from others, and read back")
    func keyFile() async throws {
        try await withTemporaryFolder { folder in
            try FileManager.default.createDirectory(
                atPath: folder,
                withIntermediateDirectories: true
            )
            let path = folder + "/signing.key"
            let made = try KeyFile.load(orCreateAt: path) { [UInt8](repeating: 3, count: 32) }
            let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions]
            #expect(mode as? Int == 0o600)
            let read = try KeyFile.load(orCreateAt: path) { [UInt8](repeating: 4, count: 32) }
            #expect(read.verifierKey(for: "a/b") == made.verifierKey(for: "a/b"))
            #expect(read.secret == [UInt8](repeating: 3, count: 32))
            #expect(chmod(path, 0o644) == 0)
            #expect(throws: KeyFile.Failure.tooOpen(path)) { try KeyFile.load(at: path) }
            #expect(chmod(path, 0o600) == 0)
            try Data("nonsense\n".utf8).write(to: URL(fileURLWithPath: path))
            #expect(chmod(path, 0o600) == 0)
            #expect(throws: KeyFile.Failure.malformed(path)) { try KeyFile.load(at: path) }
        }
    }

    @Test("Ledgers that commit at once share transactions and stay apart")
    func manyLedgers() async throws {
        try await withTemporaryStore { store in
            let clock = ManualClock()
            let signer = MemorySigner()
            let tenants = (0..<20).map { Tenant.numbered($0) }
            for tenant in tenants { try await store.create(tenant) }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for (number, tenant) in tenants.enumerated() {
                    group.addTask {
                        let ledger = try await Ledger(
                            tenant,
                            store: store,
                            signer: signer,
                            vault: nil,
                            clock: clock.server
                        )
                        var sampler = EventSampler(seed: UInt64(number))
                        for _ in 0..<10 {
                            _ = await ledger.append(sampler.prepared(7))
                        }
                    }
                }
                try await group.waitForAll()
            }
            for tenant in tenants {
                let report = try await Auditor(
                    tenant: tenant,
                    store: store,
                    keys: [signer.verifierKey(for: tenant.origin)]
                ).audit()
                #expect(report.holds && report.size == 70, "\(tenant.name)")
                let page = try await store.page(
                    RecordQuery(),
                    in: tenant.ledger,
                    size: 70,
                    after: nil,
                    limit: 100
                )
                #expect(page.count == 70)
            }
        }
    }
}
