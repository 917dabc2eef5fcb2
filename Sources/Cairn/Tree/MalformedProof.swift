// SPDX-License-Identifier: Apache-2.0

/// Why something cannot be a proof, whatever the hashes in it.
public enum MalformedProof: Error, Equatable, Sendable {
    /// The tree of `size` leaves has no leaf at `index`.
    case indexOutsideTree(index: UInt64, size: UInt64)
    /// No consistency proof exists between these sizes: it must hold that 0 < from <= to.
    case sizesOutOfOrder(from: UInt64, to: UInt64)
    /// The size is above ``TreeMath/maximumSize``.
    case sizeTooLarge(UInt64)
    /// A proof for these sizes has another number of hashes.
    case wrongLength(expected: Int, found: Int)
}
