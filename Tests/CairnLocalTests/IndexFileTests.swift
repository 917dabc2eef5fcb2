// SPDX-License-Identifier: Apache-2.0

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
