// SPDX-License-Identifier: Apache-2.0

import Cairn
import CairnTesting
import Logging
import Synchronization
import Testing

@testable import CairnLedger

/// Some ledgers in memory, and one queue for the verifications of any number of servers.
struct VerificationSetting {
    let memory = MemoryStore()
    let store: FaultyLedgerStore
    let clock = ManualClock()
    let queue = MemoryJobQueue()
    let ledgers: Ledgers
    let ids = IDs()

    /// Ids of version 7 in the order in which they are drawn.
    final class IDs: Sendable {
        private let count = Mutex(0)

        func next() -> EventID {
            let number = count.withLock { count in
                count += 1
                return count
            }
            let digits = String(number, radix: 16)
            let zeros = String(repeating: "0", count: 12 - digits.count)
            guard let id = try? EventID.parse("018f6b1e-7c2a-7000-8000-\(zeros)\(digits)") else {
                preconditionFailure(digits)
            }
            return id
        }
    }

    init(tenants: Int = 1, records: Int = 3) async throws {
        store = FaultyLedgerStore(memory)
        ledgers = Ledgers(
            directory: memory,
            store: store,
            signer: MemorySigner(),
            vault: nil,
            clock: clock.server
        )
        for number in 0..<tenants {
            let tenant = Tenant.numbered(UInt64(number))
            try memory.create(tenant)
            var sampler = EventSampler(seed: UInt64(number) + 1)
            _ = try await ledgers.ledger(of: tenant.name).append(sampler.prepared(records))
        }
    }

    /// The verifications of a server of its own.
    func server(
        queue: (any JobQueue)? = nil,
        limits: VerificationJobs.Limits = VerificationJobs.Limits()
    ) -> VerificationJobs {
        VerificationJobs(
            ledgers: ledgers,
            store: store,
            queue: queue ?? self.queue,
            limits: limits,
            now: { [clock] in clock.now },
            makeID: { [ids] in ids.next() },
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
    }

    /// Lets the leases of all who are gone be over.
    func outlast() {
        clock.advance(milliseconds: Lease.length.components.seconds * 1000)
    }

    /// What the queue keeps of a job.
    func kept(_ job: VerificationJob) throws -> VerificationJob {
        let queued = try #require(queue.queuedJob(job.id, kind: VerificationJobs.kind))
        return try #require(VerificationJob(queued))
    }

    /// Takes a job as a server does that is gone right after it began.
    func begin(_ server: VerificationJobs) async throws -> QueuedJob {
        let taken = try #require(await server.worker.take())
        var job = try #require(VerificationJob(taken))
        (job.state, job.holder, job.begun) = (.running, "gone", job.begun + 1)
        try await Lease(taken, queue: queue, now: { [clock] in clock.now }).keep(job.kept)
        return taken
    }
}

extension VerificationJobs {
    /// Carries out what is due, one after another; returns the ids.
    @discardableResult
    nonisolated func work() async -> [String] {
        var ids: [String] = []
        while let taken = await worker.take() {
            ids.append(taken.id)
            await worker.carryOut(taken)
        }
        return ids
    }
}
