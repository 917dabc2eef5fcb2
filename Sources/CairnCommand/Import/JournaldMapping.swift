// SPDX-License-Identifier: Apache-2.0
import Cairn

/// Reads entries of the systemd journal, as `journalctl -o json` writes them, as events.
///
/// The whole original becomes `details`; the other members are what it says in the ledger's own
/// words. A field may be a text, null where it was too large to be shown, an array of bytes, or an
/// array of several values.
struct JournaldMapping: EntryMapping {
    private let key: ImportKey
    private let limits: Limits
    private var namelessIDs: NamelessIDs

    init(_ key: ImportKey, limits: Limits = Limits()) {
        self.key = key
        self.limits = limits
        namelessIDs = NamelessIDs(key)
    }

    mutating func read(_ bytes: [UInt8]) throws(ImportRefusal) -> MappedEntry {
        let item = try Mapping.object(bytes)
        let name = "__REALTIME_TIMESTAMP"
        guard let time = JournaldMapping.text(item[name]) else {
            throw ImportRefusal(description: "\(name) is missing or no text")
        }
        let sender =
            ["SYSLOG_IDENTIFIER", "_COMM"].lazy
            .compactMap { JournaldMapping.text(item[$0]) }.first ?? "unknown"
        var event: JSONObject = [
            "id": .string(try id(of: item).text),
            "type": .string(Mapping.type("journal.\(sender)")),
            "outcome": .string(Outcome.unknown.rawValue),
            "occurred_at": .string(try ImportTime.text(microseconds: time, name)),
            "actor": .object(actor(item)),
            "details": .object(item),
        ]
        event["severity"] = severity(item["PRIORITY"])
        event["description"] = field(item["MESSAGE"], limits.descriptionBytes)
        event["external_id"] = Mapping.text(item["__CURSOR"], limits.identifierBytes)
        let resources = resources(of: item)
        if !resources.isEmpty { event["resources"] = .array(resources) }
        return .event(JSONValue.object(event).canonical.bytes)
    }

    private mutating func id(of item: JSONObject) throws(ImportRefusal) -> EventID {
        guard let cursor = item["__CURSOR"]?.string, !cursor.isEmpty else {
            return try namelessIDs.id(of: item)
        }
        return key.id(cursor)
    }

    private func field(_ value: JSONValue?, _ limitBytes: Int) -> JSONValue? {
        Mapping.text(JournaldMapping.text(value).map { .string($0) }, limitBytes)
    }

    private func actor(_ item: JSONObject) -> JSONObject {
        guard let id = field(item["_UID"], limits.identifierBytes) else {
            return Mapping.unknownActor
        }
        return ["type": "uid", "id": id]
    }

    /// The host, the unit and the process that the entry is of.
    private func resources(of item: JSONObject) -> [JSONValue] {
        [
            ("host", "_HOSTNAME", nil), ("unit", "_SYSTEMD_UNIT", nil),
            ("process", "_PID", "_COMM"),
        ].compactMap { (type: String, id: String, name: String?) -> JSONValue? in
            guard let id = field(item[id], limits.identifierBytes) else { return nil }
            var resource: JSONObject = ["type": .string(type), "id": id]
            resource["name"] = name.flatMap { field(item[$0], limits.nameBytes) }
            return .object(resource)
        }
    }

    /// The levels of syslog (RFC 5424 6.2.1), 0 being the most severe.
    private func severity(_ priority: JSONValue?) -> JSONValue? {
        switch JournaldMapping.text(priority) {
        case "0", "1", "2": .string(Severity.critical.rawValue)
        case "3": .string(Severity.error.rawValue)
        case "4": .string(Severity.warning.rawValue)
        case "5", "6": .string(Severity.info.rawValue)
        case "7": .string(Severity.debug.rawValue)
        default: nil
        }
    }

    /// A field's text, also where it stands as its bytes.
    private static func text(_ value: JSONValue?) -> String? {
        switch value {
        case .string(let text): return text
        case .number(let number): return number.text
        case .array(let elements):
            let bytes = elements.compactMap { $0.integer.flatMap { UInt8(exactly: $0) } }
            guard bytes.count == elements.count, !bytes.isEmpty else { return nil }
            return String(validating: bytes, as: UTF8.self)
        default: return nil
        }
    }
}
