// SPDX-License-Identifier: Apache-2.0

public import Cairn
package import CairnAPI

/// A record of the ledger: an event as it was recorded, and what the ledger vouches for.
public struct Record: Sendable, Hashable {
    /// The event's id.
    public let id: EventID
    /// The record's position.
    public let index: UInt64
    /// When it was recorded.
    public let receivedAt: Timestamp
    /// The kind of event; nil when the content is gone.
    public let type: String?
    /// The event; nil when its content is gone, or is of a kind this version cannot read.
    public let event: Event?
    /// The registry's category of the type.
    public let category: String?
    /// The rule by which the content is kept.
    public let retentionClass: String?
    /// The leaf's hash.
    public let leafHash: Digest
    /// The chain before the record.
    public let previousHash: Digest
    /// The chain with the record.
    public let hash: Digest
    /// The record as the server wrote it, with what this type does not name.
    public let json: JSONValue

    /// What an event has and a record of it keeps.
    private static let members = [
        "id", "type", "action", "outcome", "severity", "risk", "actor", "resources", "source",
        "description", "details", "change", "external_id",
    ]

    /// Reads a record; members that are unknown stay in ``json``.
    package init(_ value: JSONValue) throws(MalformedBody) {
        guard let id = value["id"]?.string.flatMap({ EventID($0) }),
            let index = value["index"]?.integer, index >= 0,
            let time = value["received_at"]?.string.flatMap({ try? Timestamp.parse($0) }),
            let leafHash = value["leaf_hash"]?.string.flatMap({ Digest(hex: $0) }),
            let previousHash = value["previous_hash"]?.string.flatMap({ Digest(hex: $0) }),
            let hash = value["hash"]?.string.flatMap({ Digest(hex: $0) })
        else { throw MalformedBody("a record's id, index, time or hashes") }
        self.id = id
        self.index = UInt64(index)
        receivedAt = time.timestamp
        type = value["type"]?.string
        category = value["category"]?.string
        retentionClass = value["class"]?.string
        self.leafHash = leafHash
        self.previousHash = previousHash
        self.hash = hash
        json = value
        event = Record.event(in: value)
    }

    /// The event of a record, or nil where there is none that can be read.
    private static func event(in record: JSONValue) -> Event? {
        var members = JSONObject()
        for name in Record.members { members[name] = record[name] }
        members["occurred_at"] = record["occurred_at"]
        // What was allowed when it was recorded may be larger than what is allowed now.
        var limits = Limits()
        (limits.eventBytes, limits.documentBytes) = (64 << 20, 64 << 20)
        let bytes = JSONValue.object(members).canonical.bytes
        // What cannot be read as an event can still be read as JSON.
        var event = try? EventBody.event(parsing: bytes, limits: limits)
        event?.occurredOffset = record["occurred_offset"]?.string
        return event
    }
}

/// Some records that answer a question, and where to go on.
public struct Page: Sendable {
    /// The records.
    public let records: [Record]
    /// What to ask with for what follows; nil when there is nothing more.
    public let nextCursor: String?
    /// How many records the whole ledger had when the first page was answered.
    public let ledgerSize: UInt64

    /// Joins records and what follows.
    public init(records: [Record], nextCursor: String?, ledgerSize: UInt64) {
        self.records = records
        self.nextCursor = nextCursor
        self.ledgerSize = ledgerSize
    }

    /// Whether there is more: known, not guessed from how full the page is.
    public var hasMore: Bool { nextCursor != nil }
}
