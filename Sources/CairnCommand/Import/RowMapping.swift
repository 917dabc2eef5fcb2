// SPDX-License-Identifier: Apache-2.0
import Cairn

/// Reads rows of another audit system as events.
///
/// A row's own details become the event's. Every member that no field of the event says word for
/// word, whether it has no field, is too long for it or was put into other words, stays as it is in
/// the member `_import` of the details; what is null, or empty in CSV, counts as absent.
struct RowMapping: EntryMapping {
    /// The member of the details for what has no field.
    static let remainder = "_import"

    private let form: RowForm
    private let key: ImportKey
    private let isTable: Bool
    private let limits: Limits
    private var namelessIDs: NamelessIDs

    /// Maps rows of a form; in those of a table every member is a text.
    init(_ form: RowForm, _ key: ImportKey, isTable: Bool = false, limits: Limits = Limits()) {
        self.form = form
        self.key = key
        self.isTable = isTable
        self.limits = limits
        namelessIDs = NamelessIDs(key)
    }

    mutating func read(_ bytes: [UInt8]) throws(ImportRefusal) -> MappedEntry {
        let item = DynamoDBItem.plain(try Mapping.object(bytes))
        if let marker = form.marker, let kind = item[marker.name], kind != .string(marker.value) {
            return .skipped("items that are no audit events")
        }
        var row = Row(item)
        var event = JSONObject()
        event["id"] = .string(try id(of: item).text)
        try addType(&row, to: &event)
        try addTime(&row, to: &event)
        event["external_id"] = row.identifier(form.id, limits.identifierBytes)
        event["action"] = row.text(form.action, limits.actionBytes)
        event["description"] = row.text(form.description, limits.descriptionBytes)
        // Not to say how it ended is not to say that it went well.
        event["outcome"] =
            row.word(form.outcome, Words.outcomes) ?? .string(Outcome.unknown.rawValue)
        event["severity"] = row.word(form.severity, Words.severities)
        event["risk"] = row.word(form.risk, Words.risks)
        event["actor"] = .object(actor(&row))
        addResource(&row, to: &event)
        addSource(&row, to: &event)
        var change = JSONObject()
        change["before"] = row.document(form.before, isTable: isTable)
        change["after"] = row.document(form.after, isTable: isTable)
        if !change.isEmpty { event["change"] = .object(change) }
        addDetails(&row, to: &event)
        return .event(JSONValue.object(event).canonical.bytes)
    }

    /// The id: of the row's own one, or of all it says.
    private mutating func id(of item: JSONObject) throws(ImportRefusal) -> EventID {
        guard let own = form.id.lazy.compactMap({ Row.plainText(item[$0]) }).first, !own.isEmpty
        else { return try namelessIDs.id(of: item) }
        return key.id(own)
    }

    private func addType(
        _ row: inout Row,
        to event: inout JSONObject
    ) throws(ImportRefusal) {
        guard let text = row[form.type]?.string, !text.isEmpty else {
            throw ImportRefusal(description: "\(form.type) is missing or no text")
        }
        let type = form.types[text] ?? Mapping.type(text)
        event["type"] = .string(type)
        row.give([form.type], .string(type))
    }

    private func addTime(
        _ row: inout Row,
        to event: inout JSONObject
    ) throws(ImportRefusal) {
        guard let name = form.time.first(where: { row[$0] != nil }), let text = row[name]?.string
        else { throw ImportRefusal(description: "\(form.time[0]) is missing or no text") }
        event["occurred_at"] = .string(try ImportTime.text(text, name))
        row.give([name], event["occurred_at"])
    }

    private func actor(_ row: inout Row) -> JSONObject {
        var actor = Mapping.unknownActor
        if let id = row.identifier([form.actorID], limits.identifierBytes) {
            actor["type"] =
                switch row[form.actorType]?.string {
                case nil, "USER": "user"
                case "SYSTEM": "system"
                default: row.text(form.actorType, limits.identifierBytes) ?? "user"
                }
            actor["id"] = id
        }
        actor["email"] = row.text(form.actorEmail, limits.nameBytes)
        actor["session_id"] = row.text(form.session, limits.identifierBytes)
        return actor
    }

    private func addResource(_ row: inout Row, to event: inout JSONObject) {
        var resource = JSONObject()
        resource["type"] = row.text(form.resourceType, limits.identifierBytes)
        resource["id"] = row.identifier([form.resourceID], limits.identifierBytes)
        if !resource.isEmpty { event["resources"] = [.object(resource)] }
    }

    private func addSource(_ row: inout Row, to event: inout JSONObject) {
        var source = JSONObject()
        source["ip"] = row.text(form.address, limits.nameBytes)
        source["user_agent"] = row.text(form.userAgent, limits.userAgentBytes)
        source["request_id"] = row.text(form.requestID, limits.identifierBytes)
        if !source.isEmpty { event["source"] = .object(source) }
    }

    private func addDetails(_ row: inout Row, to event: inout JSONObject) {
        var details: JSONObject?
        // Details with a member of our name would hide it, so they go inside.
        if row.document("details", isTable: isTable, taking: false)?[RowMapping.remainder] == nil {
            details = row.document("details", isTable: isTable)?.object
        }
        let rest = row.rest
        if !rest.isEmpty {
            details = details ?? JSONObject()
            details?[RowMapping.remainder] = .object(rest)
        }
        event["details"] = details.map { .object($0) }
    }
}

/// A row of which one member after the other finds its field.
private struct Row {
    /// The members that no field has said word for word.
    private(set) var rest: JSONObject

    init(_ item: JSONObject) {
        rest = JSONObject(item.filter { $0.value != .null })
    }

    /// The value of a member that is still here.
    subscript(_ name: String?) -> JSONValue? {
        name.flatMap { rest[$0] }
    }

    /// Takes note that a field says this for the first of these members.
    mutating func give(_ names: [String], _ said: JSONValue?) {
        guard let name = names.first(where: { rest[$0] != nil }), rest[name] == said else { return }
        rest[name] = nil
    }

    /// A text for a field, if it fits.
    mutating func text(_ name: String?, _ limitBytes: Int) -> JSONValue? {
        guard let name else { return nil }
        let text = Mapping.text(self[name], limitBytes)
        give([name], text)
        return text
    }

    /// An identifier for a field, if it fits; one may be a number.
    mutating func identifier(_ names: [String], _ limitBytes: Int) -> JSONValue? {
        let first = names.first { rest[$0] != nil }
        let text = Mapping.text(Row.plainText(self[first]).map { .string($0) }, limitBytes)
        give(names, text)
        return text
    }

    /// A word for a field: one of the ledger's own, or of those that mean one of them.
    mutating func word(_ name: String?, _ words: [String: String]) -> JSONValue? {
        guard let name, let word = self[name]?.string.flatMap({ words[$0.lowercased()] }) else {
            return nil
        }
        give([name], .string(word))
        return .string(word)
    }

    /// An object for a field; in a table it stands as text.
    mutating func document(
        _ name: String?,
        isTable: Bool,
        taking: Bool = true
    ) -> JSONValue? {
        guard let name else { return nil }
        var value = self[name]
        if isTable, let text = value?.string {
            value = try? JSONValue(parsing: text, limits: JSONLimits(depth: 64, bytes: 8 << 20))
        }
        if value?.object == nil { value = nil }
        if taking, value != nil { rest[name] = nil }
        return value
    }

    /// A text, or a number as text.
    static func plainText(_ value: JSONValue?) -> String? {
        switch value {
        case .string(let text): text
        case .number(let number): number.text
        default: nil
        }
    }
}

/// Words that mean one of the ledger's own.
private enum Words {
    static let outcomes = words(Outcome.allCases) {
        [
            "succeeded": "success", "ok": "success", "allowed": "success", "failed": "failure",
            "refused": "denied", "forbidden": "denied", "blocked": "denied",
        ]
    }
    static let severities = words(Severity.allCases) {
        [
            "trace": "debug", "informational": "info", "notice": "info", "warn": "warning",
            "err": "error", "crit": "critical", "fatal": "critical", "alert": "critical",
            "emergency": "critical",
        ]
    }
    static let risks = words(Risk.allCases) { ["moderate": "medium"] }

    private static func words<Word: RawRepresentable<String>>(
        _ own: [Word],
        _ others: () -> [String: String]
    ) -> [String: String] {
        Dictionary(uniqueKeysWithValues: own.map { ($0.rawValue, $0.rawValue) })
            .merging(others()) { own, _ in own }
    }
}
