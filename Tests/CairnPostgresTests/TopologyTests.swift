// SPDX-License-Identifier: Apache-2.0

import Cairn
import CairnLedger
import CairnTesting
import Logging
import Testing

@testable import CairnPostgres

@Suite("Replicas and poolers", .enabled(if: PostgresServer.programs != nil))
struct TopologyTests {
    private static func find(
        _ store: PostgresStore,
        _ reference: ReferenceLedger
    ) async throws -> [UInt64] {
        var query = RecordQuery()
        query.sort = .index
        let found = try await store.page(
            query,
            in: reference.tenant.ledger,
            size: reference.head.size,
            after: nil,
            limit: 3
        )
        return found.map(\.record.index)
    }

    @Test("A reader by way of a replica sees every acknowledged record, whatever the replica does")
    func replica() async throws {
        let primary = try PostgresServer()
        let target = try primary.database()
        let standby = try PostgresServer(following: primary)
        var options = PostgresStore.Options()
        options.replica = standby.url(target)
        options.staleness = 2_000
        let store = PostgresStore(target, options)
        let behind = PostgresStore(standby.url(target))
        try await store.migrate()
        try await store.create(.example)
        var sampler = EventSampler(seed: 1)
        var reference = ReferenceLedger()
        func append() async throws {
            let before = reference.head
            try await store.commit(reference.append(sampler.prepared(4)), expecting: before)
        }
        for _ in 0..<10 {
            try await append()
            let found = try await Self.find(store, reference)
            let last = reference.head.size - 1
            #expect(found == [last, last - 1, last - 2])
        }
        let asked = try await behind.text(
            """
            SELECT count(*)::text FROM pg_stat_activity
            WHERE query LIKE '%FROM unnest%' AND pid <> pg_backend_pid()
            """
        )
        #expect(asked != "0", "the replica was never asked")
        let refusal = try await behind.unfitness(forWriting: true)
        #expect(refusal == .standby)

        // It stands still, and then it is gone.
        _ = try await behind.text("SELECT 'x' FROM (SELECT pg_wal_replay_pause()) p")
        try await append()
        let still = try await Self.find(store, reference)
        #expect(still.first == reference.head.size - 1)
        let counted = try await store.statistics(in: Tenant.example.ledger, from: nil, to: nil)
        #expect(counted.total == reference.head.size)
        await behind.close()
        standby.stop()
        try await append()
        let gone = try await Self.find(store, reference)
        #expect(gone.first == reference.head.size - 1)
        await store.close()
        primary.stop()
    }

    @Test(
        "Servers behind a pooler that shares connections by the transaction lose and fork nothing",
        .enabled(if: PostgresServer.Pooler.isInstalled)
    )
    func pooler() async throws {
        let server = try PostgresServer.running()
        let target = try server.database()
        let pooler = try PostgresServer.Pooler(of: server)
        let url = pooler.url(target)
        let first = PostgresStore(url)
        try await first.migrate()
        try await first.create(.example)
        let (signer, clock) = (MemorySigner(), ManualClock())
        let stores = [first] + (0..<2).map { _ in PostgresStore(url) }
        let indexes = try await withThrowingTaskGroup(of: [UInt64].self) { group in
            for (number, store) in stores.enumerated() {
                group.addTask {
                    let ledger = try await Ledger(
                        .example,
                        store: store,
                        signer: signer,
                        vault: nil,
                        clock: clock.server
                    )
                    var sampler = EventSampler(seed: UInt64(number) + 70)
                    var indexes: [UInt64] = []
                    for _ in 0..<20 {
                        for outcome in await ledger.append(sampler.prepared(3)) {
                            guard case .recorded(let receipt) = outcome else { continue }
                            indexes.append(receipt.index)
                        }
                    }
                    return indexes
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        #expect(Set(indexes) == Set(0..<180))
        let report = try await Auditor(
            tenant: .example,
            store: first,
            keys: [signer.verifierKey(for: Tenant.example.origin)]
        ).audit()
        #expect(report.holds && report.size == 180, "\(report.faults)")
        let counted = try await first.statistics(in: Tenant.example.ledger, from: nil, to: nil)
        #expect(counted.total == 180)
        let fault = try await first.check(in: Tenant.example.ledger) { _ in }
        #expect(fault == nil)
        for store in stores { await store.close() }
        pooler.stop()
    }

    @Test("A key that one server makes or revokes is known to another one when it is told")
    func keyChanges() async throws {
        let target = try PostgresServer.running().database()
        let (store, other) = (PostgresStore(target), PostgresStore(target))
        try await store.migrate()
        try await store.create(.example)
        let logger = Logger(label: "test")
        // It does not look by itself: nobody runs it.
        let ring = KeyRing(directory: other, now: { ManualClock.start }, logger: logger)
        let changes = KeyChanges(of: other, logger: logger) { try await ring.refresh() }
        let listening = Task { try await changes.run() }
        let token = APIKeyToken(random: [UInt8](repeating: 7, count: 38))
        let key = APIKey(
            id: token.id,
            tenant: Tenant.example.name,
            name: "k",
            scopes: [.eventsRead],
            hash: token.hash,
            createdAt: ManualClock.start
        )
        func waitUntil(_ isKnown: Bool) async throws -> Bool {
            for _ in 0..<200 {
                if (ring.principal(for: token) != nil) == isKnown { return true }
                try await Task.sleep(for: .milliseconds(50))
            }
            return false
        }
        // It listens from some moment on.
        try await Task.sleep(for: .milliseconds(500))
        try await store.create(key)
        #expect(try await waitUntil(true))
        _ = try await store.revoke(key.id, of: Tenant.example.name, at: ManualClock.start)
        #expect(try await waitUntil(false))
        listening.cancel()
        try? await listening.value
        await store.close()
        await other.close()
    }
}
