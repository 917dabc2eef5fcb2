// SPDX-License-Identifier: Apache-2.0

package import Cairn
package import CairnLedger
internal import Synchronization

/// Any queue of jobs, of which one change fails when it is told to.
package final class FaultyJobQueue: JobQueue {
    private struct State {
        var changes = 0
        var fault: (number: Int, fault: WriteFault)?
    }

    private let base: any JobQueue
    private let state = Mutex(State())

    /// Wraps a queue.
    package init(_ base: any JobQueue) {
        self.base = base
    }

    /// How many changes were tried: jobs that were taken, replaced or forgotten.
    package var changes: Int { state.withLock { $0.changes } }

    /// Makes the change fail that is the given one from now, counted from 0.
    package func fail(change number: Int, _ fault: WriteFault) {
        state.withLock { $0.fault = ($0.changes + number, fault) }
    }

    private func perform<Value>(
        _ body: () async throws(StoreError) -> Value
    ) async throws(StoreError) -> Value {
        let fault = state.withLock { state in
            defer { state.changes += 1 }
            return state.fault.flatMap { $0.number == state.changes ? $0.fault : nil }
        }
        if fault == .beforeWrite { throw .unavailable(InjectedFault()) }
        let value = try await body()
        if fault == .afterWrite { throw .indeterminate(InjectedFault()) }
        return value
    }

    package func add(_ job: QueuedJob) async throws(StoreError) {
        try await base.add(job)
    }

    package func queuedJob(_ id: String, kind: String) async throws(StoreError) -> QueuedJob? {
        try await base.queuedJob(id, kind: kind)
    }

    package func jobs(
        kind: String,
        tenant: String?,
        before id: String?,
        limit: Int
    ) async throws(StoreError) -> [QueuedJob] {
        try await base.jobs(kind: kind, tenant: tenant, before: id, limit: limit)
    }

    package func unfinished(kind: String, tenant: String?) async throws(StoreError) -> Int {
        try await base.unfinished(kind: kind, tenant: tenant)
    }

    package func take(
        kind: String,
        now: Timestamp,
        until: Timestamp,
        atOnce: Int
    ) async throws(StoreError) -> QueuedJob? {
        try await perform { () async throws(StoreError) in
            try await base.take(kind: kind, now: now, until: until, atOnce: atOnce)
        }
    }

    package func release(kind: String, now: Timestamp) async throws(StoreError) {
        try await base.release(kind: kind, now: now)
    }

    package func replace(
        _ job: QueuedJob,
        expecting document: [UInt8]
    ) async throws(StoreError) -> Bool {
        try await perform { () async throws(StoreError) in
            try await base.replace(job, expecting: document)
        }
    }

    package func remove(
        _ id: String,
        kind: String,
        expecting document: [UInt8]
    ) async throws(StoreError) -> Bool {
        try await perform { () async throws(StoreError) in
            try await base.remove(id, kind: kind, expecting: document)
        }
    }

    package func forget(kind: String, keeping count: Int) async throws(StoreError) {
        try await perform { () async throws(StoreError) in
            try await base.forget(kind: kind, keeping: count)
        }
    }
}
