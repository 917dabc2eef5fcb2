// SPDX-License-Identifier: Apache-2.0

package import Cairn

/// An event that is ready to be sequenced: its fields are canonical and committed to.
package struct PreparedEvent: Sendable {
    /// The event's id.
    package let id: EventID
    /// Whether the id was made here and so cannot be recorded already.
    package let isFresh: Bool
    /// The record's fields.
    package let fields: Fields
    /// The record's seed.
    package let seed: Seed
    /// The commitment to the fields.
    package let digest: Digest
    /// When the caller says it happened.
    package let occurredAt: Timestamp
    /// What the leaf stands for.
    package let schema: Leaf.Schema
    /// The retention class.
    package let retentionClass: RetentionClass
    /// Whether its sender may learn what is recorded under its id by somebody else.
    package let isReader: Bool

    /// Commits to the fields under a seed.
    package init(
        id: EventID,
        isFresh: Bool,
        fields: Fields,
        seed: Seed,
        occurredAt: Timestamp,
        schema: Leaf.Schema = .event,
        retentionClass: RetentionClass = .standard,
        isReader: Bool = true
    ) {
        self.id = id
        self.isFresh = isFresh
        self.fields = fields
        self.seed = seed
        digest = Commitment.record(fields, seed: seed)
        self.occurredAt = occurredAt
        self.schema = schema
        self.retentionClass = retentionClass
        self.isReader = isReader
    }

    /// Whether an earlier event of the same id is this one sent again.
    ///
    /// A sender that may not read is told so of its own events alone: to compare with somebody
    /// else's would tell it what they are.
    func isRepeat(of first: Fields) -> Bool {
        let isOwn = first.value(.known(.principalID)) == fields.value(.known(.principalID))
        guard isReader || isOwn else { return false }
        return first.asSent == fields.asSent
    }

    /// The leaf of the event at its place in a ledger.
    func leaf(origin: String, index: UInt64, receivedAt: Timestamp) -> Leaf {
        Leaf(
            origin: origin,
            index: index,
            id: id,
            receivedAt: receivedAt,
            schema: schema,
            retentionClass: retentionClass,
            record: digest
        )
    }
}

/// A record as a store keeps it.
package struct StoredRecord: Sendable, Hashable {
    /// The position in the ledger.
    package let index: UInt64
    /// The leaf's bytes.
    package let leaf: [UInt8]
    /// The leaf's hash.
    package let leafHash: Digest
    /// The chain up to and with this record.
    package let chain: Digest
    /// The event's id, as the store looks it up by.
    package let id: EventID
    /// The caller's time, as the store orders by.
    package let occurredAt: Timestamp
    /// The content, or nil when it was pruned.
    package let payload: Payload?

    /// Names a record.
    package init(
        index: UInt64,
        leaf: [UInt8],
        leafHash: Digest,
        chain: Digest,
        id: EventID,
        occurredAt: Timestamp,
        payload: Payload?
    ) {
        self.index = index
        self.leaf = leaf
        self.leafHash = leafHash
        self.chain = chain
        self.id = id
        self.occurredAt = occurredAt
        self.payload = payload
    }

    /// The record that an event became, whose receipt says that it was recorded then.
    package init(_ event: PreparedEvent, _ receipt: Receipt) {
        let leaf = event.leaf(
            origin: receipt.origin,
            index: receipt.index,
            receivedAt: receipt.receivedAt
        )
        self.init(event, receipt, leaf: leaf.bytes)
    }

    /// The same, where the leaf's bytes are known.
    init(_ event: PreparedEvent, _ receipt: Receipt, leaf: [UInt8]) {
        self.init(
            index: receipt.index,
            leaf: leaf,
            leafHash: receipt.leafHash,
            chain: receipt.hash,
            id: event.id,
            occurredAt: event.occurredAt,
            payload: Payload(seed: event.seed, fields: event.fields)
        )
    }
}

/// A record's content, which may be erased one day; the leaf stays.
package struct Payload: Sendable, Hashable {
    /// From which the salts derive; it never leaves the store.
    package let seed: Seed
    /// The fields.
    package let fields: Fields

    /// Joins seed and fields.
    package init(seed: Seed, fields: Fields) {
        self.seed = seed
        self.fields = fields
    }
}

/// What one commit adds to a ledger: records, full tiles, and the head after them.
package struct Batch: Sendable {
    /// The ledger.
    package let ledger: LedgerID
    /// The records, in order of index.
    package let records: [StoredRecord]
    /// Tiles that these records complete.
    package let tiles: [(coordinate: TileCoordinate, tile: Tile)]
    /// The head once they are durable.
    package let head: Head

    /// Joins what one commit adds.
    package init(
        ledger: LedgerID,
        records: [StoredRecord],
        tiles: [(coordinate: TileCoordinate, tile: Tile)],
        head: Head
    ) {
        self.ledger = ledger
        self.records = records
        self.tiles = tiles
        self.head = head
    }
}

/// What a writer gets for a durable event.
package struct Receipt: Hashable, Sendable {
    /// The event's id.
    package let id: EventID
    /// The record's position.
    package let index: UInt64
    /// When it was recorded.
    package let receivedAt: Timestamp
    /// The leaf's hash.
    package let leafHash: Digest
    /// The chain before the record.
    package let previousHash: Digest
    /// The chain with the record.
    package let hash: Digest
    /// The ledger's name in checkpoints.
    package let origin: String
}
