// SPDX-License-Identifier: Apache-2.0

internal import Synchronization

/// Which ledgers of a process commit now or did a moment ago, so that none takes more than its
/// share.
///
/// All batches that wait go into one transaction, and whoever comes meanwhile waits for it: a ledger
/// that has others beside it makes its batches small.
final class Contention: Sendable {
    /// Records of all ledgers together in one transaction, while there are several.
    static let sharedRecords = 256
    /// Records of one ledger in a batch, however many there are.
    static let leastRecords = 32
    /// How long a ledger that has committed counts as one that will again, in milliseconds.
    static let memoryMilliseconds: Int64 = 1000

    private struct State {
        var busy = 0
        var last: LedgerID?
        var lastAt: Int64 = 0
        var sharedUntil = Int64.min
    }

    private let state = Mutex(State())

    init() {}

    /// A ledger begins to commit.
    func enter(_ ledger: LedgerID, at now: Int64) {
        state.withLock { state in
            let isRecent = now - state.lastAt < Contention.memoryMilliseconds
            if state.busy > 0 || state.last.map({ $0 != ledger }) ?? false && isRecent {
                state.sharedUntil = now + Contention.memoryMilliseconds
            }
            state.busy += 1
            (state.last, state.lastAt) = (ledger, now)
        }
    }

    /// A ledger has nothing more to commit.
    func leave(_ ledger: LedgerID, at now: Int64) {
        state.withLock { state in
            state.busy -= 1
            (state.last, state.lastAt) = (ledger, now)
        }
    }

    /// How many records one batch may hold, given what it may hold alone.
    func batchRecords(alone limit: Int, at now: Int64) -> Int {
        let (busy, sharedUntil) = state.withLock { ($0.busy, $0.sharedUntil) }
        guard busy > 1 || now < sharedUntil else { return limit }
        return min(limit, max(Contention.leastRecords, Contention.sharedRecords / max(2, busy)))
    }
}
