// SPDX-License-Identifier: Apache-2.0

package import Cairn

/// A long-running job as a queue keeps it.
package struct QueuedJob: Sendable, Equatable {
    /// Where a job stands, as far as the queue has to know.
    package enum Phase: UInt8, Sendable {
        /// Waits to be taken.
        case waiting = 0
        /// Is somebody's, until it is due.
        case taken = 1
        /// Has ended; due when it is to be tidied away.
        case ended = 2
    }

    /// The name by which it is asked for; later ones are greater.
    package let id: String
    /// Whose it is.
    package let tenant: String
    /// What kind of job it is.
    package let kind: String
    /// What there is to know of it.
    package var document: [UInt8]
    /// Where it stands.
    package var phase = Phase.waiting
    /// When somebody may take it.
    package var due: Timestamp

    /// Names a job that waits.
    package init(id: String, tenant: String, kind: String, document: [UInt8], due: Timestamp) {
        self.id = id
        self.tenant = tenant
        self.kind = kind
        self.document = document
        self.due = due
    }
}

/// Where jobs wait for whoever works on them, in one process or many.
///
/// Whoever takes a job has it until it is due again, and nobody else takes it meanwhile. Who comes
/// back too late learns so from ``replace(_:expecting:)``: a document that somebody else changed is
/// not changed. Every queue passes `JobQueueConformance`.
package protocol JobQueue: Sendable {
    /// Makes a job durable.
    ///
    /// - Throws: ``StoreError/conflict`` when there is one of its id.
    func add(_ job: QueuedJob) async throws(StoreError)

    /// A job of a kind, or nil if there is none of that id.
    func queuedJob(_ id: String, kind: String) async throws(StoreError) -> QueuedJob?

    /// A tenant's jobs of a kind, or those of all, the greatest id first, below an id if that is
    /// given.
    func jobs(
        kind: String,
        tenant: String?,
        before id: String?,
        limit: Int
    ) async throws(StoreError) -> [QueuedJob]

    /// How many jobs of a kind a tenant has that have not ended, or all have together.
    func unfinished(kind: String, tenant: String?) async throws(StoreError) -> Int

    /// Takes the job of a kind that is due longest, until then; nil when there is none.
    ///
    /// Jobs of tenants of which `atOnce` are taken already are passed over, unless they have ended and
    /// are to be tidied away.
    func take(
        kind: String,
        now: Timestamp,
        until: Timestamp,
        atOnce: Int
    ) async throws(StoreError) -> QueuedJob?

    /// Makes taken jobs of a kind due: whoever had them is gone, because no other process uses the
    /// queue.
    func release(kind: String, now: Timestamp) async throws(StoreError)

    /// Changes document, phase and time of a job, if its document is still the expected one.
    func replace(
        _ job: QueuedJob,
        expecting document: [UInt8]
    ) async throws(StoreError) -> Bool

    /// Forgets a job, if its document is still the expected one.
    func remove(
        _ id: String,
        kind: String,
        expecting document: [UInt8]
    ) async throws(StoreError) -> Bool

    /// Forgets jobs of a kind that have ended, but for so many with the greatest ids.
    func forget(kind: String, keeping count: Int) async throws(StoreError)
}
