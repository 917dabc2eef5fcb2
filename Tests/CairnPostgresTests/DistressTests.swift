// SPDX-License-Identifier: Apache-2.0

import Cairn
import CairnLedger
import CairnTesting
import Testing

@testable import CairnPostgres

@Suite(
    "A PostgreSQL that does not answer as it should",
    .enabled(if: PostgresServer.programs != nil)
)
struct DistressTests {
    @Test("A commit whose wait for a standby is cancelled is never told as durable")
    func cancelledWait() async throws {
        let server = try PostgresServer()
        let target = try server.database()
        let (store, other) = (PostgresStore(target), PostgresStore(target))
        try await store.migrate()
        try await store.create(.example)
        // From now on every commit waits for a standby that there is not.
        try await other.run("ALTER SYSTEM SET synchronous_standby_names = 'nobody'")
        try await other.run("SELECT pg_reload_conf()")
        var (sampler, reference) = (EventSampler(seed: 50), ReferenceLedger())
        let before = reference.head
        let batch = reference.append(sampler.prepared(2))
        let commit = Task { () -> StoreError? in
            do throws(StoreError) {
                try await store.commit(batch, expecting: before)
                return nil
            } catch {
                return error
            }
        }
        let cancels = Task {
            while !Task.isCancelled {
                try await other.run(
                    """
                    SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'
                    """
                )
                try await Task.sleep(for: .milliseconds(20))
            }
        }
        let failure = await commit.value
        cancels.cancel()
        guard case .indeterminate = failure else {
            Issue.record("told as \(String(describing: failure))")
            return
        }
        try await other.run("ALTER SYSTEM RESET synchronous_standby_names")
        try await other.run("SELECT pg_reload_conf()")
        let confirmed = try await store.confirms(batch.head, of: batch.ledger)
        #expect(confirmed, "the primary has it, and now it may be told")
        for store in [store, other] { await store.close() }
        server.stop()
    }

    @Test("A database that stands still is told as unavailable, and is used again when it goes on")
    func standstill() async throws {
        let server = try PostgresServer()
        let store = PostgresStore(try server.database())
        try await store.migrate()
        try await store.ping()
        try server.pause()
        let failure = await #expect(throws: StoreError.self) { try await store.ping() }
        guard case .unavailable = failure else {
            Issue.record("told as \(String(describing: failure))")
            return
        }
        try server.resume()
        try await store.ping()
        await store.close()
        server.stop()
    }
}
