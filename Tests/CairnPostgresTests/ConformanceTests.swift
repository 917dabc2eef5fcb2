// SPDX-License-Identifier: Apache-2.0

import CairnLedger
import CairnPostgres
import CairnTesting
import Testing

@Suite("The store in PostgreSQL conforms", .enabled(if: PostgresServer.programs != nil))
struct ConformanceTests {
    @Test("PostgreSQL keeps a store's promises", arguments: LedgerStoreConformance.all)
    func store(keeps promise: LedgerStoreConformance) async throws {
        try await withPostgresStore { try await promise.check($0) }
    }

    @Test("PostgreSQL keeps a directory's promises", arguments: DirectoryConformance.all)
    func directory(keeps promise: DirectoryConformance) async throws {
        try await withPostgresStore { try await promise.check($0) }
    }

    @Test("PostgreSQL keeps the promises of replays", arguments: ReplayStoreConformance.all)
    func replays(keeps promise: ReplayStoreConformance) async throws {
        try await withPostgresStore { try await promise.check($0) }
    }

    @Test("PostgreSQL keeps the promises of a queue", arguments: JobQueueConformance.all)
    func queue(keeps promise: JobQueueConformance) async throws {
        try await withPostgresStore { try await promise.check($0) }
    }

    @Test("PostgreSQL keeps an index's promises", arguments: RecordIndexConformance.all)
    func index(keeps promise: RecordIndexConformance) async throws {
        try await withPostgresStore { try await promise.check($0) }
    }
}
