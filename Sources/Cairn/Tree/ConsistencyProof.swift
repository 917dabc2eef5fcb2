// SPDX-License-Identifier: Apache-2.0

/// A proof that a tree grew out of an earlier one by appending only (RFC 9162 2.1.4).
///
/// From the empty tree there is nothing to prove, so `from` is at least 1.
public struct ConsistencyProof: Hashable, Sendable {
    /// The number of leaves of the earlier tree.
    public let from: UInt64
    /// The number of leaves of the later tree.
    public let to: UInt64
    /// The hashes of the proof, from the bottom up.
    public let path: [Digest]

    /// Takes up a proof as it was received, unchecked.
    public init(from: UInt64, to: UInt64, path: [Digest]) {
        self.from = from
        self.to = to
        self.path = path
    }

    /// Computes both roots that this proof leads to (RFC 9162 2.1.4.2).
    ///
    /// The proof holds if `old` equals the earlier root and `new` the later one. The earlier root
    /// is an input too, because a proof from a complete tree starts with it. It throws
    /// ``MalformedProof`` if no pair of trees of these sizes has a path of this shape.
    public func roots(
        fromOldRoot oldRoot: Digest
    ) throws(MalformedProof) -> (old: Digest, new: Digest) {
        let start = try Self.start(from: from, to: to)
        guard from < to else {
            guard path.isEmpty else { throw .wrongLength(expected: 0, found: path.count) }
            return (oldRoot, oldRoot)
        }
        // A complete earlier tree is itself the first node, and the proof does not repeat it.
        let first = Self.isComplete(from) ? oldRoot : path.first ?? oldRoot
        let siblings = Self.isComplete(from) ? path[...] : path.dropFirst()
        let ascent = Ascent(from: start.index, last: (to - 1) >> UInt64(start.level))
        let expected = ascent.count + (Self.isComplete(from) ? 0 : 1)
        guard path.count == expected else {
            throw .wrongLength(expected: expected, found: path.count)
        }
        var old = first
        var new = first
        for (step, sibling) in siblings.enumerated() {
            if ascent.siblingIsLeft(at: step) {
                old = .node(left: sibling, right: old)
                new = .node(left: sibling, right: new)
            } else {
                new = .node(left: new, right: sibling)
            }
        }
        return (old, new)
    }

    /// Whether the proof leads from the earlier root to the later one; false if it is malformed.
    public func holds(from oldRoot: Digest, to newRoot: Digest) -> Bool {
        guard let roots = try? roots(fromOldRoot: oldRoot) else { return false }
        return roots.old == oldRoot && roots.new == newRoot
    }

    /// Finds the smallest peak of the earlier tree, from where the proof climbs.
    private static func start(
        from: UInt64,
        to: UInt64
    ) throws(MalformedProof) -> TreeNode {
        guard to <= TreeMath.maximumSize else { throw .sizeTooLarge(to) }
        guard from > 0, from <= to else { throw .sizesOutOfOrder(from: from, to: to) }
        let level = from.trailingZeroBitCount
        return TreeNode(level: level, index: (from >> UInt64(level)) - 1)
    }

    private static func isComplete(_ size: UInt64) -> Bool {
        size.nonzeroBitCount == 1
    }
}

extension ConsistencyProof {
    /// Makes the proof that the first `to` leaves extend the first `from` leaves.
    ///
    /// The reader is called at most once. Throws ``MalformedProof`` unless 0 < from <= to, and
    /// otherwise what the reader throws.
    public static func make(
        from: UInt64,
        to: UInt64,
        from reader: some HashReader
    ) async throws -> ConsistencyProof {
        let path = try await plan(from: from, to: to).path(from: reader)
        return ConsistencyProof(from: from, to: to, path: path)
    }

    /// Says which hashes the proof between two sizes is made of; throws unless 0 < from <= to.
    package static func plan(
        from: UInt64,
        to: UInt64
    ) throws(MalformedProof) -> ProofPlan {
        let start = try start(from: from, to: to)
        var plan = ProofPlan()
        guard from < to else { return plan }
        if !isComplete(from) {
            plan.add([start])
        }
        plan.climb(from: start, size: to)
        return plan
    }
}
