// SPDX-License-Identifier: Apache-2.0

/// The bytes that are hashed for a record (record format, section 1).
///
/// A leaf holds no content, only the commitment to it, so it can be mirrored and kept for ever.
public struct Leaf: Hashable, Sendable {
    /// The closed list of what a leaf may stand for.
    public enum Schema: String, Sendable, CaseIterable {
        /// An event of a caller.
        case event = "event/1"
        /// A record of what was removed.
        case tombstone = "tombstone/1"
        /// A record of the ledger about itself: keys, policies, restores.
        case ledger = "ledger/1"
    }

    /// Why bytes are no leaf.
    public enum Malformed: Error, Equatable, Sendable {
        /// The bytes break the grammar, or are not the one encoding of what they say.
        case grammar
        /// The leaf is of a version this code does not know; it may be right.
        case unsupportedVersion
    }

    /// The longest leaf, in bytes.
    public static let limitBytes = 4096

    /// The name of the ledger the leaf belongs to.
    public let origin: String
    /// The position in the ledger, from 0.
    public let index: UInt64
    /// The id of the event.
    public let id: EventID
    /// When the server recorded it; never decreasing within a ledger, in whole milliseconds.
    public let receivedAt: Timestamp
    /// What the leaf stands for.
    public let schema: Schema
    /// The retention class.
    public let retentionClass: RetentionClass
    /// The commitment to all fields.
    public let record: Digest

    /// Names what a leaf says.
    public init(
        origin: String,
        index: UInt64,
        id: EventID,
        receivedAt: Timestamp,
        schema: Schema,
        retentionClass: RetentionClass,
        record: Digest
    ) {
        self.origin = origin
        self.index = index
        self.id = id
        self.receivedAt = receivedAt
        self.schema = schema
        self.retentionClass = retentionClass
        self.record = record
    }

    /// The leaf's one encoding.
    public var bytes: [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(256 + origin.utf8.count)
        append(to: &output)
        return output
    }

    package func append(to output: inout [UInt8]) {
        output.append(contentsOf: "audit-leaf/v1\n{\"class\":\"".utf8)
        output.append(contentsOf: retentionClass.text.utf8)
        output.append(contentsOf: "\",\"id\":\"".utf8)
        id.appendText(to: &output)
        output.append(contentsOf: "\",\"index\":".utf8)
        JSONText.appendInteger(index, to: &output)
        output.append(contentsOf: ",\"origin\":\"".utf8)
        output.append(contentsOf: origin.utf8)
        output.append(contentsOf: "\",\"received_at\":\"".utf8)
        receivedAt.appendMilliseconds(to: &output)
        output.append(contentsOf: "\",\"record\":\"".utf8)
        record.appendBase64URL(to: &output)
        output.append(contentsOf: "\",\"schema\":\"".utf8)
        output.append(contentsOf: schema.rawValue.utf8)
        output.append(contentsOf: "\",\"v\":1}".utf8)
    }

    /// Reads a leaf, accepting nothing but the one encoding.
    ///
    /// - Throws: ``Malformed``; an unknown version is told apart, because it may be right.
    public init(parsing bytes: [UInt8]) throws(Malformed) {
        try self.init(reading: bytes)
        guard self.bytes == bytes else { throw .grammar }
    }

    /// Reads a leaf that a store gives, without comparing its bytes with the one encoding: what an
    /// audit does, and no reader needs.
    ///
    /// - Throws: ``Malformed`` as ``init(parsing:)`` does.
    package init(reading bytes: [UInt8]) throws(Malformed) {
        guard bytes.count <= Leaf.limitBytes else { throw .grammar }
        let read = bytes.withUnsafeBytes { buffer in
            var scanner = MemberScanner(buffer)
            return scanner.leaf()
        }
        guard let leaf = read else {
            throw Leaf.isOfOtherVersion(bytes) ? .unsupportedVersion : .grammar
        }
        self = leaf
    }

    /// Whether the bytes carry the prefix and a version other than 1.
    private static func isOfOtherVersion(_ bytes: [UInt8]) -> Bool {
        let prefix = Array("audit-leaf/v".utf8)
        guard bytes.starts(with: prefix), let newline = bytes.firstIndex(of: 0x0A) else {
            return false
        }
        let version = bytes[prefix.count..<newline]
        let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
        guard !version.isEmpty, version.allSatisfy(digits.contains) else { return false }
        if version != [UInt8(ascii: "1")] { return true }
        guard let value = try? JSONValue(parsing: Array(bytes[(newline + 1)...])) else {
            return false
        }
        return value["v"]?.integer.map { $0 != 1 } ?? false
    }
}

extension MemberScanner {
    /// Reads a leaf, in which nothing needs an escape.
    fileprivate mutating func leaf() -> Leaf? {
        guard take("audit-leaf/v1\n{\"class\":\""), let retention = text(),
            let retentionClass = RetentionClass(String(decoding: retention, as: UTF8.self)),
            take(",\"id\":\""), let idText = text(), let id = try? EventID.parse(idText),
            take(",\"index\":"), let index = integer(),
            take(",\"origin\":\""), let originText = text(),
            case let origin = String(decoding: originText, as: UTF8.self), Origin.isValid(origin),
            take(",\"received_at\":\""), let time = text(),
            let received = try? Timestamp.parse(time),
            take(",\"record\":\""), let record = base64URL(),
            take(",\"schema\":\""), let schemaText = text(),
            let schema = Leaf.Schema(rawValue: String(decoding: schemaText, as: UTF8.self)),
            take(",\"v\":1}"), isAtEnd
        else { return nil }
        return Leaf(
            origin: origin,
            index: index,
            id: id,
            receivedAt: received.timestamp,
            schema: schema,
            retentionClass: retentionClass,
            record: record
        )
    }
}
