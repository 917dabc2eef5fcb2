// SPDX-License-Identifier: Apache-2.0

/// The right edge of a tree: all a writer needs in order to append, and to state the root.
///
/// A tree of `size` leaves falls into complete subtrees, one for each bit set in `size`. Their
/// roots are the peaks. A `Frontier` in hand always has as many peaks as its size calls for;
/// whether they are the right ones, only the root can tell.
public struct Frontier: Hashable, Sendable {
    /// The number of leaves, at most ``TreeMath/maximumSize``.
    public private(set) var size: UInt64
    /// The roots of the complete subtrees, the largest first, which is from left to right.
    public private(set) var peaks: [Digest]

    /// Creates the edge of the tree that has no leaves.
    public init() {
        self.size = 0
        self.peaks = []
    }

    /// Takes up an edge that was stored; nil unless there is one peak for each bit set in `size`.
    public init?(size: UInt64, peaks: [Digest]) {
        guard size <= TreeMath.maximumSize, peaks.count == size.nonzeroBitCount else { return nil }
        self.size = size
        self.peaks = peaks
    }

    /// Takes up an edge from ``packed``; nil unless the length is 32 bytes for each peak.
    public init?(size: UInt64, packed: [UInt8]) {
        guard packed.count == size.nonzeroBitCount * Digest.byteCount else { return nil }
        let peaks = packed.withUnsafeBytes { bytes in
            stride(from: 0, to: bytes.count, by: Digest.byteCount).map {
                bytes.loadUnaligned(fromByteOffset: $0, as: Digest.self)
            }
        }
        self.init(size: size, peaks: peaks)
    }

    /// Adds a leaf at the right, given its hash.
    public mutating func append(_ leafHash: Digest) {
        precondition(size < TreeMath.maximumSize, "a tree has at most 2^63 - 1 leaves")
        var node = leafHash
        // Each low bit that is set is a subtree as large as `node`, waiting for its sibling.
        for _ in 0..<(~size).trailingZeroBitCount {
            node = .node(left: peaks.removeLast(), right: node)
        }
        peaks.append(node)
        size += 1
    }

    /// Adds the leaves of a range at the right, given the hashes of ``TreeMath/cover(of:)``; false,
    /// and nothing is added, unless the range begins here and there is one hash for each subtree.
    public mutating func append(_ range: Range<UInt64>, hashes: [Digest]) -> Bool {
        guard range.lowerBound == size, range.upperBound <= TreeMath.maximumSize else {
            return false
        }
        let nodes = TreeMath.cover(of: range)
        guard nodes.count == hashes.count else { return false }
        for (node, hash) in zip(nodes, hashes) {
            // Subtrees of the same level wait for it from that level's bit on.
            var hash = hash
            for _ in 0..<(~(size >> UInt64(node.level))).trailingZeroBitCount {
                hash = .node(left: peaks.removeLast(), right: hash)
            }
            peaks.append(hash)
            size += 1 << UInt64(node.level)
        }
        return true
    }

    /// The root of the tree (RFC 6962 2.1).
    public var root: Digest {
        TreeMath.root(ofPeaks: peaks[...])
    }

    /// The peaks, 32 bytes each, one after the other.
    public var packed: [UInt8] {
        peaks.withUnsafeBytes { Array($0) }
    }
}
