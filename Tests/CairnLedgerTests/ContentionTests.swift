// SPDX-License-Identifier: Apache-2.0

import Cairn
import CairnLedger
import CairnTesting
import Testing

@Suite("Several ledgers of a process")
struct ContentionTests {
    private func setting() throws -> (ledgers: Ledgers, store: FaultyLedgerStore, ManualClock) {
        let (memory, clock) = (MemoryStore(), ManualClock())
        try memory.create(.example)
        try memory.create(.other)
        let store = FaultyLedgerStore(memory)
        let ledgers = Ledgers(
            directory: memory,
            store: store,
            signer: MemorySigner(),
            vault: nil,
            clock: clock.server
        )
        return (ledgers, store, clock)
    }

    private func append(_ count: Int, to ledger: Ledger, _ seed: UInt64) async -> Int {
        var sampler = EventSampler(seed: seed)
        let events = sampler.prepared(count)
        return await ledger.append(events).count { if case .recorded = $0 { true } else { false } }
    }

    @Test("One busy ledger does not starve another: its batches become small at once")
    func fair() async throws {
        let (ledgers, store, clock) = try setting()
        let busy = try await ledgers.ledger(of: Tenant.example.name)
        let quiet = try await ledgers.ledger(of: Tenant.other.name)
        store.hold()
        async let many = append(3000, to: busy, 1)
        while store.heldCommits < 1 { await Task.yield() }
        // Whoever comes now waits for what is under way, and then it is its turn.
        async let one = append(1, to: quiet, 2)
        while store.heldCommits < 2 { await Task.yield() }
        #expect(store.batchSizes == [1024, 1])
        store.release()
        #expect(await one == 1)
        #expect(await many == 3000)
        #expect(store.batchSizes.dropFirst(2).allSatisfy { $0 <= 128 })
        // The other may come back at any moment.
        let shared = store.batchSizes.count
        #expect(await append(1000, to: busy, 3) == 1000)
        #expect(store.batchSizes.dropFirst(shared).allSatisfy { $0 <= 128 })
        // A second later it has not, and one ledger alone takes all.
        clock.advance(milliseconds: 1000)
        #expect(await append(1000, to: busy, 4) == 1000)
        #expect(store.batchSizes.last == 1000)
    }
}
