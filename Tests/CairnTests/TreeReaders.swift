// SPDX-License-Identifier: Apache-2.0
import Cairn
import Foundation

/// Answers from a table, and fails for a node that is not in it.
struct TableReader: HashReader {
    struct Missing: Error {
        let node: TreeNode
    }

    let table: [TreeNode: Digest]

    func hashes(of nodes: [TreeNode]) async throws -> [Digest] {
        try nodes.map { node in
            guard let hash = table[node] else { throw Missing(node: node) }
            return hash
        }
    }

    /// Every complete subtree over `leaves`, as the reference computes it.
    init(reference: inout TreeReference, size: Int) {
        var table: [TreeNode: Digest] = [:]
        for level in 0..<16 {
            for index in 0..<size >> level {
                let range = index << level..<(index + 1) << level
                table[TreeNode(level: level, index: UInt64(index))] = Digest(reference.root(range))
            }
        }
        self.table = table
    }

    /// Every complete subtree over leaves of these hashes.
    init(leafHashes: [Digest]) {
        var table: [TreeNode: Digest] = [:]
        var hashes = leafHashes
        var level = 0
        while !hashes.isEmpty {
            for (index, hash) in hashes.enumerated() {
                table[TreeNode(level: level, index: UInt64(index))] = hash
            }
            hashes = (0..<hashes.count / 2).map {
                .node(left: hashes[2 * $0], right: hashes[2 * $0 + 1])
            }
            level += 1
        }
        self.table = table
    }
}

/// Answers for a tree of any size in which all leaves but a few are the same.
struct SparseReader: HashReader, TileSource {
    private let special: [UInt64]
    private let plain: [Digest]

    init(special: [UInt64]) {
        self.special = special
        var plain = [Digest.leaf(Array("plain".utf8))]
        for _ in 1...63 {
            plain.append(.node(left: plain[plain.count - 1], right: plain[plain.count - 1]))
        }
        self.plain = plain
    }

    func hash(of node: TreeNode) -> Digest {
        hash(of: node, special: special[...])
    }

    func hashes(of nodes: [TreeNode]) async throws -> [Digest] {
        nodes.map { hash(of: $0) }
    }

    func tile(_ coordinate: TileCoordinate) async throws -> Tile {
        Tile(
            hashes: (0..<coordinate.width).map {
                hash(
                    of: TreeNode(
                        level: 8 * coordinate.level,
                        index: coordinate.index << 8 + UInt64($0)
                    )
                )
            }
        )
    }

    private func hash(of node: TreeNode, special: ArraySlice<UInt64>) -> Digest {
        let inside = special.filter { $0 >> UInt64(node.level) == node.index }
        guard !inside.isEmpty else { return plain[node.level] }
        guard node.level > 0 else { return .leaf(Array("special \(node.index)".utf8)) }
        return .node(
            left: hash(
                of: TreeNode(level: node.level - 1, index: node.index << 1),
                special: inside[...]
            ),
            right: hash(
                of: TreeNode(level: node.level - 1, index: node.index << 1 | 1),
                special: inside[...]
            )
        )
    }
}

/// Leaf i is the text `entry-<i>`, in the vectors and here.
func treeEntry(_ index: Int) -> [UInt8] {
    Array("entry-\(index)".utf8)
}
