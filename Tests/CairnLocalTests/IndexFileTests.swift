// SPDX-License-Identifier: Apache-2.0

import Cairn
import CairnLedger
import CairnTesting
import Foundation
import GRDB
import Testing

@testable import CairnLocal

@Suite("The index's file can always be made anew")
struct IndexFileTests {
    @Test("An index that is gone is made anew from the records, and finds what it found")
    func isMadeAnew() async throws {
        try await withTemporaryFolder { folder in
            let disk = try await LedgerOnDisk.make(in: folder, count: 700)
            let before = try await found(disk)
            #expect(before.count > 500)
            try remove(folder)
            #expect(try await found(disk) == before)
            #expect(try await disk.faults() == [])
        }
    }

    @Test(
        "An index that is damaged, of another schema or of other records is made anew",
        arguments: [
            "PRAGMA user_version = 77", "UPDATE merged SET chain = zeroblob(32)",
            "PRAGMA ignore_check_constraints = ON; UPDATE merged SET size = -1",
            "UPDATE merged SET size = 5000", "UPDATE merged SET ledger = 9",
            "DROP TABLE merged", "DROP TABLE blocks", "DROP TABLE terms", "DROP TABLE counts",
            "CREATE VIEW more AS SELECT 1", "CREATE TABLE terms_more (x)",
        ]
    )
    func isReplaced(_ change: String) async throws {
        try await withTemporaryFolder { folder in
            let disk = try await LedgerOnDisk.make(in: folder, count: 700)
            let before = try await found(disk)
            let queue = try DatabaseQueue(path: folder + "/" + IndexFile.fileName)
            try await queue.writeWithoutTransaction { try $0.execute(sql: change) }
            try queue.close()
            #expect(try await found(disk) == before)
            #expect(try await disk.faults() == [])
        }
    }

    @Test("A file that is no index is replaced by one")
    func isNoIndex() async throws {
        try await withTemporaryFolder { folder in
            let disk = try await LedgerOnDisk.make(in: folder, count: 20)
            let before = try await found(disk)
            try Data(repeating: 7, count: 8192)
                .write(to: URL(fileURLWithPath: folder + "/" + IndexFile.fileName))
            #expect(try await found(disk) == before)
            #expect(try await disk.faults() == [])
        }
    }

    @Test("Tables of the index's names among the records hide nothing, and are named")
    func shadows() async throws {
        try await withTemporaryFolder { folder in
            let disk = try await LedgerOnDisk.make(in: folder, count: 300)
            let before = try await found(disk)
            try disk.tamper(IndexSchema.sql)
            #expect(try await found(disk) == before)
            #expect(try await disk.faults().first?.kind == .columnMismatch)
        }
    }

    @Test("An index that was emptied beside a server takes nothing more, and is made anew")
    func emptied() async throws {
        try await withTemporaryFolder { folder in
            let disk = try await LedgerOnDisk.make(in: folder, count: 300)
            let before = try await found(disk)
            let store = try await LocalStore.open(at: folder)
            let queue = try DatabaseQueue(path: folder + "/" + IndexFile.fileName)
            try await queue.writeWithoutTransaction { db in
                try db.execute(
                    sql: """
                        INSERT INTO terms (terms) VALUES ('delete-all');
                        DELETE FROM merged; DELETE FROM blocks; DELETE FROM counts
                        """
                )
            }
            try queue.close()
            var sampler = EventSampler(seed: 3)
            try await disk.append(10, to: store, sampler: &sampler)
            await #expect(throws: StoreError.self) { try await store.merge() }
            #expect(store.tail.count == 10)
            try await store.close()
            #expect(Set(try await found(disk)).isSuperset(of: before))
            #expect(try await disk.faults() == [])
        }
    }

    @Test("The files are for their owner alone, whatever the folder is")
    func modes() async throws {
        try await withTemporaryFolder { folder in
            try FileManager.default.createDirectory(
                atPath: folder,
                withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o755]
            )
            let disk = try await LedgerOnDisk.make(in: folder, count: 10)
            let store = try await LocalStore.open(at: folder)
            _ = disk
            for name in try FileManager.default.contentsOfDirectory(atPath: folder) {
                let mode = try FileManager.default
                    .attributesOfItem(atPath: folder + "/" + name)[.posixPermissions]
                #expect(mode as? Int == 0o600, "\(name)")
            }
            try await store.close()
        }
    }

    @Test("Without an index the records are audited all the same, and its absence is named")
    func isAbsent() async throws {
        try await withTemporaryFolder { folder in
            let disk = try await LedgerOnDisk.make(in: folder, count: 20)
            try remove(folder)
            let store = try await LocalStore.open(at: folder, mode: .readOnly)
            #expect(try await disk.audit(store).holds)
            await #expect(throws: StoreError.self) {
                try await store.check(in: disk.tenant.ledger, progress: { _ in })
            }
        }
    }

    @Test("A commit does not wait for a merge that is under way")
    func commitsBesideMerges() async throws {
        try await withTemporaryFolder { folder in
            let disk = try await LedgerOnDisk.make(in: folder, count: 0)
            let store = try await LocalStore.open(at: folder)
            var sampler = EventSampler(seed: 3)
            // The index's writer is taken for as long as the appends last.
            let index = try #require(store.index)
            let (release, hold) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
            index.queue.asyncWriteWithoutTransaction { _ in
                hold.signal()
                release.wait()
            }
            hold.wait()
            try await disk.append(1200, to: store, sampler: &sampler)
            #expect(store.tail.count == 1200)
            release.signal()
            try await store.merge()
            #expect(store.tail.count == 0)
            try await store.close()
            #expect(try await disk.faults() == [])
        }
    }

    private func remove(_ folder: String) throws {
        try FileManager.default.removeItem(atPath: folder + "/" + IndexFile.fileName)
    }

    /// The indexes of what a search for any outcome finds, by time.
    private func found(_ disk: LedgerOnDisk) async throws -> [UInt64] {
        let store = try await LocalStore.open(at: disk.folder)
        var query = RecordQuery()
        query.filters = [Filter(.outcome, ["success", "failure", "denied", "unknown"])]
        let size = try #require(try await store.head(of: disk.tenant.ledger)).size
        let page = try await store.page(
            query,
            in: disk.tenant.ledger,
            size: size,
            after: nil,
            limit: 1000
        )
        try await store.close()
        return page.map(\.record.index)
    }
}
