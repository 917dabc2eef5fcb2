// SPDX-License-Identifier: Apache-2.0
import Cairn
import Testing

@Suite struct TreeFrontierTests {
    private static func frontier(_ size: UInt64, _ reader: SparseReader) -> Frontier? {
        Frontier(size: size, peaks: TreeMath.peaks(of: size).map { reader.hash(of: $0) })
    }

    @Test("An edge that was packed and taken up again goes on as if nothing had happened")
    func packing() throws {
        var original = Frontier()
        #expect(original.packed == [])
        for index in 0..<300 {
            var copy = try #require(Frontier(size: original.size, packed: original.packed))
            #expect(copy == original)
            #expect(copy.packed.count == 32 * original.size.nonzeroBitCount)
            original.append(.leaf(treeEntry(index)))
            copy.append(.leaf(treeEntry(index)))
            #expect(copy.root == original.root)
        }
    }

    @Test("An edge with the wrong number of peaks, or too large a size, is refused")
    func malformed() throws {
        let peak = Digest.emptyRoot
        #expect(Frontier(size: 0, peaks: []) == Frontier())
        #expect(Frontier(size: 0, peaks: [peak]) == nil)
        #expect(Frontier(size: 5, peaks: [peak]) == nil)
        #expect(Frontier(size: 5, peaks: [peak, peak]) != nil)
        #expect(Frontier(size: 5, peaks: [peak, peak, peak]) == nil)
        #expect(Frontier(size: 1 << 63, peaks: [peak]) == nil)
        let packed = peak.bytes + peak.bytes
        #expect(Frontier(size: 5, packed: packed) != nil)
        #expect(Frontier(size: 5, packed: packed.dropLast()) == nil)
        #expect(Frontier(size: 5, packed: packed + [0]) == nil)
        #expect(Frontier(size: 4, packed: packed) == nil)
        #expect(Frontier(size: 1 << 63, packed: peak.bytes) == nil)
    }

    @Test("An edge grows right up to the largest size")
    func largest() throws {
        let last = TreeMath.maximumSize - 1
        let reader = SparseReader(special: [0, 77, 1 << 40, last])
        var frontier = try #require(Self.frontier(last, reader))
        #expect(frontier.peaks.count == 62)
        frontier.append(reader.hash(of: TreeNode(level: 0, index: last)))
        #expect(frontier == Self.frontier(TreeMath.maximumSize, reader))
        #expect(frontier.peaks.count == 63)
        let full = try #require(Self.frontier((1 << 62) - 1, reader))
        var grown = full
        grown.append(reader.hash(of: TreeNode(level: 0, index: full.size)))
        #expect(grown == Self.frontier(1 << 62, reader))
        #expect(grown.peaks.count == 1)
    }

    @Test("Proofs near the largest size hold, and name the leaf they were made for")
    func hugeTrees() async throws {
        let seed: UInt64 = 0x5EED_0001
        var generator = SeededGenerator(seed: seed)
        let sizes: [UInt64] = [
            1 << 62, (1 << 62) + 1, (1 << 62) - 1, TreeMath.maximumSize, TreeMath.maximumSize - 1,
        ]
        let drawn = (0..<20).map { _ in
            UInt64.random(in: 1...TreeMath.maximumSize, using: &generator)
        }
        for size in sizes + drawn {
            let old = UInt64.random(in: 1...size, using: &generator)
            let indexes = [0, size - 1, old - 1, UInt64.random(in: 0..<size, using: &generator)]
            let reader = SparseReader(special: indexes)
            let tiles = TileHashReader(reader, size: size)
            let root = try #require(Self.frontier(size, reader)).root
            let oldRoot = try #require(Self.frontier(old, reader)).root
            #expect(try await TreeMath.root(of: size, from: reader) == root)
            for index in indexes {
                let proof = try await InclusionProof.make(index: index, size: size, from: reader)
                let leaf = reader.hash(of: TreeNode(level: 0, index: index))
                #expect(proof.path.count <= 63)
                #expect(proof.holds(leafHash: leaf, root: root), "seed \(seed) \(index) \(size)")
                let fromTiles = try await InclusionProof.make(index: index, size: size, from: tiles)
                #expect(fromTiles == proof, "seed \(seed) \(index) \(size)")
                for other in [index ^ 1, index ^ 1 << 40] where other < size {
                    let moved = InclusionProof(index: other, size: size, path: proof.path)
                    #expect(!moved.holds(leafHash: leaf, root: root), "seed \(seed) \(index)")
                }
            }
            let proof = try await ConsistencyProof.make(from: old, to: size, from: tiles)
            // One more than an inclusion proof: the peak it starts from.
            #expect(proof.path.count <= 64)
            #expect(proof.holds(from: oldRoot, to: root), "seed \(seed) \(old) to \(size)")
            #expect(old == size || !proof.holds(from: root, to: oldRoot), "seed \(seed)")
        }
    }

    @Test("The chain starts from the origin and takes in leaf hashes as the format states")
    func chain() throws {
        let origin = "cairn.example/0123456789abcdef0123456789abcdef"
        let leaf = """
            audit-leaf/v1
            {"class":"std","id":"018f6b1e-7c2a-7000-8000-000000000001","index":0,\
            "origin":"cairn.example/0123456789abcdef0123456789abcdef",\
            "received_at":"2026-01-23T14:30:00.123Z",\
            "record":"UbNDz0f077yKGQkfUw9DVsFnIx5hWSIkYcv5ancWtrs","schema":"event/1","v":1}
            """
        #expect(leaf.utf8.count == 262)
        let leafHash = Digest.leaf(Array(leaf.utf8))
        #expect(leafHash.hex == "31a8fd8ac1d5e0a66f4ff42a463723c401b469cbf7c7d72cce28a952739b388a")
        let start = Chain.start(origin: origin)
        #expect(start.hex == "feb56e12cb646e3982902ba0954021ad2271e6dcea3683d7d5b1ae28b082a956")
        let next = Chain.next(start, leafHash: leafHash)
        #expect(next.hex == "fb5725c63de937be06c3020139c5276ba077e0a17644a5d3d7a1116319147c15")
        #expect(Chain.next(leafHash, leafHash: start) != next)
    }
}
