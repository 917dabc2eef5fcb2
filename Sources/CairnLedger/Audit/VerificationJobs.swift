// SPDX-License-Identifier: Apache-2.0

package import Cairn
package import Logging
internal import ServiceLifecycle

/// Verifications as callers see them: asked for, looked at, called off.
///
/// What is asked for waits in a queue until the worker of a server takes it, here or elsewhere.
package actor VerificationJobs: Service {
    /// How many jobs may wait, run and be remembered.
    package struct Limits: Sendable {
        /// Jobs that may wait or run; one more is refused.
        package var queued = 100
        /// Jobs of one tenant that may wait or run.
        package var tenantQueued = 20
        /// Jobs that one server runs at once.
        package var running = 1
        /// Jobs of one tenant that run at once, on all servers together.
        package var tenantRunning = 1
        /// Jobs that are remembered once they ended; the oldest are forgotten.
        package var finished = 1000

        /// The limits that hold unless an operator sets others.
        package init() {}
    }

    static let kind = "verification"

    private let queue: any JobQueue
    private let limits: Limits
    private let now: @Sendable () -> Timestamp
    private let makeID: @Sendable () -> EventID
    private let facts: VerificationFacts
    private let turn = Turn()
    /// Carries out what waits.
    nonisolated let worker: VerificationWorker

    /// Joins what a verification needs.
    package init(
        ledgers: Ledgers,
        store: any LedgerStore,
        queue: any JobQueue,
        limits: Limits = Limits(),
        now: @escaping @Sendable () -> Timestamp,
        makeID: @escaping @Sendable () -> EventID,
        logger: Logger
    ) {
        self.queue = queue
        self.limits = limits
        self.now = now
        self.makeID = makeID
        facts = VerificationFacts(finished: limits.finished)
        worker = VerificationWorker(
            ledgers: ledgers,
            store: store,
            queue: queue,
            limits: limits,
            facts: facts,
            now: now,
            makeID: makeID,
            logger: logger
        )
    }

    /// Carries jobs out until the process ends; those that run then are begun anew by whoever is
    /// next.
    package nonisolated func run() async throws {
        await cancelWhenGracefulShutdown { await self.worker.run() }
    }

    /// Queues a verification and makes it durable.
    ///
    /// - Throws: ``LedgerError/overloaded`` when too many wait, or what the store says.
    package func submit(
        _ scope: AuditScope,
        tenant: String
    ) async throws(LedgerError) -> VerificationJob {
        // Or two could both find the last place free.
        await turn.begin()
        defer { turn.end() }
        let (mine, all) = try await translating { () throws(StoreError) in
            (
                try await queue.unfinished(kind: Self.kind, tenant: tenant),
                try await queue.unfinished(kind: Self.kind, tenant: nil)
            )
        }
        guard mine < limits.tenantQueued, all < limits.queued else { throw .overloaded }
        let job = VerificationJob(
            id: makeID().text,
            tenant: tenant,
            scope: scope,
            createdAt: now()
        )
        // Before anybody can take it, or what its worker notes would be first.
        facts.note(job)
        try await translating { () throws(StoreError) in
            try await queue.add(
                QueuedJob(
                    id: job.id,
                    tenant: tenant,
                    kind: Self.kind,
                    document: job.kept,
                    due: job.createdAt
                )
            )
        }
        worker.wake()
        return job
    }

    /// A tenant's job with its progress of now, or nil if the tenant has none of that id.
    ///
    /// A job that another server carries out is told as that one last kept it.
    package func job(_ id: String, tenant: String) async throws(LedgerError) -> VerificationJob? {
        let queued = try await translating { () throws(StoreError) in
            try await queue.queuedJob(id, kind: Self.kind)
        }
        guard let queued, queued.tenant == tenant, var job = VerificationJob(queued) else {
            return nil
        }
        if let progress = await worker.progress(of: job) {
            (job.checked, job.total) = progress
        }
        return job
    }

    /// Calls a job off, unless it ended already, and returns it; nil as for ``job(_:tenant:)``.
    package func cancel(
        _ id: String,
        tenant: String
    ) async throws(LedgerError) -> VerificationJob? {
        while true {
            let found = try await translating { () throws(StoreError) in
                try await queue.queuedJob(id, kind: Self.kind)
            }
            guard var queued = found, queued.tenant == tenant, var job = VerificationJob(queued)
            else { return nil }
            guard !job.isFinished else {
                facts.note(job)
                return job
            }
            if let progress = await worker.progress(of: job) {
                (job.checked, job.total) = progress
            }
            (job.state, job.holder, job.finishedAt) = (.cancelled, nil, now())
            facts.note(job)
            let before = queued.document
            (queued.document, queued.phase, queued.due) = (job.kept, .ended, .never)
            let isChanged = try await translating { [queued] () throws(StoreError) in
                try await queue.replace(queued, expecting: before)
            }
            guard isChanged else { continue }
            await worker.stop(id)
            await worker.forgetOldest()
            return job
        }
    }

    /// The newest verdict on a tenant's whole ledger, or nil.
    package func lastVerdict(tenant: String) async throws(LedgerError) -> VerificationJob? {
        var last: String?
        while true {
            let page = try await translating { [last] () throws(StoreError) in
                try await queue.jobs(kind: Self.kind, tenant: tenant, before: last, limit: 20)
            }
            // What a caller brought along says nothing of the ledger by itself.
            let verdicts = page.compactMap { VerificationJob($0) }
                .filter { $0.state == .done && $0.isWhole && $0.scope.checkpoint == nil }
            // Of those that were asked for at about one time, the one that looked last.
            if let newest = verdicts.max(by: { $0.finishedAt ?? .epoch < $1.finishedAt ?? .epoch })
            {
                return newest
            }
            guard page.count == 20 else { return nil }
            last = page.last?.id
        }
    }

    /// Counts the verifications, without asking anybody; those with a checkpoint of a caller's say
    /// nothing of the ledger.
    package nonisolated func census() -> Census { facts.census() }

    private func translating<Value>(
        _ body: () async throws(StoreError) -> Value
    ) async throws(LedgerError) -> Value {
        do throws(StoreError) {
            return try await body()
        } catch {
            facts.doubt()
            throw LedgerError(error)
        }
    }
}

extension Timestamp {
    /// When nobody takes a job any more: what has ended is forgotten by number.
    static let never = Timestamp(nanoseconds: .max)
}
