// SPDX-License-Identifier: Apache-2.0

import Cairn
import CairnLedger
import CairnPostgres
import CairnTesting
import Logging
import Testing

@Suite("Verifications that several share", .enabled(if: PostgresServer.programs != nil))
struct SharedQueueTests {
    /// The verifications of a process of its own, as far as the database can tell.
    private static func server(_ store: PostgresStore, _ clock: ManualClock) -> VerificationJobs {
        let preparer = Preparer(clock: clock.server) { buffer in
            var generator = SystemRandomNumberGenerator()
            for position in buffer.indices { buffer[position] = generator.next() }
        }
        return VerificationJobs(
            ledgers: Ledgers(
                directory: store,
                store: store,
                signer: MemorySigner(),
                vault: nil,
                clock: clock.server
            ),
            store: store,
            queue: store,
            now: clock.server.now,
            makeID: { preparer.makeID() },
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
    }

    @Test("Servers on one database carry out each verification once, and those of one that is gone")
    func shared() async throws {
        let target = try PostgresServer.running().database()
        var options = PostgresStore.Options()
        options.connections = 3
        let stores = (0..<2).map { [options] _ in PostgresStore(target, options) }
        try await stores[0].migrate()
        let clock = ManualClock()
        let servers = stores.map { Self.server($0, clock) }
        var asked: [VerificationJob] = []
        for number in 0..<3 {
            let tenant = Tenant.numbered(UInt64(number))
            try await stores[0].create(tenant)
            for server in servers {
                for _ in 0..<4 {
                    asked.append(try await server.submit(AuditScope(), tenant: tenant.name))
                }
            }
        }
        // One is taken by a server that does not come back.
        let until = clock.now.advanced(byMilliseconds: 30_000)
        let lost = try await stores[0].take(
            kind: "verification",
            now: clock.now,
            until: until,
            atOnce: 1
        )
        try await withThrowingTaskGroup(of: Void.self) { group in
            for server in servers { group.addTask { try await server.run() } }
            for job in asked where job.tenant != lost?.tenant {
                try await Self.finish(job, servers[1])
            }
            #expect(try await servers[0].job(lost?.id ?? "", tenant: lost?.tenant ?? "") != nil)
            clock.advance(milliseconds: 30_000)
            for job in asked { try await Self.finish(job, servers[0]) }
            group.cancelAll()
        }
        for job in asked {
            let kept = try await stores[1].queuedJob(job.id, kind: "verification")
            let document = try JSONValue(parsing: kept?.document ?? [])
            #expect(document["begun"] == 1 && document["verdict"] == "holds")
        }
        for store in stores { await store.close() }
    }

    private static func finish(_ job: VerificationJob, _ server: VerificationJobs) async throws {
        for _ in 0..<2000 {
            let now = try await server.job(job.id, tenant: job.tenant)
            if now?.isFinished == true { return }
            try await Task.sleep(for: .milliseconds(10))
        }
        Issue.record("a verification does not end")
    }
}
