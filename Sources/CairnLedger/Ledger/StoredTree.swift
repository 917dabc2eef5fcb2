// SPDX-License-Identifier: Apache-2.0

package import Cairn

/// A ledger's tree as its store keeps it: full tiles, and leaf hashes at the right edge.
///
/// Any hash of any size costs a few tiles, whatever the ledger's size.
package struct StoredTree: TileSource {
    private let store: any LedgerStore
    private let ledger: LedgerID

    /// The tree of one ledger of a store.
    package init(store: any LedgerStore, ledger: LedgerID) {
        self.store = store
        self.ledger = ledger
    }

    /// A tile of the tree at any size that the ledger has had, made from what is kept.
    package func tile(_ coordinate: TileCoordinate) async throws -> Tile {
        if let full = try await store.tile(
            TileCoordinate(level: coordinate.level, index: coordinate.index),
            in: ledger
        ) {
            guard coordinate.width < Tile.fullWidth else { return full }
            return Tile(hashes: Array(full.hashes.prefix(coordinate.width)))
        }
        let first = coordinate.index * UInt64(Tile.fullWidth)
        let hashes = try await edgeHashes(
            level: coordinate.level,
            range: first..<first + UInt64(coordinate.width)
        )
        guard hashes.count == coordinate.width else {
            throw StoreError.corrupt("tile \(coordinate.path) is not in the store")
        }
        return Tile(hashes: hashes)
    }

    /// The partial tiles at the right edge of a tree of `size` leaves.
    func edge(size: UInt64) async throws(StoreError) -> TileEdge {
        var levels: [[Digest]] = []
        var count = size
        while count > 0 {
            let first = count / 256 * 256
            let hashes = try await edgeHashes(level: levels.count, range: first..<count)
            guard hashes.count == Int(count - first) else {
                throw StoreError.corrupt("the right edge of the tree is not in the store")
            }
            levels.append(hashes)
            count /= 256
        }
        return TileEdge(size: size, levels: levels)
    }

    private func edgeHashes(
        level: Int,
        range: Range<UInt64>
    ) async throws(StoreError) -> [Digest] {
        if level == 0 { return try await store.leafHashes(in: ledger, at: range) }
        return try await store.tiles(level: level - 1, at: range, in: ledger).map(\.root)
    }

    /// The hashes of complete subtrees, in the order asked for.
    func hashes(of nodes: [TreeNode], size: UInt64) async throws(StoreError) -> [Digest] {
        try await translating { try await TileHashReader(self, size: size).hashes(of: nodes) }
    }

    /// The root at a size the ledger has had.
    package func root(size: UInt64) async throws(StoreError) -> Digest {
        try await translating {
            try await TreeMath.root(of: size, from: TileHashReader(self, size: size))
        }
    }

    /// The proof that a leaf is in the tree of `size` leaves.
    package func inclusion(
        of index: UInt64,
        size: UInt64
    ) async throws(StoreError)
        -> InclusionProof
    {
        try await translating {
            try await InclusionProof.make(
                index: index,
                size: size,
                from: TileHashReader(self, size: size)
            )
        }
    }

    /// The proof that the tree of `from` leaves is the beginning of the tree of `to` leaves.
    package func consistency(
        from: UInt64,
        to: UInt64
    ) async throws(StoreError)
        -> ConsistencyProof
    {
        try await translating {
            try await ConsistencyProof.make(
                from: from,
                to: to,
                from: TileHashReader(self, size: to)
            )
        }
    }

    private func translating<Value>(
        _ body: () async throws -> Value
    ) async throws(StoreError) -> Value {
        do {
            return try await body()
        } catch let error as StoreError {
            throw error
        } catch {
            throw .corrupt("the stored tree cannot be read: \(error)")
        }
    }

    /// Says how a head contradicts the newest checkpoint known outside the store, if it does.
    func contradiction(
        of head: Head,
        tenant: Tenant,
        signer: any CheckpointSigner,
        published note: SignedNote?
    ) async throws(StoreError) -> Fault? {
        guard let note else { return nil }
        let checkpoint: Checkpoint
        do {
            checkpoint = try Checkpoint.open(
                note,
                origin: tenant.origin,
                keys: [signer.verifierKey(for: tenant.origin)]
            )
        } catch {
            return Fault(
                index: 0,
                kind: .checkpointMismatch,
                detail: "the checkpoint kept outside the store cannot be trusted: \(error)"
            )
        }
        guard checkpoint.size <= head.size else {
            return Fault(
                index: head.size,
                kind: .truncated,
                detail: "the store has \(head.size) records, but a checkpoint of "
                    + "\(checkpoint.size) was published: the store went back"
            )
        }
        guard try await root(size: checkpoint.size) == checkpoint.root else {
            return Fault(
                index: checkpoint.size == 0 ? 0 : checkpoint.size - 1,
                kind: .forked,
                detail: "the store's tree at \(checkpoint.size) records is not the published one"
            )
        }
        return nil
    }
}
