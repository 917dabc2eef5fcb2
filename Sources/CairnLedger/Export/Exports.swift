// SPDX-License-Identifier: Apache-2.0

package import Cairn

/// Exports as callers see them: asked for, listed, called off, downloaded.
///
/// What is asked for waits in a queue until an ``ExportWorker`` takes it, here or elsewhere.
package struct Exports: Sendable {
    /// How many exports there may be.
    package struct Limits: Sendable {
        /// Exports of one tenant that may wait or run; one more is refused.
        package var unfinished = 20
        /// Exports of one tenant that run at once.
        package var atOnce = 2
        /// How many exports a worker makes at once, whoever's they are.
        package var together = 3
        /// How many bytes the files of one tenant's exports may have; from there on, one more is refused.
        package var keptBytes: UInt64 = 100 << 30
        /// How many of a tenant's exports are remembered; the oldest that has no file goes first.
        package var listed = 1000
        /// How long a file can be downloaded.
        package var keep = Duration.seconds(7 * 86_400)

        /// The limits that hold unless an operator sets others.
        package init() {}
    }

    /// Why an export is not taken on.
    package enum Refusal: Error, Equatable {
        /// The tenant has too many that have not ended.
        case tooMany(Int)
        /// The tenant's files have so many bytes already.
        case tooMuch(UInt64)
    }

    static let kind = "export"
    /// How long what has ended is listed.
    static let remembered = Duration.seconds(30 * 86_400)

    private let ledgers: Ledgers
    private let queue: any JobQueue
    private let now: @Sendable () -> Timestamp
    private let makeID: @Sendable () -> EventID
    /// How many there may be.
    package let limits: Limits

    /// Joins what asking for exports needs.
    package init(
        ledgers: Ledgers,
        queue: any JobQueue,
        limits: Limits = Limits(),
        now: @escaping @Sendable () -> Timestamp,
        makeID: @escaping @Sendable () -> EventID
    ) {
        self.ledgers = ledgers
        self.queue = queue
        self.limits = limits
        self.now = now
        self.makeID = makeID
    }

    /// Looks whether a tenant may have one more.
    ///
    /// - Throws: ``Refusal``, or ``LedgerError``.
    package func admit(_ tenant: String) async throws {
        let waiting = try await translating { () throws(StoreError) in
            try await queue.unfinished(kind: Exports.kind, tenant: tenant)
        }
        guard waiting < limits.unfinished else { throw Refusal.tooMany(limits.unfinished) }
        try await makeRoom(tenant)
    }

    /// Looks whether the files of a tenant have room for one more, and forgets what is only listed
    /// and too old for that.
    private func makeRoom(_ tenant: String) async throws {
        var (bytes, count) = (UInt64(0), 0)
        var last: String?
        while true {
            let page = try await translating { [last] () throws(StoreError) in
                try await queue.jobs(kind: Exports.kind, tenant: tenant, before: last, limit: 50)
            }
            for queued in page {
                count += 1
                let job = ExportJob(queued)
                if job?.state == .done { bytes += job?.file?.bytes ?? 0 }
                guard bytes < limits.keptBytes else { throw Refusal.tooMuch(limits.keptBytes) }
                // What is due long from now is tidied away, all but its place in the list.
                if count >= limits.listed, queued.phase == .ended, job?.state != .done,
                    queued.due > now().advanced(by: .seconds(3600))
                {
                    _ = try await translating { () throws(StoreError) in
                        try await queue.remove(
                            queued.id,
                            kind: Exports.kind,
                            expecting: queued.document
                        )
                    }
                    count -= 1
                }
            }
            guard count < 2 * limits.listed else { throw Refusal.tooMany(2 * limits.listed) }
            guard page.count == 50 else { return }
            last = page.last?.id
        }
    }

    /// Queues an export of the ledger as it is now, and makes that durable; after ``admit(_:)``.
    ///
    /// - Throws: ``LedgerError``.
    package func submit(
        _ request: ExportRequest,
        tenant: String,
        narrowing: Narrowing,
        requester: JSONObject
    ) async throws -> ExportJob {
        let ledger = try await ledgers.ledger(of: tenant)
        let (checkpoint, note) = try await ledger.checkpoint()
        let query = try request.query()
        let job = ExportJob(
            id: makeID().text,
            tenant: tenant,
            request: request,
            narrowing: narrowing,
            requester: requester,
            createdAt: now(),
            checkpoint: note,
            origin: checkpoint.origin,
            size: checkpoint.size,
            range: query.range(of: checkpoint.size)
        )
        try await translating { () throws(StoreError) in
            try await queue.add(
                QueuedJob(
                    id: job.id,
                    tenant: tenant,
                    kind: Exports.kind,
                    document: job.document,
                    due: job.createdAt
                )
            )
        }
        return job
    }

    /// A tenant's export, or nil if the tenant has none of that id.
    package func job(_ id: String, tenant: String) async throws(LedgerError) -> ExportJob? {
        let queued = try await translating { () throws(StoreError) in
            try await queue.queuedJob(id, kind: Exports.kind)
        }
        return queued.flatMap { $0.tenant == tenant ? ExportJob($0) : nil }
    }

    /// Where the file of a finished export is, whoever's it is; nil for what has none.
    package func fileKey(of id: String) async throws(LedgerError) -> ObjectKey? {
        let queued = try await translating { () throws(StoreError) in
            try await queue.queuedJob(id, kind: Exports.kind)
        }
        guard let job = queued.flatMap({ ExportJob($0) }), job.state == .done else { return nil }
        return job.fileKey
    }

    /// A tenant's exports, the newest first, older than one if that is given.
    package func jobs(
        tenant: String,
        before id: String?,
        limit: Int
    ) async throws(LedgerError) -> [ExportJob] {
        let queued = try await translating { () throws(StoreError) in
            try await queue.jobs(kind: Exports.kind, tenant: tenant, before: id, limit: limit)
        }
        return queued.compactMap { ExportJob($0) }
    }

    /// Calls an export off unless it has ended, or takes a finished one's file away; nil as for
    /// ``job(_:tenant:)``.
    package func cancel(_ id: String, tenant: String) async throws(LedgerError) -> ExportJob? {
        while true {
            let found = try await translating { () throws(StoreError) in
                try await queue.queuedJob(id, kind: Exports.kind)
            }
            guard var queued = found, queued.tenant == tenant, var job = ExportJob(queued) else {
                return nil
            }
            switch job.state {
            case .queued, .running:
                job.state = .cancelled
                job.finishedAt = now()
            case .done:
                job.state = .expired
                job.expiresAt = now()
            case .failed, .cancelled, .expired: return job
            }
            let before = queued.document
            (queued.document, queued.phase, queued.due) = (job.document, .ended, now())
            let isChanged = try await translating { [queued] () throws(StoreError) in
                try await queue.replace(queued, expecting: before)
            }
            if isChanged { return job }
        }
    }

    private func translating<Value>(
        _ body: () async throws(StoreError) -> Value
    ) async throws(LedgerError) -> Value {
        do throws(StoreError) {
            return try await body()
        } catch {
            throw LedgerError(error)
        }
    }
}

extension ExportJob {
    /// Reads what a queue keeps, or returns nil for what cannot be read.
    init?(_ queued: QueuedJob) {
        self.init(document: queued.document, tenant: queued.tenant)
    }

    /// What begins the names of all that is kept of it.
    var prefix: String { "exports/\(id)/" }

    /// The name under which the package is kept; nil before anybody works on it.
    ///
    /// Each worker's is another, so that one that comes too late changes nothing.
    package var fileKey: ObjectKey? { holder.flatMap { ObjectKey("\(prefix)\($0)/\(fileName)") } }

    /// The name under which a part of a file is kept.
    func partKey(_ part: String, _ file: String) -> ObjectKey? {
        ObjectKey("\(prefix)parts/\(part).\(file)")
    }
}
