// SPDX-License-Identifier: Apache-2.0

import Cairn
import CairnLedger
import CairnTesting

extension Tampering {
    /// Takes the ledger back to a size, as a restored backup does, but for its checkpoints.
    static func truncate(_ contents: inout MemoryStore.Contents, to size: UInt64) {
        var frontier = Frontier()
        for index in 0..<size {
            contents.records[index].map { frontier.append($0.leafHash) }
        }
        let last = size == 0 ? nil : contents.records[size - 1]
        contents.records = contents.records.filter { $0.key < size }
        contents.tiles = contents.tiles.filter { $0.key.isCovered(byTreeOf: size) }
        contents.head = Head(
            frontier: frontier,
            chain: last?.chain ?? Chain.start(origin: contents.tenant.origin),
            lastReceivedAt: last.map { leaf($0).receivedAt.milliseconds } ?? 0,
            epoch: 0
        )
    }

    /// Changes one leaf and then makes everything after it right: hashes, chain, tiles and head.
    ///
    /// This is what someone does who has the whole database; only checkpoints tell.
    static func rewrite(
        from first: UInt64,
        _ change: @escaping @Sendable (Leaf) -> Leaf
    ) -> @Sendable (inout MemoryStore.Contents) -> Void {
        { contents in
            var frontier = Frontier()
            var chain = Chain.start(origin: contents.tenant.origin)
            let size = contents.head.size
            for index in 0..<size {
                guard var record = contents.records[index] else { continue }
                if index == first {
                    record = record.replacing(leaf: change(leaf(record)).bytes)
                }
                let hash = Digest.leaf(record.leaf)
                chain = Chain.next(chain, leafHash: hash)
                frontier.append(hash)
                contents.records[index] = record.replacing(leafHash: hash, chain: chain)
            }
            let hashes = (0..<256).compactMap { contents.records[$0]?.leafHash }
            contents.tiles[TileCoordinate(level: 0, index: 0)] = Tile(hashes: hashes)
            contents.head = contents.head.replacing(frontier: frontier, chain: chain)
        }
    }
}

extension Leaf {
    /// The leaf with another part.
    func replacing(schema: Schema? = nil, receivedAt: Timestamp? = nil) -> Leaf {
        Leaf(
            origin: origin,
            index: index,
            id: id,
            receivedAt: receivedAt ?? self.receivedAt,
            schema: schema ?? self.schema,
            retentionClass: retentionClass,
            record: record
        )
    }
}
