// SPDX-License-Identifier: Apache-2.0

import Cairn
import CairnLedger
import CairnTesting
import Testing

/// The definitions of RFC 6962 2.1, recursive, over hashes of leaves.
struct SlowTree {
    let leaves: [Digest]
    private var known: [Range<Int>: Digest] = [:]

    init(_ leaves: [Digest]) {
        self.leaves = leaves
    }

    mutating func root(_ range: Range<Int>) -> Digest {
        if range.count == 1 { return leaves[range.lowerBound] }
        if range.isEmpty { return .emptyRoot }
        if let root = known[range] { return root }
        let middle = split(range)
        let root = Digest.node(
            left: root(range.lowerBound..<middle),
            right: root(middle..<range.upperBound)
        )
        known[range] = root
        return root
    }

    mutating func path(_ index: Int, _ range: Range<Int>) -> [Digest] {
        guard range.count > 1 else { return [] }
        let middle = split(range)
        return index < middle
            ? path(index, range.lowerBound..<middle) + [root(middle..<range.upperBound)]
            : path(index, middle..<range.upperBound) + [root(range.lowerBound..<middle)]
    }

    private func split(_ range: Range<Int>) -> Int {
        var step = 1
        while 2 * step < range.count { step *= 2 }
        return range.lowerBound + step
    }
}

@Suite("The tree of a store")
struct StoredTreeTests {
    private func stored(_ count: Int) throws -> (tree: StoredTree, reference: ReferenceLedger) {
        let memory = MemoryStore()
        try memory.create(.example)
        var sampler = EventSampler(seed: 90)
        var reference = ReferenceLedger()
        let before = reference.head
        try memory.commit(
            reference.append((0..<count).map { _ in sampler.small() }),
            expecting: before
        )
        return (StoredTree(store: memory, ledger: Tenant.example.ledger), reference)
    }

    @Test("Every inclusion proof of every size to 300 is the one of RFC 6962")
    func inclusion() async throws {
        let (tree, reference) = try stored(300)
        var slow = SlowTree(reference.leafHashes)
        for size in 1...300 {
            for index in 0..<size {
                let proof = try await tree.inclusion(of: UInt64(index), size: UInt64(size))
                let path = slow.path(index, 0..<size)
                guard proof.path == path, proof.index == index, proof.size == size else {
                    Issue.record("index \(index) of \(size)")
                    continue
                }
            }
        }
    }

    @Test("Every root to 300 is the one of RFC 6962, and consistency proofs lead to them")
    func roots() async throws {
        let (tree, reference) = try stored(300)
        var slow = SlowTree(reference.leafHashes)
        for size in 0...300 {
            let root = try await tree.root(size: UInt64(size))
            #expect(root == slow.root(0..<size), "\(size)")
        }
        for (from, to) in [
            (1, 1), (1, 300), (255, 257), (256, 300), (128, 256), (299, 300), (77, 290),
        ] {
            let proof = try await tree.consistency(from: UInt64(from), to: UInt64(to))
            #expect(proof.holds(from: slow.root(0..<from), to: slow.root(0..<to)), "\(from), \(to)")
        }
    }

    @Test("A tile of any width is made of what is kept, and none is made of what is not there")
    func tiles() async throws {
        let (tree, reference) = try stored(300)
        for (index, width) in [(0, 1), (0, 255), (0, 256), (1, 1), (1, 44)] {
            let tile = try await tree.tile(
                TileCoordinate(level: 0, index: UInt64(index), width: width)
            )
            #expect(tile.hashes == Array(reference.leafHashes[(index * 256)...].prefix(width)))
        }
        let above = try await tree.tile(TileCoordinate(level: 1, index: 0, width: 1))
        #expect(above.hashes == [Tile(hashes: Array(reference.leafHashes.prefix(256))).root])
        for (level, index, width) in [(0, 1, 45), (0, 1, 256), (0, 2, 1), (1, 0, 2), (2, 0, 1)] {
            await #expect(throws: StoreError.self) {
                _ = try await tree.tile(
                    TileCoordinate(level: level, index: UInt64(index), width: width)
                )
            }
        }
    }

    @Test("A proof of a record that is not there is refused")
    func outside() async throws {
        let (tree, _) = try stored(3)
        for (index, size): (UInt64, UInt64) in [(3, 3), (0, 4), (0, 0)] {
            await #expect(throws: StoreError.self, "\(index) of \(size)") {
                _ = try await tree.inclusion(of: index, size: size)
            }
        }
    }
}
