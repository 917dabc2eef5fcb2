// SPDX-License-Identifier: Apache-2.0

/// A complete subtree of a tree, named by its place.
public struct TreeNode: Hashable, Sendable {
    /// The height above the leaves, 0 to 63; the subtree has 2^level leaves.
    public let level: Int
    /// The number of complete subtrees of the same level to its left.
    public let index: UInt64

    /// Names a complete subtree; its level must be 0 to 63.
    public init(level: Int, index: UInt64) {
        precondition((0...63).contains(level), "a tree has levels 0 to 63")
        self.level = level
        self.index = index
    }

    /// Whether a tree of `size` leaves holds every leaf of this subtree.
    public func isComplete(inTreeOf size: UInt64) -> Bool {
        index < size >> UInt64(level)
    }
}

/// The shape of an RFC 6962 tree, which follows from its size alone.
public enum TreeMath {
    /// The largest number of leaves a tree may have, 2^63 - 1.
    public static let maximumSize = UInt64(Int64.max)

    /// Lists the complete subtrees that make up a tree of `size` leaves, from left to right.
    public static func peaks(of size: UInt64) -> [TreeNode] {
        peaks(from: 0, to: size)
    }

    /// Computes the root of the tree of the first `size` leaves with one call of `reader`.
    ///
    /// The empty tree has a root too, and needs no call. Errors are the reader's own.
    public static func root(
        of size: UInt64,
        from reader: some HashReader
    ) async throws -> Digest {
        guard size > 0 else { return .emptyRoot }
        let nodes = peaks(of: size)
        let hashes = try await reader.hashes(of: nodes)
        precondition(hashes.count == nodes.count, "a reader answers every node it is asked for")
        return root(ofPeaks: hashes[...])
    }

    /// Lists the complete subtrees that make up the leaves from `start` to just before `end`.
    ///
    /// `start` must be a multiple of a power of two that is no less than the number of leaves.
    static func peaks(from start: UInt64, to end: UInt64) -> [TreeNode] {
        var nodes: [TreeNode] = []
        var position = start
        while position < end {
            let level = UInt64.bitWidth - 1 - (end - position).leadingZeroBitCount
            nodes.append(TreeNode(level: level, index: position >> UInt64(level)))
            position += 1 << UInt64(level)
        }
        return nodes
    }

    /// Lists the largest complete subtrees that make up the leaves of a range, from left to right.
    ///
    /// There are at most two of each level. A range of no leaves has none.
    public static func cover(of range: Range<UInt64>) -> [TreeNode] {
        var nodes: [TreeNode] = []
        var position = range.lowerBound
        while position < range.upperBound {
            let fitting = UInt64.bitWidth - 1 - (range.upperBound - position).leadingZeroBitCount
            let level = min(position.trailingZeroBitCount, fitting)
            nodes.append(TreeNode(level: level, index: position >> UInt64(level)))
            position += 1 << UInt64(level)
        }
        return nodes
    }

    /// Folds the roots of complete subtrees, from left to right, into the root above them.
    static func root(ofPeaks peaks: ArraySlice<Digest>) -> Digest {
        guard var node = peaks.last else { return .emptyRoot }
        for peak in peaks.dropLast().reversed() {
            node = .node(left: peak, right: node)
        }
        return node
    }
}

/// The way from a node up to the root: how many siblings there are, and on which side.
///
/// Below the fork, the ways up from this node and from the last node of its level differ, and
/// siblings lie on either side. From the fork on they coincide, and every sibling lies to the left.
struct Ascent {
    /// The place of the node within its level.
    let index: UInt64
    /// The number of steps before the two ways meet.
    let fork: Int
    /// The number of siblings on the way.
    let count: Int

    /// Sets out from node `index` of a level whose last node, complete or not, is `last`.
    init(from index: UInt64, last: UInt64) {
        self.index = index
        self.fork = UInt64.bitWidth - (index ^ last).leadingZeroBitCount
        self.count = fork + (index >> UInt64(fork)).nonzeroBitCount
    }

    /// Whether the sibling at `step`, counted from 0 at the bottom, lies to the left.
    func siblingIsLeft(at step: Int) -> Bool {
        step >= fork || (index >> UInt64(step)) & 1 == 1
    }
}
