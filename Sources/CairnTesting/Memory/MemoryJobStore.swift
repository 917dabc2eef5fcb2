// SPDX-License-Identifier: Apache-2.0

internal import CairnLedger
internal import Synchronization

/// Jobs in memory, which outlive the server that is under test.
package final class MemoryJobStore: JobStore {
    private struct Job {
        let tenant: String
        let kind: String
        let document: [UInt8]
    }

    private let kept = Mutex<[String: Job]>([:])

    /// A store without jobs.
    package init() {}

    package func put(_ id: String, tenant: String, kind: String, document: [UInt8]) {
        kept.withLock { $0[id] = Job(tenant: tenant, kind: kind, document: document) }
    }

    package func jobs(
        kind: String
    ) -> [(id: String, tenant: String, document: [UInt8])] {
        kept.withLock { kept in
            kept.filter { $0.value.kind == kind }
                .map { (id: $0.key, tenant: $0.value.tenant, document: $0.value.document) }
                .sorted { $0.id < $1.id }
        }
    }

    package func job(_ id: String, kind: String) -> (tenant: String, document: [UInt8])? {
        kept.withLock { kept in
            kept[id].flatMap { $0.kind == kind ? ($0.tenant, $0.document) : nil }
        }
    }

    package func remove(_ id: String) {
        kept.withLock { $0[id] = nil }
    }
}
