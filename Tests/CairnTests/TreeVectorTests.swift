// SPDX-License-Identifier: Apache-2.0
import Cairn
import Foundation
import Testing

@Suite struct TreeVectorTests {
    private struct InclusionCase: Decodable {
        let name: String
        let leafIdx: UInt64
        let treeSize: UInt64
        let root: String
        let leafHash: String
        let proof: [String]?
        let wantErr: Bool
    }

    private struct ConsistencyCase: Decodable {
        let name: String
        let size1: UInt64
        let size2: UInt64
        let root1: String
        let root2: String
        let proof: [String]?
        let wantErr: Bool
    }

    private struct Inclusion: Decodable {
        let index: UInt64
        let size: UInt64
        let proof: [String]
    }

    private struct Consistency: Decodable {
        let old: UInt64
        let new: UInt64
        let proof: [String]
    }

    private struct ReferenceTree: Decodable {
        let leafInputsHex: [String]
        let leafHashesHex: [String]
        let internalNodesHex: [String: [String]]
        let rootBySizeHex: [String]
        let inclusion: [Inclusion]
        let consistency: [Consistency]
    }

    private struct EntryTrees: Decodable {
        struct Frontier: Decodable {
            struct Subtree: Decodable {
                let start: UInt64
                let size: UInt64
                let hash: String
            }

            let size: UInt64
            let completeSubtrees: [Subtree]
        }

        let roots: [String: String]
        let inclusion: [Inclusion]
        let consistency: [Consistency]
        let frontier: [Frontier]
    }

    private static func file<Value: Decodable>(_ path: String, as type: Value.Type) throws -> Value
    {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(type, from: VectorFiles.data(path))
    }

    /// The hashes of a proof; nil if one of them is not 32 bytes of base64.
    private static func digests(_ texts: [String]?) -> [Digest]? {
        let digests = (texts ?? []).compactMap { Digest(base64: $0) }
        return digests.count == (texts ?? []).count ? digests : nil
    }

    @Test("An inclusion proof of the public test set is accepted if, and only if, it is good")
    func inclusionVerdicts() throws {
        let cases = try Self.file("merkle/inclusion.json", as: [InclusionCase].self)
        #expect(cases.count == 98)
        var accepted = 0
        for item in cases {
            var holds = false
            if let leaf = Digest(base64: item.leafHash), let root = Digest(base64: item.root),
                let path = Self.digests(item.proof)
            {
                let proof = InclusionProof(index: item.leafIdx, size: item.treeSize, path: path)
                holds = proof.holds(leafHash: leaf, root: root)
            }
            accepted += holds ? 1 : 0
            #expect(holds == !item.wantErr, "\(item.name)")
        }
        #expect(accepted == 6)
    }

    @Test("A consistency proof of the public test set is accepted if, and only if, it is good")
    func consistencyVerdicts() throws {
        // Good by the set's own account, but its roots are placeholders of 12 bytes.
        let placeholder = "consistency/additional/sizes-are-equal-one-and-proof-is-empty"
        let cases = try Self.file("merkle/consistency.json", as: [ConsistencyCase].self)
        #expect(cases.count == 98)
        #expect(cases.contains { $0.name == placeholder && !$0.wantErr })
        var accepted = 0
        for item in cases {
            var holds = false
            if let old = Digest(base64: item.root1), let new = Digest(base64: item.root2),
                let path = Self.digests(item.proof)
            {
                let proof = ConsistencyProof(from: item.size1, to: item.size2, path: path)
                holds = proof.holds(from: old, to: new)
            }
            accepted += holds ? 1 : 0
            #expect(holds == (!item.wantErr && item.name != placeholder), "\(item.name)")
        }
        #expect(accepted == 5)
    }

    @Test("The reference tree has the published hashes, roots and proofs")
    func referenceTree() async throws {
        let tree = try Self.file("merkle/reference-tree.json", as: ReferenceTree.self)
        let leaves = try tree.leafInputsHex.map { try #require(Hex.decode($0)) }
        let hashes = leaves.map { Digest.leaf($0) }
        #expect(hashes.map(\.hex) == tree.leafHashesHex)

        let reader = TableReader(leafHashes: hashes)
        for (name, nodes) in tree.internalNodesHex {
            let level = try #require(Int(name.dropFirst("level".count)))
            for (index, hash) in nodes.enumerated() {
                #expect(reader.table[TreeNode(level: level, index: UInt64(index))]?.hex == hash)
            }
        }
        var frontier = Frontier()
        var roots = [frontier.root]
        for hash in hashes {
            frontier.append(hash)
            roots.append(frontier.root)
        }
        #expect(roots.map(\.hex) == tree.rootBySizeHex)

        #expect(tree.inclusion.count == 36 && tree.consistency.count == 36)
        for item in tree.inclusion {
            let proof = try await InclusionProof.make(
                index: item.index,
                size: item.size,
                from: reader
            )
            #expect(proof.path.map(\.hex) == item.proof)
            #expect(
                proof.holds(leafHash: hashes[Int(item.index)], root: roots[Int(item.size)])
            )
        }
        for item in tree.consistency {
            let proof = try await ConsistencyProof.make(from: item.old, to: item.new, from: reader)
            #expect(proof.path.map(\.hex) == item.proof)
            #expect(proof.holds(from: roots[Int(item.old)], to: roots[Int(item.new)]))
        }
    }

    @Test("Trees of numbered entries have the listed roots, edges and proofs")
    func entryTrees() async throws {
        let trees = try Self.file("merkle/entry-trees.json", as: EntryTrees.self)
        let hashes = (0..<1_100).map { Digest.leaf(treeEntry($0)) }
        let reader = TableReader(leafHashes: hashes)
        var frontier = Frontier()
        var frontiers = [frontier]
        for hash in hashes {
            frontier.append(hash)
            frontiers.append(frontier)
        }

        #expect(trees.roots.count == 151)
        for (size, root) in trees.roots {
            let size = try #require(Int(size))
            #expect(frontiers[size].root.base64 == root, "size \(size)")
            let read = try await TreeMath.root(of: UInt64(size), from: reader)
            #expect(read.base64 == root, "size \(size)")
        }
        #expect(trees.frontier.count == 12)
        for item in trees.frontier {
            let peaks = item.completeSubtrees
            #expect(frontiers[Int(item.size)].peaks.map(\.base64) == peaks.map(\.hash))
            #expect(
                TreeMath.peaks(of: item.size).map { $0.index << UInt64($0.level) }
                    == peaks.map(\.start)
            )
            #expect(
                TreeMath.peaks(of: item.size).map { 1 << UInt64($0.level) } == peaks.map(\.size)
            )
        }
        #expect(trees.inclusion.count == 82 && trees.consistency.count == 95)
        for item in trees.inclusion {
            let proof = try await InclusionProof.make(
                index: item.index,
                size: item.size,
                from: reader
            )
            #expect(proof.path.map(\.base64) == item.proof)
            #expect(
                proof.holds(
                    leafHash: hashes[Int(item.index)],
                    root: frontiers[Int(item.size)].root
                )
            )
        }
        for item in trees.consistency {
            let proof = try await ConsistencyProof.make(from: item.old, to: item.new, from: reader)
            #expect(proof.path.map(\.base64) == item.proof)
            #expect(
                proof.holds(
                    from: frontiers[Int(item.old)].root,
                    to: frontiers[Int(item.new)].root
                )
            )
        }
    }
}
