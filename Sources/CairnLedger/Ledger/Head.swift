// SPDX-License-Identifier: Apache-2.0

package import Cairn

/// What a ledger is, in a few hundred bytes: durable size and right edge.
///
/// Unsigned and private. Heads are compared whole: the same size with other peaks would be a fork.
package struct Head: Hashable, Sendable {
    /// The right edge of the tree, and with it the size.
    package let frontier: Frontier
    /// The chain over all leaves.
    package let chain: Digest
    /// The newest received-at, in milliseconds since 1970; 0 when empty.
    package let lastReceivedAt: Int64
    /// How many times an operator accepted a restore.
    package let epoch: Int64

    /// Names a head.
    package init(frontier: Frontier, chain: Digest, lastReceivedAt: Int64, epoch: Int64) {
        self.frontier = frontier
        self.chain = chain
        self.lastReceivedAt = lastReceivedAt
        self.epoch = epoch
    }

    /// The head of a ledger without records.
    package static func empty(origin: String) -> Head {
        Head(frontier: Frontier(), chain: Chain.start(origin: origin), lastReceivedAt: 0, epoch: 0)
    }

    /// The number of records.
    package var size: UInt64 { frontier.size }
}
