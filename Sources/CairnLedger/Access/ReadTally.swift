// SPDX-License-Identifier: Apache-2.0

internal import Cairn

/// What one principal read and is not recorded yet.
struct ReadTally {
    /// How many records one entry names.
    private static let eventCount = 256
    /// How many different queries one entry tells, and how much of them, in bytes; more are counted.
    private static let queryCount = 64
    private static let queryBytes = 16 << 10
    /// How much of one value is kept, in bytes.
    private static let valueBytes = 256

    let principal: Principal
    let since: Int64
    private let from: Timestamp
    private var requests: [String: Int] = [:]
    private var records = 0
    private var events: [EventID] = []
    private var named: Set<EventID> = []
    private var queries: [JSONValue] = []
    private var asked: Set<CanonicalJSON> = []
    private var asksBytes = 0
    private var omitted = 0
    private var clients = Clients()
    private(set) var bytes = 0

    init(principal: Principal, since: Int64, from: Timestamp) {
        (self.principal, self.since, self.from) = (principal, since, from)
    }

    /// Whether what is next belongs into another entry.
    var isFull: Bool { events.count >= Self.eventCount }

    /// What was asked, as an object, without what only turns pages.
    static func query(_ parameters: [(name: String, value: String)]) -> JSONObject {
        var query = JSONObject()
        for (name, value) in parameters where name != "cursor" && name != "limit" {
            let (name, text) = (clipped(name), clipped(value))
            query[name] =
                switch query[name] {
                case nil: .string(text)
                case .array(let values)?: .array(values + [.string(text)])
                case let first?: .array([first, .string(text)])
                }
        }
        return query
    }

    private static func clipped(_ text: String) -> String {
        guard text.utf8.count > valueBytes else { return text }
        var bytes = 0
        let kept = text.unicodeScalars.prefix { scalar in
            bytes += scalar.utf8.count
            return bytes <= valueBytes
        }
        return String(kept) + "…"
    }

    /// Adds a read, and says how much longer that makes the tally, in bytes.
    mutating func add(_ read: AccessTally.Read, _ query: JSONObject) -> Int {
        let before = bytes
        if bytes == 0 { bytes = 512 }
        requests[read.operation.rawValue, default: 0] += 1
        records += read.records
        clients.add(read.client)
        if let event = read.event, named.insert(event).inserted {
            events.append(event)
            bytes += 64
        } else if read.event == nil {
            let value = JSONValue.object(query)
            let canonical = value.canonical
            if asked.contains(canonical) { return bytes - before }
            if asksBytes + canonical.bytes.count > Self.queryBytes || asked.count >= Self.queryCount
            {
                omitted += 1
            } else {
                asked.insert(canonical)
                queries.append(value)
                asksBytes += canonical.bytes.count
                bytes += canonical.bytes.count * 2 + 64
            }
        }
        return bytes - before
    }

    /// Numbers by name.
    static func counts(_ numbers: [String: Int]) -> JSONValue {
        var members = JSONObject()
        for (name, number) in numbers { members[name] = .number(JSONNumber(number)) }
        return .object(members)
    }

    /// The record of what was read until now.
    func entry(until: Timestamp) -> SelfRecorder.Entry {
        var entry = SelfRecorder.Entry(.reads, "events.read")
        entry.resources = events.map { Event.Resource(type: "event", id: $0.text) }
        entry.details["requests"] = ReadTally.counts(requests)
        entry.details["records"] = .number(JSONNumber(records))
        if !queries.isEmpty { entry.details["queries"] = .array(queries) }
        if omitted > 0 { entry.details["queries_omitted"] = .number(JSONNumber(omitted)) }
        entry.details["clients"] = clients.json
        entry.details["from"] = .string(from.millisecondsText)
        entry.details["to"] = .string(until.millisecondsText)
        return entry
    }
}

/// How often one credential was refused since that was last recorded.
struct RefusalTally {
    let principal: Principal
    var recordedAt: Int64?
    private(set) var attempts = 0
    private var reasons: [String: Int] = [:]
    private var clients = Clients()

    init(principal: Principal, recordedAt: Int64? = nil) {
        (self.principal, self.recordedAt) = (principal, recordedAt)
    }

    mutating func add(_ reason: String, _ client: String?) {
        attempts += 1
        clients.add(client)
        reasons[reason, default: 0] += 1
    }

    var entry: SelfRecorder.Entry {
        var entry = SelfRecorder.Entry(.refusals, "access.refused")
        entry.outcome = .denied
        entry.details["attempts"] = .number(JSONNumber(attempts))
        entry.details["reasons"] = ReadTally.counts(reasons)
        entry.details["clients"] = clients.json
        return entry
    }
}

/// The addresses that something came from, some of them if they are many.
private struct Clients {
    private var texts: Set<String> = []
    private var isCut = false

    mutating func add(_ client: String?) {
        guard let client, !texts.contains(client) else { return }
        guard texts.count < AccessTally.clientCount else {
            isCut = true
            return
        }
        texts.insert(client)
    }

    var json: JSONValue? {
        guard !texts.isEmpty else { return nil }
        return .array((texts.sorted() + (isCut ? ["…"] : [])).map { .string($0) })
    }
}
