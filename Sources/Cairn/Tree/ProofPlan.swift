// SPDX-License-Identifier: Apache-2.0

/// What a proof is made of: the complete subtrees to ask for, and how to fold their hashes.
///
/// A plan is arithmetic on sizes. Reading the hashes is someone else's work, between the two.
package struct ProofPlan: Hashable, Sendable {
    /// The complete subtrees whose hashes the proof needs, in the order to give them back.
    package private(set) var nodes: [TreeNode]
    // How many nodes, one after the other, make up each hash of the proof. All are 1 but one at
    // most: a single sibling can reach the right edge and be incomplete.
    private var groups: [Int]

    init() {
        self.nodes = []
        self.groups = []
    }

    /// Adds the hash of the tree that has `peaks` as its complete subtrees.
    mutating func add(_ peaks: [TreeNode]) {
        nodes += peaks
        groups.append(peaks.count)
    }

    /// Adds every sibling on the way up from `node` to the root of `size` leaves.
    mutating func climb(from node: TreeNode, size: UInt64) {
        let ascent = Ascent(from: node.index, last: (size - 1) >> UInt64(node.level))
        for step in 0..<max(ascent.fork - 1, 0) {
            add([sibling(of: node, at: step)])
        }
        if ascent.fork > 0 {
            let last = sibling(of: node, at: ascent.fork - 1)
            add(TreeMath.peaks(from: last.index << UInt64(last.level), to: size))
        }
        for step in ascent.fork..<UInt64.bitWidth where (node.index >> UInt64(step)) & 1 == 1 {
            add([sibling(of: node, at: step)])
        }
    }

    /// Folds the hashes of ``nodes``, in their order, into the path of the proof.
    package func path(from hashes: [Digest]) -> [Digest] {
        precondition(hashes.count == nodes.count, "a plan needs a hash for each of its nodes")
        var start = 0
        return groups.map { count in
            defer { start += count }
            return TreeMath.root(ofPeaks: hashes[start..<start + count])
        }
    }

    /// Asks `reader` for the hashes, if there are any to ask for, and folds them.
    func path(from reader: some HashReader) async throws -> [Digest] {
        guard !nodes.isEmpty else { return [] }
        return path(from: try await reader.hashes(of: nodes))
    }

    private func sibling(of node: TreeNode, at step: Int) -> TreeNode {
        TreeNode(level: node.level + step, index: (node.index >> UInt64(step)) ^ 1)
    }
}
