// SPDX-License-Identifier: Apache-2.0

internal import Synchronization

/// How many ledgers of a process are committing now, so that none takes more than its share.
final class Contention: Sendable {
    /// Records of one ledger in a batch while other ledgers commit.
    static let sharedRecords = 256

    private let busy = Mutex(0)

    init() {}

    /// A ledger begins to commit.
    func enter() {
        busy.withLock { $0 += 1 }
    }

    /// A ledger has nothing more to commit.
    func leave() {
        busy.withLock { $0 -= 1 }
    }

    /// How many records one batch may hold, given what it may hold alone.
    func batchRecords(alone limit: Int) -> Int {
        busy.withLock { $0 > 1 } ? min(limit, Contention.sharedRecords) : limit
    }
}
