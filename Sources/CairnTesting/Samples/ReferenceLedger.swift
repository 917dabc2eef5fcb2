// SPDX-License-Identifier: Apache-2.0

package import Cairn
package import CairnLedger

/// What a ledger must become, by the definitions of the record format: for stores to be given,
/// and to be compared with.
///
/// Shares nothing with the ledger's own sequencing but the formulas of leaf, chain and frontier.
package struct ReferenceLedger: Sendable {
    /// Whose ledger it is.
    package let tenant: Tenant
    /// All records.
    package private(set) var records: [StoredRecord] = []
    /// The head after them.
    package private(set) var head: Head
    /// The tiles that are full.
    package private(set) var tiles: [TileCoordinate: Tile] = [:]

    /// An empty ledger.
    package init(_ tenant: Tenant = .example) {
        self.tenant = tenant
        head = .empty(origin: tenant.origin)
    }

    /// The hashes of all leaves.
    package var leafHashes: [Digest] { records.map(\.leafHash) }

    /// Adds events and returns what a store is given for them.
    package mutating func append(
        _ events: [PreparedEvent],
        receivedAt: Timestamp = ManualClock.start
    ) -> Batch {
        let first = records.count
        var frontier = head.frontier
        var chain = head.chain
        var completed: [(coordinate: TileCoordinate, tile: Tile)] = []
        for event in events {
            let leaf = Leaf(
                origin: tenant.origin,
                index: UInt64(records.count),
                id: event.id,
                receivedAt: receivedAt,
                schema: event.schema,
                retentionClass: event.retentionClass,
                record: event.digest
            )
            let hash = Digest.leaf(leaf.bytes)
            chain = Chain.next(chain, leafHash: hash)
            frontier.append(hash)
            records.append(
                StoredRecord(
                    index: leaf.index,
                    leaf: leaf.bytes,
                    leafHash: hash,
                    chain: chain,
                    id: event.id,
                    occurredAt: event.occurredAt,
                    payload: Payload(seed: event.seed, fields: event.fields)
                )
            )
            completed += completeTiles()
        }
        head = Head(
            frontier: frontier,
            chain: chain,
            lastReceivedAt: receivedAt.milliseconds,
            epoch: head.epoch
        )
        return Batch(
            ledger: tenant.ledger,
            records: Array(records[first...]),
            tiles: completed,
            head: head
        )
    }

    /// The tiles that the newest record completed.
    private mutating func completeTiles() -> [(coordinate: TileCoordinate, tile: Tile)] {
        var completed: [(coordinate: TileCoordinate, tile: Tile)] = []
        var count = records.count
        var level = 0
        while count > 0, count % 256 == 0 {
            count /= 256
            let hashes: [Digest]
            if level == 0 {
                hashes = records.suffix(256).map(\.leafHash)
            } else {
                let below = (count - 1) * 256..<count * 256
                hashes = below.compactMap {
                    tiles[TileCoordinate(level: level - 1, index: UInt64($0))]?.root
                }
            }
            let coordinate = TileCoordinate(level: level, index: UInt64(count - 1))
            tiles[coordinate] = Tile(hashes: hashes)
            completed.append((coordinate, Tile(hashes: hashes)))
            level += 1
        }
        return completed
    }
}
