// SPDX-License-Identifier: Apache-2.0

import CairnLedger
import CairnLocal
import CairnTesting
import Testing

@Suite("The store on disk conforms")
struct ConformanceTests {
    @Test("SQLite keeps a store's promises", arguments: LedgerStoreConformance.all)
    func store(keeps promise: LedgerStoreConformance) async throws {
        try await withTemporaryStore { try await promise.check($0) }
    }

    @Test("SQLite and FTS5 keep an index's promises", arguments: RecordIndexConformance.all)
    func index(keeps promise: RecordIndexConformance) async throws {
        try await withTemporaryStore { try await promise.check($0) }
    }

    @Test("SQLite keeps a directory's promises", arguments: DirectoryConformance.all)
    func directory(keeps promise: DirectoryConformance) async throws {
        try await withTemporaryStore { try await promise.check($0) }
    }

    @Test("SQLite keeps the promises of replays", arguments: ReplayStoreConformance.all)
    func replays(keeps promise: ReplayStoreConformance) async throws {
        try await withTemporaryStore { try await promise.check($0) }
    }

    @Test("Files keep a vault's promises", arguments: CheckpointVaultConformance.all)
    func vault(keeps promise: CheckpointVaultConformance) async throws {
        try await withTemporaryFolder { folder in
            try await promise.check(try FileVault(folder: folder))
        }
    }

    @Test("SQLite keeps the promises of a queue", arguments: JobQueueConformance.all)
    func queue(keeps promise: JobQueueConformance) async throws {
        try await withTemporaryStore { try await promise.check($0) }
    }

    @Test(
        "A folder keeps the promises of objects",
        arguments: ObjectStoreConformance.all + ObjectStoreConformance.exact
    )
    func objects(keeps promise: ObjectStoreConformance) async throws {
        try await withTemporaryFolder { folder in
            let clock = ManualClock()
            let store = try await FileObjectStore(folder: folder) { clock.now }
            try await promise.check(.init(store, clock: clock))
        }
    }
}
