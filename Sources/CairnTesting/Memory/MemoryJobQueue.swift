// SPDX-License-Identifier: Apache-2.0

package import Cairn
package import CairnLedger
internal import Synchronization

/// A queue of jobs in memory, which outlives the server that is under test.
package final class MemoryJobQueue: JobQueue {
    private struct Key: Hashable {
        let kind: String
        let id: String
    }

    private let kept = Mutex<[Key: QueuedJob]>([:])

    /// A queue without jobs.
    package init() {}

    package func add(_ job: QueuedJob) throws(StoreError) {
        let isNew = kept.withLock { kept in
            let key = Key(kind: job.kind, id: job.id)
            guard kept[key] == nil else { return false }
            kept[key] = job
            return true
        }
        guard isNew else { throw .conflict }
    }

    package func queuedJob(_ id: String, kind: String) -> QueuedJob? {
        kept.withLock { $0[Key(kind: kind, id: id)] }
    }

    package func jobs(
        kind: String,
        tenant: String?,
        before id: String?,
        limit: Int
    ) -> [QueuedJob] {
        kept.withLock { kept in
            let all = kept.values.filter { $0.kind == kind && $0.tenant == tenant ?? $0.tenant }
            return Array(
                all.filter { job in id.map { job.id < $0 } ?? true }
                    .sorted { $0.id > $1.id }
                    .prefix(limit)
            )
        }
    }

    package func unfinished(kind: String, tenant: String?) -> Int {
        kept.withLock { kept in
            kept.values.count {
                $0.kind == kind && $0.tenant == tenant ?? $0.tenant && $0.phase != .ended
            }
        }
    }

    package func take(
        kind: String,
        now: Timestamp,
        until: Timestamp,
        atOnce: Int
    ) -> QueuedJob? {
        kept.withLock { kept in
            let all = kept.values.filter { $0.kind == kind }
            let taken = Dictionary(
                grouping: all.filter { $0.phase == .taken && $0.due > now },
                by: \.tenant
            )
            let next =
                all.filter {
                    $0.due <= now
                        && ($0.phase == .ended || (taken[$0.tenant]?.count ?? 0) < atOnce)
                }
                .min { ($0.due, $0.id) < ($1.due, $1.id) }
            guard var job = next else { return nil }
            (job.phase, job.due) = (.taken, until)
            kept[Key(kind: kind, id: job.id)] = job
            return job
        }
    }

    package func release(kind: String, now: Timestamp) {
        kept.withLock { kept in
            for (key, job) in kept where key.kind == kind && job.phase == .taken {
                kept[key]?.due = now
            }
        }
    }

    package func replace(_ job: QueuedJob, expecting document: [UInt8]) -> Bool {
        kept.withLock { kept in
            let key = Key(kind: job.kind, id: job.id)
            guard kept[key]?.document == document else { return false }
            kept[key] = job
            return true
        }
    }

    package func remove(_ id: String, kind: String, expecting document: [UInt8]) -> Bool {
        kept.withLock { kept in
            let key = Key(kind: kind, id: id)
            guard kept[key]?.document == document else { return false }
            kept[key] = nil
            return true
        }
    }

    package func forget(kind: String, keeping count: Int) {
        kept.withLock { kept in
            let ended = kept.filter { $0.key.kind == kind && $0.value.phase == .ended }.keys
            for key in ended.sorted(by: { $0.id > $1.id }).dropFirst(count) { kept[key] = nil }
        }
    }
}
