// SPDX-License-Identifier: Apache-2.0

package import Cairn
package import CairnLedger
internal import Synchronization

/// A request that a memory store knows of.
struct MemoryReplay {
    let fingerprint: Digest
    var begunAt: Timestamp
    var answer: KeptAnswer?
}

extension MemoryStore: ReplayStore {
    package func begin(
        _ request: Digest,
        fingerprint: Digest,
        at now: Timestamp,
        abandonedBefore abandoned: Timestamp
    ) -> ReplayState {
        replays.withLock { replays in
            if let known = replays[request] {
                guard known.fingerprint == fingerprint else { return .reused }
                if let answer = known.answer { return .answered(answer) }
                guard known.begunAt < abandoned else { return .running }
            }
            replays[request] = MemoryReplay(fingerprint: fingerprint, begunAt: now)
            return .fresh
        }
    }

    package func finish(_ request: Digest, with answer: KeptAnswer) {
        replays.withLock { $0[request]?.answer = answer }
    }

    package func abandon(_ request: Digest) {
        replays.withLock { replays in
            if replays[request]?.answer == nil { replays[request] = nil }
        }
    }

    package func forget(before time: Timestamp) {
        replays.withLock { replays in
            replays = replays.filter { $0.value.begunAt >= time }
        }
    }
}

extension MemoryStore {
    /// The answers that are kept now.
    package var keptAnswers: [KeptAnswer] {
        replays.withLock { $0.values.compactMap(\.answer) }
    }
}
