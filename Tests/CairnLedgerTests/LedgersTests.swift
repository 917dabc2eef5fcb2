// SPDX-License-Identifier: Apache-2.0

import Cairn
import CairnLedger
import CairnTesting
import Testing

@Suite("All ledgers of a process")
struct LedgersTests {
    private func setting() throws -> (ledgers: Ledgers, clock: ManualClock, store: MemoryStore) {
        let (memory, clock) = (MemoryStore(), ManualClock())
        try memory.create(.example)
        try memory.create(.other)
        let ledgers = Ledgers(
            directory: memory,
            store: memory,
            signer: MemorySigner(),
            vault: nil,
            clock: clock.server
        )
        return (ledgers, clock, memory)
    }

    @Test("A tenant has one ledger object, however many ask at once")
    func oneObject() async throws {
        let (ledgers, _, _) = try setting()
        let objects = try await withThrowingTaskGroup(of: ObjectIdentifier.self) { group in
            for _ in 0..<50 {
                group.addTask {
                    ObjectIdentifier(try await ledgers.ledger(of: Tenant.example.name))
                }
            }
            return try await group.reduce(into: Set()) { $0.insert($1) }
        }
        #expect(objects.count == 1)
        let other = try await ledgers.ledger(of: Tenant.other.name)
        #expect(!objects.contains(ObjectIdentifier(other)))
        #expect(other.tenant == .other)
        let open = await ledgers.openLedgers
        #expect(open.count == 2)
    }

    @Test("A tenant that does not exist has no ledger, now or when asked again")
    func notFound() async throws {
        let (ledgers, _, store) = try setting()
        for _ in 0..<2 {
            let error = await #expect(throws: LedgerError.self) {
                _ = try await ledgers.ledger(of: "nobody")
            }
            #expect(error?.word == "not found")
        }
        // A failure is not remembered.
        let sample = Tenant.numbered(9)
        try store.create(
            Tenant(
                name: "nobody",
                ledger: sample.ledger,
                origin: sample.origin,
                createdAt: sample.createdAt
            )
        )
        let found = try await ledgers.ledger(of: "nobody")
        #expect(found.tenant.ledger == sample.ledger)
    }

    @Test("A ledger that nobody has used is closed, and opens anew with all its records")
    func closesIdle() async throws {
        let (ledgers, clock, _) = try setting()
        var sampler = EventSampler(seed: 70)
        let first = try await ledgers.ledger(of: Tenant.example.name)
        let receipt = try await first.record(sampler.prepared())
        clock.advance(milliseconds: Ledgers.idleMilliseconds - 1)
        _ = try await ledgers.ledger(of: Tenant.other.name)
        await ledgers.closeIdle()
        var open = await ledgers.openLedgers.count
        #expect(open == 2)
        clock.advance(milliseconds: 1)
        await ledgers.closeIdle()
        open = await ledgers.openLedgers.count
        #expect(open == 1)
        let again = try await ledgers.ledger(of: Tenant.example.name)
        #expect(again !== first)
        let next = try await again.record(sampler.prepared())
        #expect(next.previousHash == receipt.hash)
    }

    @Test("A ledger that was closed by name opens anew")
    func closes() async throws {
        let (ledgers, _, _) = try setting()
        let first = try await ledgers.ledger(of: Tenant.example.name)
        await ledgers.close(tenant: Tenant.example.name)
        let again = try await ledgers.ledger(of: Tenant.example.name)
        #expect(again !== first)
    }
}
