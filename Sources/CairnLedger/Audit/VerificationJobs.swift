// SPDX-License-Identifier: Apache-2.0

package import Cairn
package import Logging
internal import ServiceLifecycle
internal import Synchronization

/// Verifications that run beside everything else: queued, a few at a time, and kept.
///
/// A job that was queued or running when the process ended is queued again by ``load()``.
package actor VerificationJobs: Service {
    /// How many jobs may wait, run and be remembered.
    package struct Limits: Sendable {
        /// Jobs that may wait; one more is refused.
        package var queued = 100
        /// Jobs of one tenant that may wait.
        package var tenantQueued = 20
        /// Jobs that run at once.
        package var running = 1
        /// Jobs that are remembered once they ended; the oldest are forgotten.
        package var finished = 1000

        /// The limits that hold unless an operator sets others.
        package init() {}
    }

    private static let kind = "verification"

    private let ledgers: Ledgers
    private let store: any LedgerStore
    private let index: any RecordIndex
    private let jobs: any JobStore
    private let limits: Limits
    private let now: @Sendable () -> Timestamp
    private let makeID: @Sendable () -> EventID
    private let logger: Logger

    private var known: [String: VerificationJob] = [:]
    private var queue: [String] = []
    private var running: [String: Running] = [:]
    private let signals: AsyncStream<Void>
    private let wake: AsyncStream<Void>.Continuation

    /// A job that runs: how far it is, and how to stop it.
    private struct Running {
        let progress: Progress
        let stop: AsyncStream<Void>.Continuation
    }

    private final class Progress: Sendable {
        private let counts = Mutex<(checked: UInt64, total: UInt64)>((0, 0))

        var value: (checked: UInt64, total: UInt64) { counts.withLock { $0 } }

        func set(_ checked: UInt64, _ total: UInt64) {
            counts.withLock { $0 = (checked, total) }
        }
    }

    /// Joins what a verification needs.
    package init(
        ledgers: Ledgers,
        store: any LedgerStore,
        index: any RecordIndex,
        jobs: any JobStore,
        limits: Limits = Limits(),
        now: @escaping @Sendable () -> Timestamp,
        makeID: @escaping @Sendable () -> EventID,
        logger: Logger
    ) {
        self.ledgers = ledgers
        self.store = store
        self.index = index
        self.jobs = jobs
        self.limits = limits
        self.now = now
        self.makeID = makeID
        self.logger = logger
        (signals, wake) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    // MARK: Asking

    /// Takes up what the store kept; call it once, before anything else.
    package func load() async throws(StoreError) {
        for kept in try await jobs.jobs(kind: VerificationJobs.kind) {
            guard var job = VerificationJob(document: kept.document, tenant: kept.tenant) else {
                logger.warning("a verification cannot be read back", metadata: ["id": "\(kept.id)"])
                continue
            }
            if !job.isFinished {
                job.state = .queued
                queue.append(job.id)
            }
            known[job.id] = job
        }
        queue.sort()
        wake.yield()
    }

    /// Queues a verification and makes it durable.
    ///
    /// - Throws: ``LedgerError/overloaded`` when too many wait, or what the store says.
    package func submit(
        _ scope: AuditScope,
        tenant: String
    ) async throws(LedgerError) -> VerificationJob {
        let mine = queue.count { known[$0]?.tenant == tenant }
        guard queue.count < limits.queued, mine < limits.tenantQueued else { throw .overloaded }
        let job = VerificationJob(
            id: makeID().text,
            tenant: tenant,
            scope: scope,
            createdAt: now()
        )
        known[job.id] = job
        queue.append(job.id)
        do throws(StoreError) {
            try await save(job)
        } catch {
            known[job.id] = nil
            queue.removeAll { $0 == job.id }
            throw LedgerError(error)
        }
        wake.yield()
        return known[job.id] ?? job
    }

    /// A tenant's job with its progress of now, or nil if the tenant has none of that id.
    ///
    /// A job of another server is told as that one last kept it.
    package func job(
        _ id: String,
        tenant: String
    ) async throws(LedgerError) -> VerificationJob? {
        guard var job = known[id] else { return try await keptJob(id, tenant: tenant) }
        guard job.tenant == tenant else { return nil }
        if let running = running[id] {
            (job.checked, job.total) = running.progress.value
        }
        return job
    }

    private func keptJob(
        _ id: String,
        tenant: String
    ) async throws(LedgerError) -> VerificationJob? {
        do throws(StoreError) {
            guard let kept = try await jobs.job(id, kind: VerificationJobs.kind),
                kept.tenant == tenant
            else { return nil }
            return VerificationJob(document: kept.document, tenant: tenant)
        } catch {
            throw LedgerError(error)
        }
    }

    /// Calls a job off, unless it ended already, and returns it; nil as for ``job(_:tenant:)``.
    package func cancel(
        _ id: String,
        tenant: String
    ) async throws(LedgerError) -> VerificationJob? {
        guard var job = try await job(id, tenant: tenant) else { return nil }
        guard !job.isFinished else { return job }
        job.state = .cancelled
        job.finishedAt = now()
        known[id] = job
        queue.removeAll { $0 == id }
        running[id]?.stop.finish()
        do throws(StoreError) {
            try await save(job)
        } catch {
            throw LedgerError(error)
        }
        await forgetOldest()
        return job
    }

    /// The newest verdict on a tenant's whole ledger, or nil.
    package func lastVerdict(tenant: String) -> VerificationJob? {
        known.values
            .filter { $0.tenant == tenant && $0.state == .done && $0.isWhole }
            // What a caller brought along says nothing of the ledger by itself.
            .filter { $0.scope.checkpoint == nil }
            .max { ($0.finishedAt ?? .epoch) < ($1.finishedAt ?? .epoch) }
    }

    /// What the verifications say that are remembered, all tenants together.
    package struct Census: Sendable {
        /// Verifications by state.
        package let states: [VerificationJob.State: Int]
        /// Ledgers with a fault that no later verification of the whole has taken back.
        package let failing: Int
        /// When the last verification ended of which all holds.
        package let lastHolding: Timestamp?
    }

    /// Counts the verifications; those with a checkpoint of a caller's say nothing of the ledger.
    package func census() -> Census {
        var held: [String: Timestamp] = [:]
        var failed: [String: Timestamp] = [:]
        for job in known.values where job.scope.checkpoint == nil {
            guard let report = job.report, let end = job.finishedAt else { continue }
            if !report.holds {
                failed[job.tenant] = max(failed[job.tenant] ?? end, end)
            } else if job.isWhole {
                held[job.tenant] = max(held[job.tenant] ?? end, end)
            }
        }
        return Census(
            states: known.values.reduce(into: [:]) { $0[$1.state, default: 0] += 1 },
            failing: failed.count { tenant, end in held[tenant].map { $0 < end } ?? true },
            lastHolding: held.values.max()
        )
    }

    // MARK: Working

    /// Carries jobs out until the process ends; those that run then are taken up at the next start.
    package func run() async throws {
        await cancelWhenGracefulShutdown { await self.work() }
    }

    private func work() async {
        await withDiscardingTaskGroup { group in
            for await _ in signals {
                while running.count < limits.running, !queue.isEmpty {
                    let id = queue.removeFirst()
                    let (stopped, stop) = AsyncStream<Void>.makeStream()
                    let progress = Progress()
                    running[id] = Running(progress: progress, stop: stop)
                    group.addTask { await self.carryOut(id, progress, stopped) }
                }
            }
        }
    }

    private func carryOut(_ id: String, _ progress: Progress, _ stopped: AsyncStream<Void>) async {
        defer {
            running[id] = nil
            wake.yield()
        }
        guard var job = known[id], job.state == .queued else { return }
        job.state = .running
        await keep(job)
        let verdict = await verdict(on: job, progress, stopped)
        if let cancelled = known[id], cancelled.state == .cancelled {
            // Kept once more, because the two states may have reached the store in any order.
            await keep(cancelled)
            return
        }
        // Without a verdict the process ends, and what is kept says that the job ran.
        guard let verdict else { return }
        (job.checked, job.total) = progress.value
        job.finishedAt = now()
        switch verdict {
        case .success(let report):
            job.state = .done
            job.report = report
        case .failure(let failure):
            job.state = .failed
            job.failure = "the ledger could not be read"
            logger.error(
                "a verification failed",
                metadata: ["id": "\(id)", "tenant": "\(job.tenant)", "error": "\(failure)"]
            )
        }
        await keep(job)
        await forgetOldest()
    }

    /// Audits until there is a verdict, or until it is stopped, which is nil.
    private nonisolated func verdict(
        on job: VerificationJob,
        _ progress: Progress,
        _ stopped: AsyncStream<Void>
    ) async -> Result<AuditReport, LedgerError>? {
        await withTaskGroup(of: Result<AuditReport, LedgerError>?.self) { group in
            group.addTask {
                do throws(LedgerError) {
                    let report = try await self.audit(job, progress)
                    return Task.isCancelled ? nil : .success(report)
                } catch {
                    return Task.isCancelled ? nil : .failure(error)
                }
            }
            group.addTask {
                for await _ in stopped {}
                return nil
            }
            defer { group.cancelAll() }
            return await group.next() ?? nil
        }
    }

    private nonisolated func audit(
        _ job: VerificationJob,
        _ progress: Progress
    ) async throws(LedgerError) -> AuditReport {
        let ledger = try await ledgers.ledger(of: job.tenant)
        let auditor = Auditor(tenant: ledger.tenant, store: store, keys: [ledger.verifierKey])
        do throws(StoreError) {
            var report = try await auditor.audit(job.scope) { progress.set($0, $1) }
            // A checkpoint kept outside the store speaks for itself.
            if job.isWhole, report.holds, let fault = await ledger.refusalFault {
                report.faults.append(fault)
            }
            return report
        } catch {
            throw LedgerError(error)
        }
    }

    // MARK: Keeping

    private func save(_ job: VerificationJob) async throws(StoreError) {
        try await jobs.put(
            job.id,
            tenant: job.tenant,
            kind: VerificationJobs.kind,
            document: job.document
        )
    }

    /// Remembers a job's new state; a store that fails costs the state after a restart alone.
    private func keep(_ job: VerificationJob) async {
        known[job.id] = job
        do throws(StoreError) {
            try await save(job)
        } catch {
            logger.error(
                "a verification could not be kept",
                metadata: ["id": "\(job.id)", "error": "\(error)"]
            )
        }
    }

    private func forgetOldest() async {
        let finished = known.values.filter(\.isFinished)
        guard finished.count > limits.finished else { return }
        let oldest = finished.sorted { $0.createdAt < $1.createdAt }
        for job in oldest.prefix(finished.count - limits.finished) {
            known[job.id] = nil
            do throws(StoreError) {
                try await jobs.remove(job.id)
            } catch {
                logger.warning(
                    "an old verification could not be forgotten",
                    metadata: ["id": "\(job.id)", "error": "\(error)"]
                )
            }
        }
    }
}
