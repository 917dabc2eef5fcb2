// SPDX-License-Identifier: Apache-2.0

package import Cairn

/// A record as the API shows it: the event's members as recorded, and what the ledger vouches for.
package struct RecordBody: Sendable {
    /// The event's id.
    package let id: EventID
    /// The record's position.
    package let index: UInt64
    /// When it was recorded.
    package let receivedAt: Timestamp
    /// The retention class.
    package let retentionClass: RetentionClass
    /// The fields, or nil when the content is gone.
    package let fields: Fields?
    /// The leaf's hash.
    package let leafHash: Digest
    /// The chain before the record.
    package let previousHash: Digest
    /// The chain with the record.
    package let hash: Digest

    /// Reads what a record says, from its leaf and from what is kept beside it.
    package init(
        leaf bytes: [UInt8],
        fields: Fields?,
        leafHash: Digest,
        previousHash: Digest,
        hash: Digest
    ) throws(Leaf.Malformed) {
        let leaf = try Leaf(reading: bytes)
        id = leaf.id
        index = leaf.index
        receivedAt = leaf.receivedAt
        retentionClass = leaf.retentionClass
        self.fields = fields
        self.leafHash = leafHash
        self.previousHash = previousHash
        self.hash = hash
    }

    /// The record as a value.
    ///
    /// - Throws: ``InvalidJSON`` for stored fields that are damaged.
    package func json() throws(InvalidJSON) -> JSONValue {
        var output = JSONOutput(reservingCapacity: 2048)
        append(to: &output)
        return try JSONValue(
            parsing: output.bytes,
            limits: JSONLimits(depth: 512, bytes: output.bytes.count)
        )
    }

    /// An object of the record and the fields that are its members.
    private struct Group: Sendable {
        let name: StaticString?
        let members: [(name: StaticString, path: FieldPath.Known)]
    }

    /// The order in which a record is written: what people look for first comes first.
    private static let layout: [Group] = [
        Group(
            name: nil,
            members: [
                ("type", .type), ("action", .action), ("category", .category),
                ("outcome", .outcome), ("severity", .severity), ("risk", .risk),
                ("occurred_at", .occurredAt), ("occurred_offset", .occurredOffset),
            ]
        ),
        Group(
            name: "actor",
            members: [
                ("type", .actorType), ("id", .actorID), ("name", .actorName),
                ("email", .actorEmail), ("session_id", .actorSessionID),
            ]
        ),
        Group(name: nil, members: [("resources", .resources)]),
        Group(
            name: "source",
            members: [
                ("ip", .sourceIP), ("user_agent", .sourceUserAgent),
                ("request_id", .sourceRequestID), ("traceparent", .sourceTraceparent),
            ]
        ),
        Group(
            name: nil,
            members: [("description", .description), ("details", .details)]
        ),
        Group(name: "change", members: [("before", .changeBefore), ("after", .changeAfter)]),
        Group(
            name: nil,
            members: [
                ("external_id", .externalID), ("event_schema", .eventSchema),
                ("dialect", .dialect), ("defaulted", .defaulted),
            ]
        ),
        Group(
            name: "redaction",
            members: [("rules", .redactionRules), ("paths", .redactionPaths)]
        ),
        Group(
            name: "principal",
            members: [("id", .principalID), ("subject", .principalSubject)]
        ),
    ]

    /// Writes the record; values are copied as they are stored and never read again.
    package func append(to output: inout JSONOutput) {
        output.beginObject()
        output.member("index", index)
        output.name("id")
        output.value(id)
        if let fields { RecordBody.append(fields, to: &output) }
        output.member("received_at", receivedAt)
        output.member("class", retentionClass.text)
        output.member("leaf_hash", leafHash)
        output.member("previous_hash", previousHash)
        output.member("hash", hash)
        output.endObject()
    }

    private static func append(_ fields: Fields, to output: inout JSONOutput) {
        let count = FieldPath.Known.allCases.count + 1
        withUnsafeTemporaryAllocation(of: Range<Int>.self, capacity: count) { ranges in
            ranges.initialize(repeating: 0..<0)
            for field in fields {
                guard case .known(let known) = field.path else { continue }
                ranges[Int(known.rawValue)] = field.range
            }
            fields.encoded.withUnsafeBytes { encoded in
                for group in layout {
                    append(group, ranges, encoded, to: &output)
                }
            }
        }
    }

    private static func append(
        _ group: Group,
        _ ranges: UnsafeMutableBufferPointer<Range<Int>>,
        _ encoded: UnsafeRawBufferPointer,
        to output: inout JSONOutput
    ) {
        // An object that would have no member is left out.
        var isOpen = group.name == nil
        for (name, path) in group.members {
            let range = ranges[Int(path.rawValue)]
            guard !range.isEmpty else { continue }
            if !isOpen, let group = group.name {
                output.name(group)
                output.beginObject()
                isOpen = true
            }
            output.name(name)
            output.value(json: UnsafeRawBufferPointer(rebasing: encoded[range]))
        }
        if isOpen, group.name != nil { output.endObject() }
    }
}
