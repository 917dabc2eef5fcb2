// SPDX-License-Identifier: Apache-2.0

/// The name of a field: a dotted path such as `actor.id`, ASCII, at most 128 bytes.
///
/// A path never comes from a caller's data, because a path cannot be erased. The paths that every
/// record may have are ``Known``; a tenant's schema may split `details` and `change` further.
public enum FieldPath: Hashable, Sendable {
    /// One of the paths of the record format.
    case known(Known)
    /// A path of a schema: `details.<key>`, `change.before.<key>`, `change.after.<key>`, or a
    /// member of a tombstone.
    case other(String)

    /// The paths of the record format; raw values are in byte order of the paths and are the codes
    /// that stores write.
    public enum Known: UInt8, CaseIterable, Sendable {
        case action = 1
        case actorEmail, actorID, actorName, actorSessionID, actorType
        case category
        case changeAfter, changeBefore
        case defaulted, description, details, dialect, dialectRest
        case eventSchema, externalID
        case occurredAt, occurredOffset, outcome
        case principalID, principalSubject
        case redactionPaths, redactionRules
        case resources, risk, severity
        case sourceIP, sourceRequestID, sourceTraceparent, sourceUserAgent
        case type
    }

    private static let texts: [String] = [
        "action", "actor.email", "actor.id", "actor.name", "actor.session_id", "actor.type",
        "category", "change.after", "change.before", "defaulted", "description", "details",
        "dialect", "dialect.rest", "event_schema", "external_id", "occurred_at",
        "occurred_offset", "outcome", "principal.id", "principal.subject", "redaction.paths",
        "redaction.rules", "resources", "risk", "severity", "source.ip", "source.request_id",
        "source.traceparent", "source.user_agent", "type",
    ]
    private static let codes = Dictionary(
        uniqueKeysWithValues: zip(texts, Known.allCases)
    )
    private static let hashes: [Digest] = texts.map { Digest.sha256(Array($0.utf8)) }
    private static let bytes: [[UInt8]] = texts.map { Array($0.utf8) }

    /// Reads a path, or returns nil for text that is none.
    public init?(_ text: String) {
        if let known = FieldPath.codes[text] {
            self = .known(known)
            return
        }
        guard FieldPath.isWellFormed(text) else { return nil }
        self = .other(text)
    }

    /// The paths of the record format of each length, to be found by their bytes.
    private static let known: [[(bytes: [UInt8], path: Known)]] = {
        var known = [[(bytes: [UInt8], path: Known)]](repeating: [], count: 128)
        for (bytes, path) in zip(bytes, Known.allCases) { known[bytes.count].append((bytes, path)) }
        return known
    }()

    /// Reads a path from its bytes, or returns nil for bytes that are none.
    init?(utf8: UnsafeRawBufferPointer) {
        if utf8.count < FieldPath.known.count {
            for (bytes, path) in FieldPath.known[utf8.count] where bytes.elementsEqual(utf8) {
                self = .known(path)
                return
            }
        }
        self.init(String(decoding: utf8, as: UTF8.self))
    }

    /// Whether a path comes before another in the order of records, which is that of their bytes.
    func precedes(_ other: FieldPath) -> Bool {
        if case .known(let left) = self, case .known(let right) = other {
            return left.rawValue < right.rawValue
        }
        return utf8.lexicographicallyPrecedes(other.utf8)
    }

    /// The path as text.
    public var text: String {
        switch self {
        case .known(let known): FieldPath.texts[Int(known.rawValue) - 1]
        case .other(let text): text
        }
    }

    /// The path's bytes.
    package var utf8: [UInt8] {
        switch self {
        case .known(let known): FieldPath.bytes[Int(known.rawValue) - 1]
        case .other(let text): Array(text.utf8)
        }
    }

    /// SHA-256 of the path, from which a field's salt derives.
    package var digest: Digest {
        switch self {
        case .known(let known): FieldPath.hashes[Int(known.rawValue) - 1]
        case .other(let text): Digest.sha256(Array(text.utf8))
        }
    }

    /// Whether the value is about a person, unless a schema says otherwise.
    public var isPersonal: Bool {
        guard case .known(let known) = self else { return true }
        switch known {
        case .type, .category, .outcome, .severity, .risk, .occurredAt, .occurredOffset,
            .actorType, .dialect, .redactionRules, .principalID, .eventSchema, .defaulted:
            return false
        default:
            return true
        }
    }

    private static func isWellFormed(_ text: String) -> Bool {
        let parts = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard text.utf8.count <= 128, (1...3).contains(parts.count) else { return false }
        return parts.allSatisfy { part in
            (1...64).contains(part.count)
                && part.allSatisfy { byte in
                    switch byte {
                    case UInt8(ascii: "a")...UInt8(ascii: "z"),
                        UInt8(ascii: "A")...UInt8(ascii: "Z"),
                        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"),
                        UInt8(ascii: "-"):
                        true
                    default: false
                    }
                }
        }
    }
}
