// SPDX-License-Identifier: Apache-2.0
import Cairn
import Testing

@Suite struct TreeExhaustiveTests {
    private static let limit = 257

    private var reference: TreeReference
    private let reader: TableReader
    private let leafHashes: [Digest]
    private let roots: [Digest]

    init() throws {
        var reference = TreeReference(leaves: (0..<Self.limit).map(treeEntry))
        self.reader = TableReader(reference: &reference, size: Self.limit)
        self.leafHashes = try (0..<Self.limit).map {
            try #require(Digest(reference.root($0..<$0 + 1)))
        }
        self.roots = try (0...Self.limit).map { try #require(Digest(reference.root(0..<$0))) }
        self.reference = reference
    }

    @Test("Every root up to 257 leaves is the one RFC 6962 defines, appended or read")
    func everyRoot() async throws {
        var frontier = Frontier()
        #expect(frontier.root == roots[0])
        #expect(roots[0] == .emptyRoot)
        for index in 0..<Self.limit {
            #expect(Digest.leaf(treeEntry(index)) == leafHashes[index])
            frontier.append(leafHashes[index])
            #expect(frontier.size == UInt64(index + 1))
            #expect(frontier.root == roots[index + 1])
            let read = try await TreeMath.root(of: UInt64(index + 1), from: reader)
            #expect(read == roots[index + 1])
        }
    }

    @Test("Every inclusion proof up to 257 leaves is the one RFC 6962 defines, and holds")
    func everyInclusionProof() async throws {
        var reference = reference
        var failures: [String] = []
        for size in 1...Self.limit {
            for index in 0..<size {
                let proof = try await InclusionProof.make(
                    index: UInt64(index),
                    size: UInt64(size),
                    from: reader
                )
                let isDefined = proof.path.map(\.bytes) == reference.path(index, 0..<size)
                if !isDefined || !proof.holds(leafHash: leafHashes[index], root: roots[size]) {
                    failures.append("\(index) in \(size)")
                }
            }
        }
        #expect(failures == [])
    }

    @Test("Every consistency proof up to 257 leaves is the one RFC 6962 defines, and holds")
    func everyConsistencyProof() async throws {
        var reference = reference
        var failures: [String] = []
        for to in 1...Self.limit {
            for from in 1...to {
                let proof = try await ConsistencyProof.make(
                    from: UInt64(from),
                    to: UInt64(to),
                    from: reader
                )
                let isDefined = proof.path.map(\.bytes) == reference.proof(from, to)
                if !isDefined || !proof.holds(from: roots[from], to: roots[to]) {
                    failures.append("\(from) to \(to)")
                }
            }
        }
        #expect(failures == [])
    }

    @Test("Proofs that cannot exist are refused before anything is read")
    func impossibleProofs() async throws {
        let reader = TableReader(leafHashes: [])
        await #expect(throws: MalformedProof.indexOutsideTree(index: 5, size: 5)) {
            try await InclusionProof.make(index: 5, size: 5, from: reader)
        }
        await #expect(throws: MalformedProof.indexOutsideTree(index: 0, size: 0)) {
            try await InclusionProof.make(index: 0, size: 0, from: reader)
        }
        await #expect(throws: MalformedProof.sizeTooLarge(1 << 63)) {
            try await InclusionProof.make(index: 0, size: 1 << 63, from: reader)
        }
        await #expect(throws: MalformedProof.sizesOutOfOrder(from: 0, to: 5)) {
            try await ConsistencyProof.make(from: 0, to: 5, from: reader)
        }
        await #expect(throws: MalformedProof.sizesOutOfOrder(from: 6, to: 5)) {
            try await ConsistencyProof.make(from: 6, to: 5, from: reader)
        }
        await #expect(throws: MalformedProof.sizeTooLarge(.max)) {
            try await ConsistencyProof.make(from: 1, to: .max, from: reader)
        }
        // What needs no hash is answered without a reader that has any.
        #expect(try await TreeMath.root(of: 0, from: reader) == .emptyRoot)
        #expect(try await InclusionProof.make(index: 0, size: 1, from: reader).path == [])
        #expect(try await ConsistencyProof.make(from: 7, to: 7, from: reader).path == [])
    }
}
