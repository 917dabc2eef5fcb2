// SPDX-License-Identifier: Apache-2.0
import Cairn

/// Reads what pgaudit writes into PostgreSQL's CSV log as events.
///
/// The columns of the log and the fields of the message become `details`, by their names in the
/// manuals. A session's id and the number of its line name an event. pgaudit writes before a
/// statement runs, so nobody can tell from it how the statement ended.
struct PgauditMapping: EntryMapping {
    /// The columns of a CSV log, of which version 12 has the first 23 and version 14 all.
    private static let columns = [
        "log_time", "user_name", "database_name", "process_id", "connection_from", "session_id",
        "session_line_num", "command_tag", "session_start_time", "virtual_transaction_id",
        "transaction_id", "error_severity", "sql_state_code", "message", "detail", "hint",
        "internal_query", "internal_query_pos", "context", "query", "query_pos", "location",
        "application_name", "backend_type", "leader_pid", "query_id",
    ]
    private static let fewestColumns = 23
    /// The fields of a message; the last is there where rows are counted.
    private static let fields = [
        "audit_type", "statement_id", "substatement_id", "class", "command", "object_type",
        "object_name", "statement", "parameter", "rows",
    ]
    private static let fewestFields = 9
    private static let prefix = "AUDIT: "

    private let key: ImportKey
    private let limits: Limits
    private var namelessIDs: NamelessIDs

    init(_ key: ImportKey, limits: Limits = Limits()) {
        self.key = key
        self.limits = limits
        namelessIDs = NamelessIDs(key)
    }

    mutating func read(_ bytes: [UInt8]) throws(ImportRefusal) -> MappedEntry {
        let cells = try Mapping.value(bytes, "row").array ?? []
        guard cells.count >= PgauditMapping.fewestColumns else {
            throw ImportRefusal(
                description: "a row of \(cells.count) cells; a CSV log of PostgreSQL has "
                    + "\(PgauditMapping.fewestColumns) or more"
            )
        }
        var log = PgauditMapping.named(cells, PgauditMapping.columns)
        guard let message = log["message"]?.string, message.hasPrefix(PgauditMapping.prefix)
        else { return .skipped("lines without a message of pgaudit") }
        let audit = try audit(message)
        let id = try id(of: log, message)
        log["message"] = nil
        let isKnown = id.name.utf8.count <= limits.identifierBytes && !id.name.isEmpty
        var event: JSONObject = [
            "id": .string(id.id.text),
            "type": .string(PgauditMapping.type(of: audit)),
            "outcome": .string(Outcome.unknown.rawValue),
            "occurred_at": .string(try ImportTime.logText(log["log_time"]?.string ?? "")),
            "actor": .object(actor(log)),
            "details": ["audit": .object(audit), "log": .object(log)],
        ]
        if isKnown { event["external_id"] = .string(id.name) }
        event["severity"] = severity(log["error_severity"])
        event["action"] = Mapping.text(audit["command"], limits.actionBytes)
        let resources = resources(audit, log)
        if !resources.isEmpty { event["resources"] = .array(resources) }
        if let address = address(log["connection_from"]) { event["source"] = ["ip": address] }
        return .event(JSONValue.object(event).canonical.bytes)
    }

    /// Cells by their names; those beyond the names are kept in their order.
    private static func named(_ cells: [JSONValue], _ names: [String]) -> JSONObject {
        var object = JSONObject()
        for (name, cell) in zip(names, cells) where cell != .null { object[name] = cell }
        if cells.count > names.count { object["more"] = .array(Array(cells[names.count...])) }
        return object
    }

    /// The fields of a message, which is CSV itself.
    private func audit(_ message: String) throws(ImportRefusal) -> JSONObject {
        var record = CSVRecord(limitBytes: message.utf8.count, line: 1)
        var isOver = false
        for byte in message.utf8.dropFirst(PgauditMapping.prefix.utf8.count) {
            guard !isOver else {
                throw ImportRefusal(description: "the message of pgaudit goes on after its end")
            }
            isOver = record.take(byte)
        }
        if !isOver { record.end() }
        guard record.fault == nil, record.cells.count >= PgauditMapping.fewestFields else {
            throw ImportRefusal(
                description: "the message of pgaudit is not \(PgauditMapping.fewestFields) fields"
            )
        }
        let cells = record.cells.map { bytes in
            bytes.map { JSONValue.string(String(decoding: $0, as: UTF8.self)) } ?? .null
        }
        return PgauditMapping.named(cells, PgauditMapping.fields)
    }

    private mutating func id(
        of log: JSONObject,
        _ message: String
    ) throws(ImportRefusal) -> (id: EventID, name: String) {
        guard let session = log["session_id"]?.string, let line = log["session_line_num"]?.string
        else { return (try namelessIDs.id(of: log), "") }
        return (key.id(session, line), "\(session)/\(line)")
    }

    private func actor(_ log: JSONObject) -> JSONObject {
        var actor = Mapping.unknownActor
        if let user = Mapping.text(log["user_name"], limits.identifierBytes) {
            actor = ["type": "database_user", "id": user]
        }
        actor["session_id"] = Mapping.text(log["session_id"], limits.identifierBytes)
        return actor
    }

    /// The object, if the message names one, and the database.
    private func resources(_ audit: JSONObject, _ log: JSONObject) -> [JSONValue] {
        var object = JSONObject()
        object["type"] = Mapping.text(audit["object_type"], limits.identifierBytes)
        object["id"] = Mapping.text(audit["object_name"], limits.identifierBytes)
        var resources: [JSONValue] = object.isEmpty ? [] : [.object(object)]
        if let name = Mapping.text(log["database_name"], limits.identifierBytes) {
            resources.append(["type": "DATABASE", "id": name])
        }
        return resources
    }

    /// The address without its port; `[local]` as it is.
    private func address(_ connection: JSONValue?) -> JSONValue? {
        guard let text = connection?.string else { return nil }
        let host = text.lastIndex(of: ":").map { String(text[..<$0]) } ?? text
        return Mapping.text(.string(host), limits.nameBytes)
    }

    private func severity(_ level: JSONValue?) -> JSONValue? {
        switch level?.string {
        case "LOG", "INFO", "NOTICE": .string(Severity.info.rawValue)
        case "WARNING": .string(Severity.warning.rawValue)
        case "ERROR": .string(Severity.error.rawValue)
        case "FATAL", "PANIC": .string(Severity.critical.rawValue)
        case let text? where text.hasPrefix("DEBUG"): .string(Severity.debug.rawValue)
        default: nil
        }
    }

    /// `db.<class>.<command>` in lower case.
    private static func type(of audit: JSONObject) -> String {
        let part = { (name: String) in audit[name]?.string?.lowercased() ?? "unknown" }
        return Mapping.type("db.\(part("class")).\(part("command"))")
    }
}
