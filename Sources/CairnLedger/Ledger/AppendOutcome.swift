// SPDX-License-Identifier: Apache-2.0

/// What became of one event of an append.
package enum AppendOutcome: Sendable {
    /// Recorded now.
    case recorded(Receipt)
    /// Recorded before with the same content; the first receipt.
    case known(Receipt)
    /// The id is taken by an event of other content.
    case conflict(Receipt)
    /// The id is taken, and the first content is erased or pruned.
    case contentUnavailable(Receipt)
    /// Not recorded, or not known to be.
    case failed(LedgerError)
}
