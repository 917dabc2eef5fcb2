// SPDX-License-Identifier: Apache-2.0

internal import Cairn
internal import CairnLedger

/// A foreign shape of event at the edge, which other systems speak already.
///
/// A dialect says how its members become an event, and how a record is shown in them. What comes by a
/// dialect is read back by it exactly as it was sent: what the event cannot hold is kept beside it, in
/// the field `dialect.rest`.
protocol Dialect: Sendable {
    /// The name that is recorded with every event that came by it.
    static var name: String { get }
    /// Members that the server alone gives.
    static var given: Set<String> { get }
    /// What the dialect calls the members of an event.
    static var names: [String: String] { get }

    /// Makes an event of the members that were sent.
    ///
    /// - Throws: ``InvalidEvent`` naming the member that breaks a rule.
    func event(_ members: DialectMembers) throws(InvalidEvent) -> Event
    /// The members in which a record is shown.
    func members(of record: DialectRecord) -> JSONObject
}

extension Dialect {
    /// A refusal in the words of who sent the event.
    static func translated(_ invalid: InvalidEvent) -> InvalidEvent {
        for (path, name) in names where invalid.field == path || invalid.field.hasPrefix(path + ".")
        {
            return InvalidEvent(
                field: name + invalid.field.dropFirst(path.utf8.count),
                code: invalid.code,
                message: invalid.message
            )
        }
        return invalid
    }

    /// Reads an event, and what it takes beside it to show it exactly as it was sent.
    ///
    /// - Throws: ``InvalidEvent`` naming the member that breaks a rule.
    func read(
        _ sent: JSONObject,
        limits: Limits
    ) throws(InvalidEvent) -> (event: Event, wire: WireDialect) {
        for (name, _) in sent where Self.given.contains(name) {
            throw InvalidEvent(
                field: name,
                code: .unknownMember,
                message: "is given by the server"
            )
        }
        var event = try event(DialectMembers(sent))
        // A caller that names nobody says so.
        if event.actor.id.isEmpty { event.actor.id = DialectMembers.unknown }
        event = try event.validated(by: limits)
        // A field that is filled in later is no part of what was sent, whatever it becomes.
        let fields = event.fields(EventFacts(now: .epoch), registry: .standard)
        let shown = members(of: DialectRecord(fields: fields, id: event.id))
        var rest = JSONObject()
        for (name, value) in sent where shown[name] != value {
            // What is shown anyway was not sent where it was sent as null.
            if case .null = value, shown[name] != nil { continue }
            rest[name] = value
        }
        guard !rest.isEmpty else { return (event, WireDialect(Self.name)) }
        let document = CanonicalJSON(.object(rest))
        do throws(InvalidJSON) {
            _ = try CanonicalJSON(
                parsing: document.bytes,
                limits: JSONLimits(depth: limits.documentDepth + 1, bytes: document.bytes.count)
            )
        } catch {
            throw InvalidEvent(error)
        }
        guard document.bytes.count <= limits.documentBytes else {
            throw InvalidEvent(
                field: "",
                code: .tooLarge,
                message: "what has no member of its own is at most \(limits.documentBytes) bytes"
            )
        }
        return (event, WireDialect(Self.name, rest: document))
    }

    /// A record as the dialect shows it: exactly as it was sent, where it came by this dialect.
    func shown(_ found: FoundRecord) -> JSONObject {
        let record = DialectRecord(found)
        var members = members(of: record)
        guard record.text(.dialect) == Self.name, let rest = record.json(.dialectRest)?.object
        else {
            return members
        }
        for (name, value) in rest { members[name] = value }
        return members
    }
}

/// The members of an event as a dialect has them.
struct DialectMembers {
    /// Stands for an actor that nobody named.
    static let unknown = "unknown"

    private let members: JSONObject

    init(_ members: JSONObject) {
        self.members = members
    }

    /// The value of a member; nil for none, and for null.
    func value(_ name: String) -> JSONValue? {
        if case .null? = members[name] { return nil }
        return members[name]
    }

    /// A text.
    func text(_ name: String) throws(InvalidEvent) -> String? {
        guard let value = value(name) else { return nil }
        guard let text = value.string else {
            throw InvalidEvent(field: name, code: .wrongType, message: "must be a text")
        }
        return text
    }

    /// A text that has to be there.
    func required(_ name: String) throws(InvalidEvent) -> String {
        guard let text = try text(name) else {
            throw InvalidEvent(field: name, code: .missing, message: "is required")
        }
        guard !text.isEmpty else {
            throw InvalidEvent(field: name, code: .empty, message: "must not be empty")
        }
        return text
    }

    /// An object.
    func document(_ name: String) throws(InvalidEvent) -> CanonicalJSON? {
        guard let value = value(name) else { return nil }
        guard value.object != nil else {
            throw InvalidEvent(field: name, code: .wrongType, message: "must be an object")
        }
        return CanonicalJSON(value)
    }

    /// A time: RFC 3339, or without an offset, which is then UTC.
    func time(_ name: String) throws(InvalidEvent) -> (time: Timestamp, offset: String?)? {
        guard let text = try text(name) else { return nil }
        guard let parsed = DialectTime.parse(text) else {
            throw InvalidEvent(
                field: name,
                code: .invalidValue,
                message: "must be an ISO 8601 time of 1678 to 2261"
            )
        }
        return parsed
    }

    /// An event's own id, where it is a UUID that may be one.
    func id(_ name: String) throws(InvalidEvent) -> EventID? {
        guard let text = try text(name) else { return nil }
        guard let id = EventID(text) else {
            throw InvalidEvent(
                field: name,
                code: .invalidValue,
                message: "must be a UUID of version 4 or 7"
            )
        }
        return id
    }

    /// The only resource, if its type or its id is given.
    func resources(
        _ type: String,
        _ id: String
    ) throws(InvalidEvent) -> [Event.Resource]? {
        let resource = Event.Resource(type: try text(type), id: try text(id))
        return resource.type == nil && resource.id == nil ? nil : [resource]
    }

    /// Who did it: a user, or nobody that was named.
    func user(_ name: String) throws(InvalidEvent) -> Event.Actor {
        guard let id = try text(name), !id.isEmpty else {
            return Event.Actor(type: DialectMembers.unknown, id: DialectMembers.unknown)
        }
        return Event.Actor(id: id)
    }
}

/// A record, or an event that becomes one, as dialects look at it.
struct DialectRecord {
    /// The fields.
    let fields: Fields
    /// The id, where it is known.
    let id: EventID?
    /// What the ledger says of a record; nil for an event that is none yet.
    let found: FoundRecord?

    init(fields: Fields, id: EventID?) {
        (self.fields, self.id, found) = (fields, id, nil)
    }

    init(_ found: FoundRecord) {
        fields = found.record.payload?.fields ?? Fields()
        id = found.record.id
        self.found = found
    }

    /// A field as JSON.
    func json(_ path: FieldPath.Known) -> JSONValue? {
        // What is stored was within the limits when it came, whatever they are now.
        fields.value(.known(path)).flatMap {
            try? JSONValue(parsing: $0, limits: JSONLimits(depth: 512, bytes: $0.count))
        }
    }

    /// A field's text.
    func text(_ path: FieldPath.Known) -> String? {
        fields.value(.known(path)).flatMap { JSONText.string(fromCanonical: $0) }
    }

    /// A field's text as JSON, or null.
    func member(_ path: FieldPath.Known) -> JSONValue {
        text(path).map { .string($0) } ?? .null
    }

    /// Who did it, unless nobody was named.
    var user: JSONValue {
        let id = text(.actorID)
        let isUnknown = id == DialectMembers.unknown && text(.actorType) == id
        return isUnknown ? .null : member(.actorID)
    }

    /// The main resource.
    var resource: (type: JSONValue, id: JSONValue) {
        let first = json(.resources)?[0]
        return (first?["type"] ?? .null, first?["id"] ?? .null)
    }
}

/// Times as other systems write them.
enum DialectTime {
    /// Reads RFC 3339, or the same without an offset, which is then UTC.
    static func parse(_ text: String) -> (time: Timestamp, offset: String?)? {
        if let parsed = try? Timestamp.parse(text) { return (parsed.timestamp, parsed.offset) }
        // A blank between date and time is as common as the T.
        let written =
            text.utf8.count > 10 && Array(text.utf8)[10] == UInt8(ascii: " ")
            ? text.prefix(10) + "T" + text.dropFirst(11) : text[...]
        if let parsed = try? Timestamp.parse(String(written)) {
            return (parsed.timestamp, parsed.offset)
        }
        return (try? Timestamp.parse(written + "Z")).map { ($0.timestamp, nil) }
    }

    /// Reads one end of a range; a bare date as the end means the end of that day.
    static func bound(_ text: String, isEnd: Bool) -> Timestamp? {
        // A plus of an offset that was not encoded reads as a space, which follows the time.
        let written =
            text.utf8.count > 19
            ? String(text.prefix(19)) + text.dropFirst(19).map { $0 == " " ? "+" : $0 } : text
        if Timestamp.isDate(written) {
            return try? Timestamp.parseBound(written, isEnd: isEnd)
        }
        return parse(written)?.time
    }
}
