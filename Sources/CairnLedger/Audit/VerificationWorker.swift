// SPDX-License-Identifier: Apache-2.0

internal import Cairn
internal import Logging
internal import Synchronization

/// Takes verifications that wait in a queue and carries them out, a few at a time.
///
/// It may be killed at any moment: whoever takes the job next begins it anew.
actor VerificationWorker {
    /// How often it looks for what others were asked for, or did not bring to an end.
    private static let interval = Duration.seconds(1)
    /// After how many looks for work it looks at all verifications again.
    private static let looks = 30
    /// How often a job is begun; one that ends its server each time must not go on for ever.
    static let begins: UInt64 = 10

    private let ledgers: Ledgers
    private let store: any LedgerStore
    private let queue: any JobQueue
    private let limits: VerificationJobs.Limits
    private let facts: VerificationFacts
    private let now: @Sendable () -> Timestamp
    private let makeID: @Sendable () -> EventID
    private let logger: Logger

    private var working = 0
    private var running: [String: Running] = [:]
    private var isOutOfReach = false
    private let signals: AsyncStream<Void>
    private let signal: AsyncStream<Void>.Continuation

    /// A job that runs, by the name of its holder: how far it is, and how to stop it.
    private struct Running {
        let id: String
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

    init(
        ledgers: Ledgers,
        store: any LedgerStore,
        queue: any JobQueue,
        limits: VerificationJobs.Limits,
        facts: VerificationFacts,
        now: @escaping @Sendable () -> Timestamp,
        makeID: @escaping @Sendable () -> EventID,
        logger: Logger
    ) {
        self.ledgers = ledgers
        self.store = store
        self.queue = queue
        self.limits = limits
        self.facts = facts
        self.now = now
        self.makeID = makeID
        self.logger = logger
        (signals, signal) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    // MARK: What others ask

    /// Says that something waits.
    nonisolated func wake() {
        signal.yield()
    }

    /// How far a job is that is carried out here, or nil for one that is not.
    func progress(of job: VerificationJob) -> (checked: UInt64, total: UInt64)? {
        job.holder.flatMap { running[$0] }?.progress.value
    }

    /// Stops a job that was called off; elsewhere that is found out when its lease is renewed.
    func stop(_ id: String) {
        for job in running.values where job.id == id { job.stop.finish() }
    }

    /// Forgets jobs that have ended, the oldest first, if there are too many.
    func forgetOldest() async {
        do throws(StoreError) {
            try await queue.forget(kind: VerificationJobs.kind, keeping: limits.finished)
        } catch {
            logger.warning(
                "old verifications could not be forgotten",
                metadata: ["error": "\(error)"]
            )
        }
    }

    // MARK: Working

    /// Carries jobs out until it is cancelled.
    func run() async {
        // Nobody else uses such a store, so what is taken is nobody's.
        if !store.isShared { await releaseAll() }
        await withDiscardingTaskGroup { group in
            group.addTask { await self.watch() }
            for await _ in signals {
                while working < limits.running, !Task.isCancelled, let taken = await take() {
                    working += 1
                    group.addTask {
                        await self.carryOut(taken)
                        await self.rest()
                    }
                }
            }
        }
    }

    private func rest() {
        working -= 1
        wake()
    }

    /// Looks again and again for what nobody here is told of.
    private func watch() async {
        var look = 0
        while !Task.isCancelled {
            wake()
            if look == 0 || facts.isDoubtful {
                // When the queue is out of reach, taking tells.
                try? await facts.refresh(all)
            }
            look = (look + 1) % Self.looks
            // Cancellation ends the loop.
            try? await Task.sleep(for: Self.interval)
        }
    }

    private func all() async throws(StoreError) -> [VerificationJob] {
        var found: [QueuedJob] = []
        while found.count < limits.queued + limits.finished {
            let page = try await queue.jobs(
                kind: VerificationJobs.kind,
                tenant: nil,
                before: found.last?.id,
                limit: 100
            )
            found += page
            guard page.count == 100 else { break }
        }
        return found.compactMap { VerificationJob($0) }
    }

    /// Makes what a process that is gone had taken free again.
    private func releaseAll() async {
        do throws(StoreError) {
            try await queue.release(kind: VerificationJobs.kind, now: now())
        } catch {
            logger.warning(
                "verifications could not be released",
                metadata: ["error": "\(error)"]
            )
        }
    }

    /// Takes the job that is due longest, if there is one.
    func take() async -> QueuedJob? {
        do throws(StoreError) {
            let taken = try await queue.take(
                kind: VerificationJobs.kind,
                now: now(),
                until: now().advanced(by: Lease.length),
                atOnce: limits.tenantRunning
            )
            isOutOfReach = false
            return taken
        } catch {
            if !isOutOfReach {
                logger.warning(
                    "the queue of verifications is out of reach",
                    metadata: ["error": "\(error)"]
                )
            }
            isOutOfReach = true
            return nil
        }
    }

    /// Carries out a job that was taken.
    func carryOut(_ taken: QueuedJob) async {
        let lease = Lease(taken, queue: queue, now: now)
        guard var job = VerificationJob(taken) else {
            logger.error("a verification cannot be read back", metadata: ["id": "\(taken.id)"])
            // Whoever takes it again finds the same.
            try? await lease.release(as: .ended, due: .never)
            return
        }
        let holder = String(makeID().text.suffix(12))
        (job.state, job.holder, job.begun) = (.running, holder, job.begun + 1)
        (job.checked, job.total) = (0, 0)
        let progress = Progress()
        let (stopped, stop) = AsyncStream<Void>.makeStream()
        running[holder] = Running(id: job.id, progress: progress, stop: stop)
        defer { running[holder] = nil }
        do {
            guard job.begun <= Self.begins else {
                await fail(job, "it was begun too often without coming to an end", lease)
                return
            }
            facts.note(job)
            try await lease.keep(job.kept)
            job.report = try await lease.hold { [job] in
                var job = job
                (job.checked, job.total) = progress.value
                return job.kept
            } while: { [job] in
                try await self.verdict(on: job, progress, stopped)
            }
            (job.checked, job.total) = progress.value
            job.state = .done
            await end(job, lease)
        } catch is Lease.Lost {
            // Somebody else has it, or called it off.
            facts.doubt()
        } catch  where Task.isCancelled {
            await giveBack(job, lease)
        } catch let failure as LedgerError {
            logger.error(
                "a verification failed",
                metadata: ["id": "\(job.id)", "tenant": "\(job.tenant)", "error": "\(failure)"]
            )
            (job.checked, job.total) = progress.value
            await fail(job, "the ledger could not be read", lease)
        } catch {
            notKept(job, error)
        }
    }

    // MARK: Ending

    private func fail(_ job: VerificationJob, _ words: String, _ lease: Lease) async {
        var job = job
        job.state = .failed
        job.failure = words
        await end(job, lease)
    }

    private func end(_ job: VerificationJob, _ lease: Lease) async {
        var job = job
        (job.holder, job.finishedAt) = (nil, now())
        // Before anybody can see it, and ask for numbers.
        facts.note(job)
        do {
            try await lease.release(as: .ended, due: .never, keeping: job.kept)
            await forgetOldest()
        } catch {
            notKept(job, error)
        }
    }

    /// Lets the next process begin at once.
    private func giveBack(_ job: VerificationJob, _ lease: Lease) async {
        var job = job
        (job.state, job.holder, job.begun) = (.queued, nil, job.begun - 1)
        (job.checked, job.total) = (0, 0)
        facts.doubt()
        // A store that takes no writes of a task that ends lets the next process release it.
        try? await lease.release(as: .waiting, due: now(), keeping: job.kept)
    }

    /// Says so; whoever takes the job when its time is over begins anew.
    private func notKept(_ job: VerificationJob, _ error: any Error) {
        facts.doubt()
        guard !(error is Lease.Lost) else { return }
        logger.warning(
            "the state of a verification could not be kept",
            metadata: ["id": "\(job.id)", "error": "\(error)"]
        )
    }

    // MARK: Auditing

    /// Audits until there is a verdict, or until it is stopped.
    private nonisolated func verdict(
        on job: VerificationJob,
        _ progress: Progress,
        _ stopped: AsyncStream<Void>
    ) async throws -> AuditReport {
        try await withThrowingTaskGroup(of: AuditReport.self) { group in
            group.addTask {
                let report = try await self.audit(job, progress)
                // What was cancelled saw a part.
                try Task.checkCancellation()
                return report
            }
            group.addTask {
                for await _ in stopped {}
                try Task.checkCancellation()
                throw Lease.Lost()
            }
            defer { group.cancelAll() }
            guard let report = try await group.next() else { throw CancellationError() }
            return report
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
}
