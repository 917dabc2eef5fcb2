// SPDX-License-Identifier: Apache-2.0

package import Cairn
internal import Synchronization

extension VerificationJobs {
    /// What the verifications say that are remembered, all tenants together.
    package struct Census: Sendable {
        /// Verifications by state.
        package let states: [VerificationJob.State: Int]
        /// Ledgers with a fault that no later verification of the whole has taken back.
        package let failing: Int
        /// When the last verification ended of which all holds.
        package let lastHolding: Timestamp?
    }
}

/// What verifications say in short, so that a census asks nobody.
///
/// What this server does is noted as it happens; what others do, when somebody looks again.
final class VerificationFacts: Sendable {
    /// What counts of one.
    private struct Fact {
        let tenant: String
        let state: VerificationJob.State
        let isFinished: Bool
        let finishedAt: Timestamp?
        /// Whether all holds; nil without a verdict, and where a checkpoint of a caller's decided,
        /// which says nothing of the ledger by itself.
        let holds: Bool?
        let isWhole: Bool

        init(_ job: VerificationJob) {
            tenant = job.tenant
            state = job.state
            isFinished = job.isFinished
            finishedAt = job.finishedAt
            holds = job.scope.checkpoint == nil ? job.report?.holds : nil
            isWhole = job.isWhole
        }
    }

    private struct State {
        var facts: [String: Fact] = [:]
        /// Those that were noted since somebody began to look again.
        var noted: Set<String> = []
        var isDoubtful = true
    }

    private let state = Mutex(State())
    private let finished: Int

    /// Knows nothing yet, and will remember so many that have ended.
    init(finished: Int) {
        self.finished = finished
    }

    /// Whether something may be otherwise than noted.
    var isDoubtful: Bool { state.withLock { $0.isDoubtful } }

    /// Notes how a verification stands.
    func note(_ job: VerificationJob) {
        state.withLock { state in
            state.facts[job.id] = Fact(job)
            state.noted.insert(job.id)
            let ended = state.facts.filter(\.value.isFinished).keys
            guard ended.count > finished else { return }
            for id in ended.sorted().prefix(ended.count - finished) { state.facts[id] = nil }
        }
    }

    /// Says that something may be otherwise than noted.
    func doubt() {
        state.withLock { $0.isDoubtful = true }
    }

    /// Looks again: takes what `all` finds, but for what is noted meanwhile.
    func refresh(_ all: () async throws(StoreError) -> [VerificationJob]) async throws(StoreError) {
        state.withLock { state in
            state.noted = []
            state.isDoubtful = false
        }
        let found: [VerificationJob]
        do throws(StoreError) {
            found = try await all()
        } catch {
            doubt()
            throw error
        }
        let facts = Dictionary(found.map { ($0.id, Fact($0)) }) { first, _ in first }
        state.withLock { state in
            let noted = state.facts.filter { state.noted.contains($0.key) }
            state.facts = facts.merging(noted) { _, noted in noted }
        }
    }

    /// Counts the verifications.
    func census() -> VerificationJobs.Census {
        let facts = state.withLock { Array($0.facts.values) }
        var held: [String: Timestamp] = [:]
        var failed: [String: Timestamp] = [:]
        for fact in facts {
            guard let holds = fact.holds, let end = fact.finishedAt else { continue }
            if !holds {
                failed[fact.tenant] = max(failed[fact.tenant] ?? end, end)
            } else if fact.isWhole {
                held[fact.tenant] = max(held[fact.tenant] ?? end, end)
            }
        }
        return VerificationJobs.Census(
            states: facts.reduce(into: [:]) { $0[$1.state, default: 0] += 1 },
            failing: failed.count { tenant, end in held[tenant].map { $0 < end } ?? true },
            lastHolding: held.values.max()
        )
    }
}
