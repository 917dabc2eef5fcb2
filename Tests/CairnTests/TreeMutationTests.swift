// SPDX-License-Identifier: Apache-2.0
import Cairn
import Testing

@Suite struct TreeMutationTests {
    private static let limit = 17

    private let leafHashes: [Digest]
    private let reader: TableReader
    private let roots: [Digest]

    init() {
        self.leafHashes = (0..<Self.limit).map { .leaf(treeEntry($0)) }
        self.reader = TableReader(leafHashes: leafHashes)
        var frontier = Frontier()
        var roots = [frontier.root]
        for hash in leafHashes {
            frontier.append(hash)
            roots.append(frontier.root)
        }
        self.roots = roots
    }

    private func inclusion(_ index: Int, _ size: Int) async throws -> InclusionProof {
        try await InclusionProof.make(index: UInt64(index), size: UInt64(size), from: reader)
    }

    private func consistency(_ from: Int, _ to: Int) async throws -> ConsistencyProof {
        try await ConsistencyProof.make(from: UInt64(from), to: UInt64(to), from: reader)
    }

    /// Every digest that differs from `digest` in one bit.
    private func flips(of digest: Digest) -> [Digest] {
        (0..<256).compactMap { bit in
            var bytes = digest.bytes
            bytes[bit / 8] ^= 1 << UInt8(bit % 8)
            return Digest(bytes)
        }
    }

    /// Every path that differs from `path` in one bit.
    private func flips(of path: [Digest]) -> [[Digest]] {
        path.indices.flatMap { place in
            flips(of: path[place]).map { flipped in
                var changed = path
                changed[place] = flipped
                return changed
            }
        }
    }

    /// Paths with a hash too few or too many.
    private func resized(_ path: [Digest]) -> [[Digest]] {
        var changed = [path + [.emptyRoot], [.emptyRoot] + path, path + path + [.emptyRoot]]
        if let first = path.first, let last = path.last {
            changed += [
                Array(path.dropFirst()), path.dropLast(), [first] + path, path + [last], [],
            ]
        }
        return changed
    }

    @Test(
        "An inclusion proof with any one bit flipped is refused",
        arguments: [(4, 11), (10, 11), (0, 16), (15, 16), (16, 17), (1, 2)]
    )
    func flippedInclusion(index: Int, size: Int) async throws {
        let proof = try await inclusion(index, size)
        let (leaf, root) = (leafHashes[index], roots[size])
        #expect(proof.holds(leafHash: leaf, root: root))
        let changed = flips(of: proof.path)
        #expect(changed.count == proof.path.count * 256 && !changed.isEmpty)
        for path in changed {
            let flipped = InclusionProof(index: proof.index, size: proof.size, path: path)
            #expect(!flipped.holds(leafHash: leaf, root: root))
        }
        #expect(!flips(of: leaf).contains { proof.holds(leafHash: $0, root: root) })
        #expect(!flips(of: root).contains { proof.holds(leafHash: leaf, root: $0) })
    }

    @Test(
        "A consistency proof with any one bit flipped is refused",
        arguments: [(4, 11), (5, 11), (7, 16), (8, 16), (16, 17), (1, 2)]
    )
    func flippedConsistency(from: Int, to: Int) async throws {
        let proof = try await consistency(from, to)
        let (old, new) = (roots[from], roots[to])
        #expect(proof.holds(from: old, to: new))
        let changed = flips(of: proof.path)
        #expect(changed.count == proof.path.count * 256 && !changed.isEmpty)
        for path in changed {
            let flipped = ConsistencyProof(from: proof.from, to: proof.to, path: path)
            #expect(!flipped.holds(from: old, to: new))
        }
        #expect(!flips(of: old).contains { proof.holds(from: $0, to: new) })
        #expect(!flips(of: new).contains { proof.holds(from: old, to: $0) })
        #expect(!proof.holds(from: new, to: old))
    }

    @Test("An inclusion proof of another length, index or size is refused")
    func misplacedInclusion() async throws {
        for size in 1...Self.limit {
            for index in 0..<size {
                let proof = try await inclusion(index, size)
                for path in resized(proof.path) {
                    let changed = InclusionProof(index: proof.index, size: proof.size, path: path)
                    #expect(!changed.holds(leafHash: leafHashes[index], root: roots[size]))
                    #expect(
                        throws: MalformedProof.wrongLength(
                            expected: proof.path.count,
                            found: path.count
                        )
                    ) {
                        try changed.root(from: leafHashes[index])
                    }
                }
                for other in 0..<Self.limit where other != index {
                    let changed = InclusionProof(
                        index: UInt64(other),
                        size: proof.size,
                        path: proof.path
                    )
                    #expect(!changed.holds(leafHash: leafHashes[index], root: roots[size]))
                    // Nor does the proof of one leaf serve another.
                    #expect(!proof.holds(leafHash: leafHashes[other], root: roots[size]))
                }
                for other in 0...Self.limit where other != size {
                    let changed = InclusionProof(
                        index: proof.index,
                        size: UInt64(other),
                        path: proof.path
                    )
                    #expect(!changed.holds(leafHash: leafHashes[index], root: roots[other]))
                    #expect(!proof.holds(leafHash: leafHashes[index], root: roots[other]))
                }
            }
        }
    }

    @Test("A consistency proof of another length or between other sizes is refused")
    func misplacedConsistency() async throws {
        for to in 1...Self.limit {
            for from in 1...to {
                let proof = try await consistency(from, to)
                for path in resized(proof.path) {
                    let changed = ConsistencyProof(from: proof.from, to: proof.to, path: path)
                    #expect(!changed.holds(from: roots[from], to: roots[to]))
                    #expect(
                        throws: MalformedProof.wrongLength(
                            expected: proof.path.count,
                            found: path.count
                        )
                    ) {
                        try changed.roots(fromOldRoot: roots[from])
                    }
                }
                for other in 0...Self.limit {
                    if other != from && other != to {
                        let changed = ConsistencyProof(
                            from: UInt64(other),
                            to: proof.to,
                            path: proof.path
                        )
                        #expect(!changed.holds(from: roots[other], to: roots[to]))
                        #expect(!proof.holds(from: roots[other], to: roots[to]))
                    }
                    if other != to && other != from {
                        let changed = ConsistencyProof(
                            from: proof.from,
                            to: UInt64(other),
                            path: proof.path
                        )
                        #expect(!changed.holds(from: roots[from], to: roots[other]))
                        #expect(!proof.holds(from: roots[from], to: roots[other]))
                    }
                }
            }
        }
    }

    @Test("Nothing is consistent with the empty tree, with a smaller one, or beyond the limit")
    func impossibleSizes() {
        let empty = Digest.emptyRoot
        #expect(!ConsistencyProof(from: 0, to: 0, path: []).holds(from: empty, to: empty))
        #expect(!ConsistencyProof(from: 0, to: 1, path: []).holds(from: empty, to: roots[1]))
        #expect(!ConsistencyProof(from: 0, to: 1, path: [empty]).holds(from: empty, to: empty))
        #expect(!ConsistencyProof(from: 2, to: 1, path: []).holds(from: roots[2], to: roots[1]))
        #expect(!ConsistencyProof(from: .max, to: .max, path: []).holds(from: empty, to: empty))
        #expect(!InclusionProof(index: 0, size: 0, path: []).holds(leafHash: empty, root: empty))
        #expect(
            !InclusionProof(index: .max, size: .max, path: []).holds(leafHash: empty, root: empty)
        )
        let size = TreeMath.maximumSize
        #expect(ConsistencyProof(from: size, to: size, path: []).holds(from: empty, to: empty))
        #expect(throws: MalformedProof.sizeTooLarge(size + 1)) {
            try InclusionProof(index: 0, size: size + 1, path: []).root(from: empty)
        }
    }
}
