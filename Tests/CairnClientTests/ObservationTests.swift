// SPDX-License-Identifier: Apache-2.0

import Cairn
import CairnClient
import Foundation
import Logging
import Synchronization
import Testing

@Suite("What sees an event before it is sent")
struct ObservationTests {
    private struct Refusal: Error {}

    /// A recorder over memory, and the memory.
    private static func recorder(
        _ configure: (inout RecorderOptions) -> Void = { _ in }
    ) throws -> (AuditRecorder, MemoryDestination) {
        let memory = MemoryDestination()
        var options = RecorderOptions()
        configure(&options)
        return (try AuditRecorder(to: memory, options: options), memory)
    }

    private static func secretEvent() throws -> Event {
        var event = try Event.sample()
        event.details = try CanonicalJSON(
            parsing: #"{"users":[{"password":"hunter2"}],"className":"A","apiKey":"k-1"}"#
        )
        event.description = "with Bearer abcdefghijklmnopqrstuvwxyz0123456789"
        return event
    }

    @Test("D-001-01: the caller's event is never changed")
    func unchanged() async throws {
        let (recorder, memory) = try ObservationTests.recorder()
        let event = try ObservationTests.secretEvent()
        let copy = event
        _ = try await recorder.record(event).get()
        #expect(event == copy)
        #expect(memory.events.first?.details != event.details)
    }

    @Test("D-001-02, -03, -04, -05: secrets go, in lists and texts too, and innocent names stay")
    func redaction() async throws {
        let (recorder, memory) = try ObservationTests.recorder()
        _ = try await recorder.record(ObservationTests.secretEvent()).get()
        let sent = try #require(memory.events.first)
        let details = try #require(sent.details).text
        #expect(!details.contains("hunter2") && !details.contains("k-1"))
        #expect(details.contains(#""className":"A""#))
        #expect(sent.description?.contains("abcdefghijklmnop") == false)
        #expect(recorder.counts.redacted == 1)
        let (open, kept) = try ObservationTests.recorder { $0.redaction = .off }
        _ = try await open.record(ObservationTests.secretEvent()).get()
        #expect(kept.events.first?.details?.text.contains("hunter2") == true)
    }

    @Test("D-001-06: equal values can stay equal under a key, and still not be read")
    func digests() async throws {
        let rules = try RedactionRules(
            ["name": "own", "version": 1, "names": ["email": "digest"]]
        )
        let key = RedactionKey(id: "k1", secret: Array(repeating: 7, count: 32))
        let (recorder, memory) = try ObservationTests.recorder {
            $0.redaction = .rules(rules, key: key)
        }
        for email in ["ada@example.com", "ada@example.com", "bob@example.com"] {
            var event = try Event.sample()
            event.details = CanonicalJSON(["email": .string(email)])
            _ = try await recorder.record(event).get()
        }
        let texts = memory.events.compactMap(\.details?.text)
        #expect(texts[0] == texts[1] && texts[0] != texts[2])
        #expect(!texts.joined().contains("example.com"))
    }

    @Test(
        "D-001-07: filters see no secrets, one that throws keeps the event, and drops are counted"
    )
    func filters() async throws {
        let sawSecret = Mutex(false)
        let (recorder, memory) = try ObservationTests.recorder {
            $0.filters = [
                { event in
                    if event.details?.text.contains("hunter2") == true {
                        sawSecret.withLock { $0 = true }
                    }
                    return event.actor.id != "noise"
                },
                { event in
                    if event.actor.id == "odd" { throw Refusal() }
                    return true
                },
            ]
        }
        _ = try await recorder.record(ObservationTests.secretEvent()).get()
        #expect(try await recorder.record(.sample(by: "odd")).get().standing == .recorded)
        #expect(try await recorder.record(.sample(by: "noise")).get().standing == .filtered)
        #expect(!sawSecret.withLock { $0 })
        #expect(memory.events.map(\.actor.id) == ["ada", "odd"])
        #expect(recorder.counts.filtered == 1)
        #expect(recorder.counts.filterFailures == 1)
    }

    @Test("D-001-08, -09: handlers can neither break, change nor hold up what is recorded")
    func handlers() async throws {
        let seen = Mutex<[String]>([])
        let (recorder, memory) = try ObservationTests.recorder {
            $0.handlers = [
                AuditHandler("throws") { _ in throw Refusal() },
                AuditHandler("slow", limit: .milliseconds(20), queuedEvents: 2) { _ in
                    try await Task.sleep(for: .seconds(60))
                },
                AuditHandler("good") { event in
                    var event = event
                    event.actor.id += "!"
                    seen.withLock { $0.append(event.actor.id) }
                },
            ]
        }
        try await recorder.whileRunning { recorder in
            for number in 0..<20 { _ = try await recorder.record(.sample(by: "\(number)")).get() }
            try await eventually("all are told") {
                let counts = recorder.counts
                return seen.withLock { $0.count } == 20 && counts.handlerFailures == 20
                    && counts.handlerTimeouts > 0
            }
        }
        #expect(memory.events.map(\.actor.id) == (0..<20).map { "\($0)" })
        #expect(seen.withLock { $0 } == (0..<20).map { "\($0)!" })
        #expect(recorder.counts.handlerTimeouts + recorder.counts.handlerDrops == 20)
    }

    @Test("D-001-10: what the memory of recent events forgot is told, and the ledger has it")
    func recent() async throws {
        let (recorder, memory) = try ObservationTests.recorder { $0.recentEvents = 10 }
        let start = try Timestamp.parse("2026-01-01T00:00:00Z").timestamp
        for number in 0..<25 {
            var event = try Event.sample(number % 2 == 0 ? "data.read" : "data.delete")
            event.occurredAt = start.advanced(byMilliseconds: Int64(number) * 1000)
            event.actor.id = "actor-\(number % 3)"
            event.resources = [Event.Resource(type: number % 5 == 0 ? "account" : "user")]
            _ = try await recorder.record(event).get()
        }
        let all = recorder.recent()
        #expect(
            all.compactMap(\.occurredAt)
                == (15..<25).reversed().map { start.advanced(byMilliseconds: $0 * 1000) }
        )
        var query = RecentQuery()
        (query.type, query.actorID) = ("data.delete", "actor-1")
        #expect(recorder.recent(query).count == 1)
        query = RecentQuery()
        query.from = start.advanced(byMilliseconds: 20_000)
        query.to = start.advanced(byMilliseconds: 22_000)
        #expect(recorder.recent(query).count == 3)
        query.limit = 2
        #expect(recorder.recent(query).count == 2)
        query = RecentQuery()
        query.resourceType = "account"
        #expect(recorder.recent(query).count == 2)
        let summary = recorder.recentSummary(
            from: start,
            to: start.advanced(byMilliseconds: 60_000)
        )
        #expect(summary.total == 10)
        #expect(summary.forgotten == 15)
        #expect(summary.byType == ["data.read": 5, "data.delete": 5])
        #expect(summary.byOutcome == [.success: 10])
        #expect(summary.bySeverity == [.info: 5, .warning: 5])
        #expect(recorder.recentSummary().total == 0)
        #expect(memory.events.count == 25)
    }

    @Test("R-001-13: the recent events go out as JSON or as CSV, and no cell of it is a formula")
    func export() async throws {
        let (recorder, _) = try ObservationTests.recorder()
        let ids = ["018f6b1e-7c2a-7000-8000-000000000001", "018f6b1e-7c2a-7000-8000-000000000002"]
        for (number, id) in ids.enumerated() {
            var event = try Event.sample("data.delete", by: "actor-\(number)")
            event.id = EventID(id)
            event.occurredAt = try Timestamp.parse("2026-01-01T00:00:0\(number)Z").timestamp
            event.resources = [Event.Resource(type: "account", id: "a-\(number)")]
            event.action = "deleted, for good"
            event.description = "=HYPERLINK(\"x\")"
            event.source.ip = "192.0.2.7"
            event.details = CanonicalJSON(["password": "hunter2"])
            _ = try await recorder.record(event).get()
        }
        let table = String(decoding: recorder.exportRecent(as: .csv), as: UTF8.self)
        let names =
            "id,timestamp,event_type,outcome,severity,user_id,customer_id,resource_type,"
            + "resource_id,action,description,ip_address\r\n"
        #expect(table.hasPrefix(names))
        let row =
            "\(ids[1]),2026-01-01T00:00:01.000Z,data.delete,success,warning,actor-1,,account,a-1,"
            + #""deleted, for good","'=HYPERLINK(""x"")",192.0.2.7"#
        #expect(table.dropFirst(names.count).hasPrefix(row + "\r\n"))
        #expect(table.split(separator: "\r\n").count == 3)
        var query = RecentQuery()
        query.actorID = "actor-1"
        let text = String(decoding: recorder.exportRecent(query, as: .json), as: UTF8.self)
        #expect(text.hasPrefix("[\n  {\n    \""))
        let value = try JSONValue(parsing: Array(text.utf8))
        #expect(value.array?.count == 1)
        #expect(value[0]?["id"]?.string == ids[1])
        #expect(!text.contains("hunter2"))
        query.limit = 0
        #expect(recorder.exportRecent(query, as: .json) == Array("[]\n".utf8))
        #expect(RecentExport(rawValue: "xml") == nil)
    }

    @Test("A line of the log names an event and how it ended, at its level, and never its content")
    func line() async throws {
        let lines = Lines()
        let (recorder, _) = try ObservationTests.recorder {
            $0.eventLogger = Logger(label: "audit") { _ in LineHandler(lines: lines) }
        }
        var event = try ObservationTests.secretEvent()
        (event.severity, event.outcome) = (.critical, .denied)
        _ = try await recorder.record(event).get()
        let (level, text) = try #require(lines.first)
        #expect(level == .critical)
        #expect(text.hasPrefix("AUDIT "))
        #expect(text.contains("type=data.update") && text.contains("outcome=denied"))
        #expect(!text.contains("className") && !text.contains("ada"))
    }
}

/// The lines of a log, as a test looks at them.
private final class Lines: Sendable {
    private let lines = Mutex<[(Logger.Level, String)]>([])

    var first: (Logger.Level, String)? { lines.withLock { $0.first } }

    func add(_ level: Logger.Level, _ text: String) {
        lines.withLock { $0.append((level, text)) }
    }
}

private struct LineHandler: LogHandler {
    let lines: Lines
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.trace

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let facts = (event.metadata ?? [:]).sorted { $0.key < $1.key }
            .map { "\($0.key)=\($0.value)" }
        lines.add(event.level, "\(event.message) \(facts.joined(separator: " "))")
    }
}
