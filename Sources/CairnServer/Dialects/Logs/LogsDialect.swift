// SPDX-License-Identifier: Apache-2.0

internal import Cairn
internal import CairnLedger

/// Entries of an audit log: an action in the caller's words, upper-case severities, and the state
/// before and after.
struct LogsDialect: Dialect {
    static let name = "logs"
    static let given: Set<String> = ["tenant_id", "index", "hash", "previous_hash", "received_at"]
    static let names = [
        "type": "action", "actor.id": "user_id", "resources[0].type": "resource_type",
        "resources[0].id": "resource_id", "source.ip": "ip_address",
        "source.user_agent": "user_agent", "occurred_at": "timestamp", "details": "metadata",
        "change.before": "before_state", "change.after": "after_state",
    ]

    func event(_ members: DialectMembers) throws(InvalidEvent) -> Event {
        let action = try members.required("action")
        let resources = try members.resources("resource_type", "resource_id")
        var event = Event(
            type: try LogsDialect.type(of: action, on: resources?.first?.type),
            actor: try members.user("user_id")
        )
        event.id = try members.id("id")
        event.action = action
        event.resources = resources
        event.source.ip = try members.text("ip_address")
        event.source.userAgent = try members.text("user_agent")
        event.details = try members.document("metadata")
        event.before = try members.document("before_state")
        event.after = try members.document("after_state")
        event.severity = try members.text("severity").flatMap(LogsDialect.severity)
        if let (time, offset) = try members.time("timestamp") {
            (event.occurredAt, event.occurredOffset) = (time, offset)
        }
        return event
    }

    func members(of record: DialectRecord) -> JSONObject {
        let resource = record.resource
        return [
            "id": record.id.map { .string($0.text) } ?? .null,
            "timestamp": record.member(.occurredAt),
            "user_id": record.user,
            "action": record.member(.action),
            "resource_type": resource.type,
            "resource_id": resource.id,
            "ip_address": record.member(.sourceIP),
            "user_agent": record.member(.sourceUserAgent),
            "metadata": record.json(.details) ?? .null,
            "before_state": record.json(.changeBefore) ?? .null,
            "after_state": record.json(.changeAfter) ?? .null,
            "severity": record.text(.severity).map { .string($0.uppercased()) } ?? .null,
        ]
    }

    // MARK: Words

    /// Severities that others have, by ours.
    private static let severities: [String: Severity] = [
        "TRACE": .debug, "NOTICE": .info, "WARN": .warning, "FATAL": .critical, "ALERT": .critical,
        "EMERGENCY": .critical,
    ]

    /// The severity that a word stands for, in either case; nil for one that is not known.
    static func severity(_ text: String) -> Severity? {
        Severity(rawValue: text.lowercased()) ?? severities[text.uppercased()]
    }

    /// The type of an action: what it is done to, and what is done, as in `document.create`.
    static func type(
        of action: String,
        on resource: String?
    ) throws(InvalidEvent) -> EventType {
        let text = "\(part(resource ?? "event")).\(part(action))"
        do {
            // What the server alone may record is somebody's own here.
            let isReserved = text.hasPrefix(EventType.reservedPrefix)
            return try EventType(isReserved ? "their-\(text)" : text)
        } catch {
            throw InvalidEvent(field: "action", code: .invalidValue, message: "makes no type")
        }
    }

    /// A text as one part of a type: in lower case, with `_` for what types do not have.
    ///
    /// A type cannot be redacted, so nothing goes into it that shows as a secret.
    private static func part(_ text: String) -> String {
        let bytes = Redactor.shapes.redact(text).lowercased().utf8.prefix(60).map { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: ":"):
                byte
            default: UInt8(ascii: "_")
            }
        }
        return bytes.isEmpty ? "event" : String(decoding: bytes, as: UTF8.self)
    }
}
