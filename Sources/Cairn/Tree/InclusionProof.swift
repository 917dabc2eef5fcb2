// SPDX-License-Identifier: Apache-2.0

/// A proof that a leaf is at its place in a tree (RFC 6962 2.1.1, RFC 9162 2.1.3).
///
/// The numbers and hashes come from whoever wants to be believed. Trust comes from the caller:
/// the root must be one that is already believed, and the leaf hash computed from the leaf.
public struct InclusionProof: Hashable, Sendable {
    /// The place of the leaf, from 0.
    public let index: UInt64
    /// The number of leaves of the tree.
    public let size: UInt64
    /// The siblings on the way to the root, from the bottom up.
    public let path: [Digest]

    /// Takes up a proof as it was received, unchecked.
    public init(index: UInt64, size: UInt64, path: [Digest]) {
        self.index = index
        self.size = size
        self.path = path
    }

    /// Computes the root that this proof leads to from the hash of a leaf.
    ///
    /// The proof holds if, and only if, the result equals a root the caller already trusts. It
    /// throws ``MalformedProof`` if no tree of this size has a path of this shape.
    public func root(from leafHash: Digest) throws(MalformedProof) -> Digest {
        try Self.check(index: index, size: size)
        let ascent = Ascent(from: index, last: size - 1)
        guard path.count == ascent.count else {
            throw .wrongLength(expected: ascent.count, found: path.count)
        }
        var node = leafHash
        for (step, sibling) in path.enumerated() {
            node =
                ascent.siblingIsLeft(at: step)
                ? .node(left: sibling, right: node)
                : .node(left: node, right: sibling)
        }
        return node
    }

    /// Whether the proof leads from `leafHash` to `root`.
    public func holds(leafHash: Digest, root: Digest) -> Bool {
        (try? self.root(from: leafHash)) == root
    }

    private static func check(index: UInt64, size: UInt64) throws(MalformedProof) {
        guard size <= TreeMath.maximumSize else { throw .sizeTooLarge(size) }
        guard index < size else { throw .indexOutsideTree(index: index, size: size) }
    }
}

extension InclusionProof {
    /// Makes the proof for the leaf at `index` of the first `size` leaves.
    ///
    /// The reader is called at most once. Throws ``MalformedProof`` if the tree has no such leaf,
    /// and otherwise what the reader throws.
    public static func make(
        index: UInt64,
        size: UInt64,
        from reader: some HashReader
    ) async throws -> InclusionProof {
        let path = try await plan(index: index, size: size).path(from: reader)
        return InclusionProof(index: index, size: size, path: path)
    }

    /// Says which hashes the proof for a leaf is made of; throws if the tree has no such leaf.
    package static func plan(
        index: UInt64,
        size: UInt64
    ) throws(MalformedProof) -> ProofPlan {
        try check(index: index, size: size)
        var plan = ProofPlan()
        plan.climb(from: TreeNode(level: 0, index: index), size: size)
        return plan
    }
}
