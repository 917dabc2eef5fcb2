// SPDX-License-Identifier: Apache-2.0

import CairnLedger
import CairnTesting
import Testing

/// The memory adapters are real implementations, so they keep every promise of their ports.
@Suite("Memory stores conform")
struct MemoryConformanceTests {
    @Test("The memory store keeps a store's promises", arguments: LedgerStoreConformance.all)
    func store(keeps promise: LedgerStoreConformance) async throws {
        try await promise.check(MemoryStore())
    }

    @Test("The memory store keeps an index's promises", arguments: RecordIndexConformance.all)
    func index(keeps promise: RecordIndexConformance) async throws {
        try await promise.check(MemoryStore())
    }

    @Test("The memory store keeps a directory's promises", arguments: DirectoryConformance.all)
    func directory(keeps promise: DirectoryConformance) async throws {
        try await promise.check(MemoryStore())
    }

    @Test("The memory store keeps the promises of replays", arguments: ReplayStoreConformance.all)
    func replays(keeps promise: ReplayStoreConformance) async throws {
        try await promise.check(MemoryStore())
    }

    @Test("The memory vault keeps a vault's promises", arguments: CheckpointVaultConformance.all)
    func vault(keeps promise: CheckpointVaultConformance) async throws {
        try await promise.check(MemoryVault())
    }

    @Test("The memory queue keeps its promises", arguments: JobQueueConformance.all)
    func queue(keeps promise: JobQueueConformance) async throws {
        try await promise.check(MemoryJobQueue())
    }

    @Test(
        "Memory keeps the promises of objects",
        arguments: ObjectStoreConformance.all + ObjectStoreConformance.exact
    )
    func objects(keeps promise: ObjectStoreConformance) async throws {
        let clock = ManualClock()
        try await promise.check(.init(MemoryObjectStore(now: { clock.now }), clock: clock))
    }
}
