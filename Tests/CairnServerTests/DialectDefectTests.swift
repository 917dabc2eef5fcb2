// SPDX-License-Identifier: Apache-2.0

import Cairn
import CairnLedger
import CairnServer
import CairnTesting
import HTTPTypes
import HummingbirdTesting
import Testing

/// What older services got wrong, by the numbers that `docs/seeds.md` gives it.
@Suite("Defects that are not carried on")
struct DialectDefectTests {
    private static let base = "/v1/orgs/default/audit"
    private static let range = "startDate=2026-01-01&endDate=2026-01-31"

    private static func event(_ more: String = "") -> String {
        #"{"eventType":"AUTHORIZATION","actorId":"u","action":"a","resourceType":"t","#
            + #""resourceId":"r"\#(more.isEmpty ? "" : ",")\#(more)}"#
    }

    private static func refused(
        _ client: Client,
        _ uri: String,
        _ text: String
    ) async throws {
        let reply = try await client.get(uri)
        #expect(reply.status == 400, "\(uri): \(reply.text)")
        #expect(reply.json == ["error": .string(text)], "\(uri)")
        #expect(reply.header("Content-Type") == "application/json")
    }

    @Test(
        "D-000-05, 07, 09, D-003-09: bounds are instants, the end is too late, a date ends its day"
    )
    func bounds() async throws {
        try await withServer { client, _ in
            for time in [
                "2026-01-20T00:00:00Z", "2026-01-20T23:59:59.999999999Z", "2026-01-21T00:00:00Z",
                "2026-01-21T12:00:00+02:00",
            ] {
                let body = Self.event(#""timestamp":"\#(time)""#)
                #expect(try await client.post(Self.base, body).status == 201)
            }
            for (start, end, count) in [
                ("2026-01-20", "2026-01-20", 2),
                ("2026-01-20T00:00:00Z", "2026-01-21T00:00:00Z", 2),
                ("2026-01-20T00:00:00.000000001Z", "2026-01-21T00:00:00.000000001Z", 2),
                ("2026-01-21T12:00:00%2B02:00", "2026-01-21T12:00:00.5+02:00", 1),
                ("2026-01-21T10:00:00", "2026-01-21T10:00:01", 1),
                ("2026-01-21T00:00:00Z", "2026-01-21", 2),
                ("2026-01-20T00:00:00Z", "2026-01-20T00:00:00Z", 0),
            ] {
                let reply = try await client.get("\(Self.base)?startDate=\(start)&endDate=\(end)")
                #expect(reply.json["count"]?.integer == count, "\(start) \(end): \(reply.text)")
            }
        }
    }

    @Test("D-000-10, 11, 12, 14, 15: what is wrong in a question is 400, and says what")
    func questions() async throws {
        try await withServer { client, _ in
            let base = Self.base
            try await Self.refused(
                client,
                "\(base)?startDate=2026-02-01&endDate=2026-01-01T00:00:00Z",
                "startDate must not be after endDate"
            )
            try await Self.refused(
                client,
                "\(base)/summary?startDate=2026-02-01Z&endDate=2026-02-02",
                "Invalid date format. Use ISO 8601"
            )
            try await Self.refused(
                client,
                "\(base)?\(Self.range)&pageSize=many",
                "pageSize must be a whole number"
            )
            for token in ["x", "AQ", "eyJQSyI6ICJPUkcjZGVmYXVsdCJ9"] {
                try await Self.refused(
                    client,
                    "\(base)?\(Self.range)&startAt=\(token)",
                    "invalid cursor"
                )
            }
            for (size, used) in [("0", "1"), ("-5", "1"), ("101", "100"), ("9999999", "100")] {
                let reply = try await client.get("\(base)?\(Self.range)&pageSize=\(size)")
                #expect(reply.status == 200 && reply.header("X-Page-Size") == used)
            }
        }
    }

    @Test("D-000-16: a token is of one tenant and one question")
    func tokens() async throws {
        try await withServer { client, _ in
            for _ in 0..<3 { _ = try await client.post(Self.base, Self.event()) }
            let page = try await client.get("\(Self.base)?\(Self.range)&pageSize=1")
            let token = try #require(page.json["nextToken"]?.string)
            let same = try await client.get(
                "\(Self.base)?\(Self.range)&pageSize=1&startAt=\(token)"
            )
            #expect(same.status == 200)
            for other in [
                "\(Self.base)?\(Self.range)&outcome=DENIED&startAt=\(token)",
                "\(Self.base)?startDate=2026-01-02&endDate=2026-01-31&startAt=\(token)",
                "\(Self.base)/users/u?\(Self.range)&startAt=\(token)",
            ] {
                try await Self.refused(client, other, "invalid cursor")
            }
        }
    }

    @Test(
        "D-000-13, 14: a body that is none, or of the wrong shape, is never a mistake of the server"
    )
    func bodies() async throws {
        try await withServer { client, _ in
            let export = "\(Self.base)/export"
            let range = #""dateRange":{"startDate":"2026-01-01","endDate":"2026-01-02"}"#
            for body in [
                "", "null", "[]", "1", "{", #"{"dateRange":null}"#, #"{"dateRange":[]}"#,
                #"{"dateRange":{"startDate":1,"endDate":2}}"#, #"{\#(range),"format":1}"#,
                #"{\#(range),"format":["csv"]}"#, #"{\#(range),"eventTypes":"AUTHORIZATION"}"#,
                #"{\#(range),"eventTypes":[1]}"#, #"{\#(range),"eventTypes":{}}"#,
            ] {
                let reply = try await client.post(export, body)
                #expect(reply.status == 400, "\(body): \(reply.text)")
                #expect(reply.json["error"]?.string?.isEmpty == false)
            }
            for format in ["csv", "JSON", "Csv"] {
                let reply = try await client.post(export, #"{\#(range),"format":"\#(format)"}"#)
                #expect(reply.status == 202, "\(reply.text)")
            }
            for (path, body) in [
                (Self.base, "[]"), (Self.base, Self.event(#""details":[]"#)),
                (Self.base, Self.event(#""details":"x""#)), ("/api/v1/logs", "{}"),
                ("/api/v1/logs", #"{"action":1}"#), ("/api/v1/logs", #"{"action":""}"#),
                ("/api/v1/logs/bulk", "{}"), ("/api/v1/logs/bulk", #"{"logs":{}}"#),
                ("/api/v1/logs/bulk", #"{"logs":[],"more":1}"#), ("/api/v1/audit", "{}"),
                ("/api/v1/audit", #"{"event_type":"with blank"}"#),
                ("/api/v1/audit", #"{"event_type":"a.b","hash":"x"}"#),
                ("/api/v1/audit/verify", #"{"verify_all":"yes"}"#),
                ("/api/v1/audit/verify", #"{"verify_all":true,"from":1}"#),
            ] {
                let reply = try await client.post(path, body)
                #expect((400..<500).contains(reply.status), "\(path) \(body): \(reply.text)")
            }
        }
    }

    @Test("D-000-19: a user's events are narrowed by type, too")
    func declaredFilters() async throws {
        try await withServer { client, _ in
            _ = try await client.post(Self.base, Self.event())
            let more =
                #"{"eventType":"CONFIGURATION","actorId":"u","action":"a","#
                + #""resourceType":"t","resourceId":"r"}"#
            _ = try await client.post(Self.base, more)
            for path in ["users/u", "resources/t/r"] {
                let reply = try await client.get(
                    "\(Self.base)/\(path)?\(Self.range)&eventType=CONFIGURATION"
                )
                #expect(reply.json["count"] == 1)
            }
        }
    }

    @Test("D-000-33, 34: numbers keep their value and stay numbers")
    func numbers() async throws {
        try await withServer { client, _ in
            let details = #"{"f":0.1,"big":12345678901234567890,"neg":-1.5e-7,"i":3}"#
            let made = try await client.post(Self.base, Self.event(#""details":\#(details)"#))
            #expect(made.json["details"] == (try JSONValue(parsing: details)))
        }
    }

    @Test("D-000-32, 36: an id is given for what is durable, and names one event for ever")
    func identity() async throws {
        try await withServer { client, setting in
            let id = "018f6b1e-7c2a-7000-8000-000000000031"
            let one = Self.event(#""id":"\#(id)""#)
            #expect(try await client.post(Self.base, one).status == 201)
            let again = try await client.post(Self.base, one)
            #expect(again.status == 200 && again.json["id"]?.string == id)
            let other = try await client.post(
                Self.base,
                Self.event(#""id":"\#(id)","details":{"x":1}"#)
            )
            #expect(other.status == 409)
            setting.store.failNext(.commit, .beforeWrite)
            let failed = try await client.post(Self.base, Self.event())
            #expect(failed.status == 503 && failed.json["id"] == nil)
        }
    }

    @Test("D-000-37, D-004-11: nothing internal is told, whatever fails")
    func internals() async throws {
        try await withServer { client, setting in
            for (path, body) in [
                (Self.base, Self.event()), ("/api/v1/logs", #"{"action":"x"}"#),
                ("/api/v1/audit", #"{"event_type":"a.b"}"#),
            ] {
                setting.store.failNext(.commit, .beforeWrite)
                let reply = try await client.post(path, body)
                #expect(reply.status == 503)
                #expect(!reply.text.contains("InjectedFault"), "\(reply.text)")
            }
        }
    }

    @Test(
        "D-000-51: a back-dated event has the time it was received, and its place after the others"
    )
    func backDated() async throws {
        try await withServer { client, _ in
            _ = try await client.post("/api/v1/audit", #"{"event_type":"a.b"}"#)
            let made = try await client.post(
                "/api/v1/audit",
                #"{"event_type":"a.b","timestamp":"2001-01-01T00:00:00Z"}"#
            )
            #expect(made.json["sequence"] == 1)
            #expect(made.json["timestamp"] == "2001-01-01T00:00:00Z")
            #expect(made.json["created_at"]?.string?.hasPrefix("2026-") == true)
        }
    }

    @Test("D-002-01, D-003-02: words that are paths of their own are never taken for ids")
    func shadows() async throws {
        try await withServer { client, _ in
            for (path, status) in [
                ("/api/v1/logs/stats", 200), ("/api/v1/audit/stats", 200),
                ("/api/v1/export/formats", 200),
                ("/api/v1/logs/018f6b1e-7c2a-7000-8000-0000000000ff", 404),
            ] {
                #expect(try await client.get(path).status == status, "\(path)")
            }
            let cleanup = try await client.send(.delete, "/api/v1/logs/cleanup")
            cleanup.expectProblem(501, "not_implemented")
            let wrong = try await client.get("/api/v1/logs/cleanup")
            #expect(wrong.status == 405 && wrong.header("Allow") == "DELETE")
        }
    }

    @Test(
        "D-002-04, 09: what was written is in the next list, and numbered pages can be held still"
    )
    func ownWrites() async throws {
        try await withServer { client, _ in
            for number in 0..<5 {
                let made = try await client.post("/api/v1/logs", #"{"action":"a\#(number)"}"#)
                let list = try await client.get("/api/v1/logs")
                #expect(list.json["logs"]?[0]?["id"] == made.json["id"])
            }
            let far = try await client.get("/api/v1/logs?page=1002")
            far.expectProblem(400, "invalid_parameter", field: "page")
            let ahead = try await client.get("/api/v1/logs?snapshot=99")
            ahead.expectProblem(400, "invalid_parameter", field: "snapshot")
        }
    }

    @Test("D-002-08: each entry of a bulk has a result of its own, and a bulk has a limit")
    func bulks() async throws {
        try await withServer { client, _ in
            let mixed = try await client.post(
                "/api/v1/logs/bulk",
                #"{"logs":[{"action":"A"},{"resource_type":"x"},{"action":"B","metadata":1},{"action":"C"}]}"#
            )
            #expect(mixed.status == 207)
            #expect(mixed.json["created"] == 2 && mixed.json["failed"] == 2)
            let results = try #require(mixed.json["results"]?.array)
            #expect(results.compactMap { $0["status"]?.integer } == [201, 422, 422, 201])
            #expect(results[1]["problem"]?["errors"]?[0]?["field"] == "action")
            #expect(results[3]["log"]?["action"] == "C")
            let many = Array(repeating: #"{"action":"A"}"#, count: 101).joined(separator: ",")
            let refused = try await client.post("/api/v1/logs/bulk", #"{"logs":[\#(many)]}"#)
            refused.expectProblem(413, "too_many_events")
        }
    }

    @Test("D-003-08: a verification says how much it looked at, and the first fault and its kind")
    func verification() async throws {
        let setting = try ServerSetting.make()
        try await setting.server.application().test(.live) { base in
            let client = Client(base: base)
            for number in 0..<4 {
                _ = try await client.post(
                    "/api/v1/audit",
                    #"{"event_type":"a.b","action":"a\#(number)"}"#
                )
            }
            setting.memory.tamper(with: setting.tenant.ledger) { $0.records[2] = nil }
            let found = try await client.post("/api/v1/audit/verify", #"{"verify_all":true}"#)
            #expect(found.status == 200, "\(found.text)")
            #expect(found.json["status"] == "invalid" && found.json["is_valid"] == false)
            #expect(found.json["first_fault"]?["index"] == 2)
            #expect(found.json["first_fault"]?["kind"] == "missing")
            let stats = try await client.get("/api/v1/audit/stats")
            #expect(stats.json["chain_verification"]?["status"] == "invalid")
        }
    }

    @Test("A type is made of nothing that shows as a secret")
    func types() async throws {
        try await withServer { client, _ in
            let made = try await client.post(
                "/api/v1/logs",
                #"{"action":"open postgres://u:s3cretpw@db","resource_type":"card 4111111111111111"}"#
            )
            #expect(made.status == 201, "\(made.text)")
            let native = try await client.get("/v1/events")
            #expect(!native.text.contains("s3cretpw") && !native.text.contains("4111"))
        }
    }

    @Test("Members that are sent as null and shown anyway count as not sent")
    func nulls() async throws {
        try await withServer { client, _ in
            let made = try await client.post(
                "/api/v1/audit",
                #"{"event_type":"a.b","timestamp":null,"id":null,"user_id":null,"other":null}"#
            )
            #expect(made.json["timestamp"]?.string != nil && made.json["id"]?.string != nil)
            #expect(made.json["other"] == .null, "what is not known is kept")
        }
    }

    @Test("What has no member of its own is kept to the depth of documents, and no deeper")
    func depth() async throws {
        try await withServer { client, _ in
            for depth in 28...36 {
                let deep =
                    String(repeating: #"{"a":"#, count: depth) + "1"
                    + String(repeating: "}", count: depth)
                let reply = try await client.post("/api/v1/logs", #"{"action":"x","o":\#(deep)}"#)
                #expect([201, 422].contains(reply.status), "\(depth): \(reply.text)")
                guard reply.status == 201 else { continue }
                let id = reply.json["id"]?.string ?? ""
                let read = try await client.get("/api/v1/logs/\(id)")
                #expect(read.text.contains(deep), "\(depth)")
            }
        }
    }

    @Test("A page with a number is whole, or refused; a cursor goes on where a page ended early")
    func largePages() async throws {
        try await withServer(configure: { $0.pageBytes = 4_000 }) { client, _ in
            let text = String(repeating: "x", count: 500)
            for _ in 0..<90 {
                _ = try await client.post(
                    "/api/v1/logs",
                    #"{"action":"a","metadata":{"t":"\#(text)"}}"#
                )
            }
            let small = try await client.get("/api/v1/logs?page_size=3")
            #expect(small.json["count"] == 3)
            try await client.get("/api/v1/logs?page_size=100")
                .expectProblem(400, "invalid_parameter", field: "page_size")
        }
    }

    @Test("A refusal names the member that was sent, in the words of who sent it")
    func words() async throws {
        try await withServer { client, _ in
            let long = String(repeating: "u", count: 300)
            for (path, body, field) in [
                ("/api/v1/audit", #"{"event_type":"a.b","user_id":"\#(long)"}"#, "user_id"),
                ("/api/v1/audit", #"{"event_type":"cairn.x"}"#, "event_type"),
                ("/api/v1/logs", #"{"action":"x","resource_id":"\#(long)"}"#, "resource_id"),
            ] {
                let reply = try await client.post(path, body)
                reply.expectProblem(422, "invalid_event", field: field)
            }
        }
    }

    @Test("An id of any form makes sending again safe, and events draw on the quota for events")
    func repeats() async throws {
        try await withServer(configure: { $0.quotas.events = 4 }) { client, _ in
            let event = Self.event(#""eventId":"audit_0123456789abcdef""#)
            let first = try await client.post(Self.base, event)
            let again = try await client.post(Self.base, event)
            #expect(first.status == 201 && again.status == 200)
            #expect(first.json["id"] == again.json["id"])
            #expect(first.json["id"] == "audit_0123456789abcdef")
            var statuses: [Int] = []
            for _ in 0..<8 {
                statuses.append(try await client.post(Self.base, Self.event()).status)
            }
            #expect(statuses.contains(429), "\(statuses)")
        }
    }
}
