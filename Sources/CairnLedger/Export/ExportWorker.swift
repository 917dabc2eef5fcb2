// SPDX-License-Identifier: Apache-2.0

package import Cairn
package import Logging
internal import Metrics
internal import ServiceLifecycle

/// Makes the exports that wait in a queue, a few at once, and tidies away what is over.
///
/// It may be killed at any moment: what it had finished is kept part by part, and whoever takes the
/// job next goes on behind the last one.
package struct ExportWorker: Service {
    /// How often it looks for work.
    private static let interval = Duration.milliseconds(500)
    /// How often an export is begun anew when something is out of reach.
    private static let attempts = 10

    let ledgers: Ledgers
    let store: any LedgerStore
    let index: any RecordIndex
    let objects: any ObjectStore
    let tools: any ExportTools
    let clock: ServerClock
    let makeID: @Sendable () -> EventID
    let partBytes: Int
    private let queue: any JobQueue
    private let limits: Exports.Limits
    private let logger: Logger

    /// Joins what making exports needs.
    package init(
        ledgers: Ledgers,
        store: any LedgerStore,
        index: any RecordIndex,
        queue: any JobQueue,
        objects: any ObjectStore,
        tools: any ExportTools,
        limits: Exports.Limits = Exports.Limits(),
        partBytes: Int = ExportPartMaker.partBytes,
        clock: ServerClock,
        makeID: @escaping @Sendable () -> EventID,
        logger: Logger
    ) {
        self.ledgers = ledgers
        self.store = store
        self.index = index
        self.queue = queue
        self.objects = objects
        self.tools = tools
        self.limits = limits
        self.partBytes = partBytes
        self.clock = clock
        self.makeID = makeID
        self.logger = logger
    }

    /// Works until the process is asked to end.
    package func run() async throws {
        // What did not happen yet is counted as well.
        for state in [ExportJob.State.done, .failed] { ended(state, by: 0, records: 0) }
        await cancelWhenGracefulShutdown {
            // Nobody else uses such a store, so what is taken is nobody's.
            if !store.isShared { await releaseAll() }
            // One that takes long holds nobody up.
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<limits.together {
                    group.addTask {
                        while !Task.isCancelled {
                            if await !work() { try? await Task.sleep(for: Self.interval) }
                        }
                    }
                }
            }
        }
    }

    /// Makes what a process that is gone had taken free again.
    package func releaseAll() async {
        do throws(StoreError) {
            try await queue.release(kind: Exports.kind, now: clock.now())
        } catch {
            logger.warning("exports could not be released", metadata: ["error": "\(error)"])
        }
    }

    /// Takes the job that is due longest and does what is to be done; false if there is none.
    package func work() async -> Bool {
        let taken: QueuedJob?
        do throws(StoreError) {
            taken = try await queue.take(
                kind: Exports.kind,
                now: clock.now(),
                until: clock.now().advanced(by: ExportLease.length),
                atOnce: limits.atOnce
            )
        } catch {
            logger.warning("the queue of exports is out of reach", metadata: ["error": "\(error)"])
            return false
        }
        guard let taken else { return false }
        await carryOut(taken)
        return true
    }

    /// Does what is to be done for one job, whatever else waits; false if somebody else has it, or
    /// nothing is to be done yet.
    package func work(on id: String) async -> Bool {
        let now = clock.now()
        do throws(StoreError) {
            guard var job = try await queue.queuedJob(id, kind: Exports.kind), job.due <= now else {
                return false
            }
            (job.phase, job.due) = (.taken, now.advanced(by: ExportLease.length))
            guard try await queue.replace(job, expecting: job.document) else { return false }
            await carryOut(job)
            return true
        } catch {
            logger.warning("the queue of exports is out of reach", metadata: ["error": "\(error)"])
            return false
        }
    }

    private func carryOut(_ taken: QueuedJob) async {
        let lease = ExportLease(taken, queue: queue, now: clock.now)
        guard let job = ExportJob(taken) else {
            logger.error("an export cannot be read back", metadata: ["id": "\(taken.id)"])
            try? await lease.release(
                nil,
                .ended,
                due: clock.now().advanced(by: Exports.remembered)
            )
            return
        }
        if job.isFinished {
            await tidy(job, lease)
        } else {
            await make(job, lease)
        }
    }

    // MARK: Making

    private func make(_ job: ExportJob, _ lease: ExportLease) async {
        let making = ExportMaking(job, lease: lease, worker: self)
        let failure: any Error
        do {
            var done = try await lease.hold { try await making.run() }
            done.state = .done
            done.forgetParts()
            done.finishedAt = clock.now()
            done.expiresAt = clock.now().advanced(by: limits.keep)
            // Due at once: what is left of the parts goes next.
            try await lease.release(done, .ended, due: clock.now())
            count(done)
            return
        } catch {
            failure = error
        }
        if failure is ExportLease.Lost {
            // Somebody else has the job, so what was made here is nobody's.
            await making.discard()
            return
        }
        // What was written may be known to be part of the export all the same: tidying tells.
        await end(await making.job, after: failure, lease)
    }

    private func end(_ job: ExportJob, after failure: any Error, _ lease: ExportLease) async {
        var job = job
        do {
            if Task.isCancelled {
                // The next process goes on at once.
                try await lease.release(job, .waiting, due: clock.now())
                return
            }
            logger.warning(
                "an export stopped",
                metadata: ["id": "\(job.id)", "error": "\(failure)"]
            )
            let final = ExportFailure(failure)
            if case .passing = final, job.attempts < Self.attempts {
                if case ObjectError.missing = failure { job.startAgain() }
                job.attempts += 1
                let pause = Duration.seconds(min(1 << job.attempts, 300))
                try await lease.release(job, .waiting, due: clock.now().advanced(by: pause))
                return
            }
            job.state = .failed
            job.forgetParts()
            job.failure = final.words
            job.finishedAt = clock.now()
            try await lease.release(job, .ended, due: clock.now())
            count(job)
        } catch {
            // Somebody takes it again when its time is over.
            logger.warning(
                "the state of an export could not be kept",
                metadata: ["id": "\(job.id)", "error": "\(error)"]
            )
        }
    }

    private func count(_ job: ExportJob) {
        ended(job.state, by: 1, records: job.counts.matched)
    }

    private func ended(_ state: ExportJob.State, by count: Int, records: UInt64) {
        Counter(label: Telemetry.exports, dimensions: [("state", state.rawValue)])
            .increment(by: count)
        Counter(label: Telemetry.exportedRecords).increment(by: Int(records))
    }

    // MARK: Tidying

    /// Takes away what is not needed any more, and forgets the job when its time has come.
    private func tidy(_ job: ExportJob, _ lease: ExportLease) async {
        var job = job
        let now = clock.now()
        do {
            if job.state == .done, let end = job.expiresAt, end <= now { job.state = .expired }
            let kept = job.state == .done ? job.fileKey : nil
            while true {
                let found = try await objects.list(prefix: job.prefix, after: nil, limit: 1000)
                let old = found.filter { $0.key != kept }
                for object in old { try await objects.delete(object.key) }
                guard found.count == 1000, !old.isEmpty else { break }
            }
            if job.state == .done {
                try await lease.release(job, .ended, due: job.expiresAt ?? now)
                return
            }
            let end = (job.finishedAt ?? now).advanced(by: Exports.remembered)
            if end <= now {
                try await lease.forget()
            } else {
                try await lease.release(job, .ended, due: end)
            }
        } catch is ExportLease.Lost {
            return
        } catch  where Task.isCancelled {
            // Whoever takes it next does it.
        } catch {
            logger.warning(
                "what is left of an export could not be taken away",
                metadata: ["id": "\(job.id)", "error": "\(error)"]
            )
            try? await lease.release(nil, .ended, due: now.advanced(by: .seconds(60)))
        }
    }
}

/// What a failure means for an export.
private enum ExportFailure {
    /// It may work later.
    case passing
    /// It will not, for this reason.
    case final(String)

    init(_ error: any Error) {
        self =
            switch error {
            case ObjectError.full: .final("there is no room left where exports are kept")
            case ObjectError.refused, ObjectError.unsupported, ObjectError.locked:
                .final("the place where exports are kept does not take them")
            case StoreError.corrupt, LedgerError.corrupt, LedgerError.refused:
                .final("the ledger could not be read")
            case is RecordQuery.Malformed: .final("the request cannot be carried out")
            default: .passing
            }
    }

    /// The reason, without anything internal.
    var words: String {
        switch self {
        case .passing: "something that exports need was out of reach for too long"
        case .final(let words): words
        }
    }
}
