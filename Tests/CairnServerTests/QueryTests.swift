// SPDX-License-Identifier: Apache-2.0

import Cairn
import CairnAPI
import CairnLedger
import CairnServer
import CairnTesting
import HTTPTypes
import Testing

@Suite("Pages of records")
struct QueryTests {
    private static let event = #"""
        {"id":"018f6b1e-7c2a-7000-8000-000000000001","type":"user.login",
        "action":"successful_login","outcome":"denied","severity":"warning","risk":"high",
        "occurred_at":"2026-01-23T15:30:00.123456+02:00",
        "actor":{"type":"service","id":"user-123","name":"Ada","email":"a@b.example",
        "session_id":"s-9"},
        "resources":[{"type":"document","id":"doc-1","name":"Plan"},{"id":"doc-2"}],
        "source":{"ip":"AWS Internal","user_agent":"Mozilla/5.0","request_id":"r-1",
        "traceparent":"00-1"},
        "description":"Größe","details":{"b":[1.50,{"é":null}],"a":12345678901234567890},
        "change":{"before":{},"after":{"status":"active"}},"external_id":"x-1"}
        """#

    @Test("A record is the event's members as recorded and what the ledger vouches for")
    func record() async throws {
        try await withServer { client, _ in
            let written = try await client.post("/v1/events", Self.event)
            let receipt = try ReceiptBody(written.json)
            let reply = try await client.get("/v1/events/\(receipt.id)")
            #expect(reply.status == 200)
            #expect(reply.header("Cache-Control") == "no-store")
            let expected = #"""
                {"index":0,"id":"018f6b1e-7c2a-7000-8000-000000000001","type":"user.login",
                "action":"successful_login","category":"authentication","outcome":"denied",
                "severity":"warning","risk":"high","occurred_at":"2026-01-23T13:30:00.123456Z",
                "occurred_offset":"+02:00","actor":{"type":"service","id":"user-123",
                "name":"Ada","email":"a@b.example","session_id":"s-9"},
                "resources":[{"id":"doc-1","name":"Plan","type":"document"},{"id":"doc-2"}],
                "source":{"ip":"AWS Internal","user_agent":"Mozilla/5.0","request_id":"r-1",
                "traceparent":"00-1"},"description":"Größe",
                "details":{"a":12345678901234567890,"b":[1.5,{"é":null}]},
                "change":{"before":{},"after":{"status":"active"}},"external_id":"x-1",
                "received_at":"2026-01-23T14:30:00.123Z","class":"std",
                "leaf_hash":"\#(receipt.leafHash)","previous_hash":"\#(receipt.previousHash)",
                "hash":"\#(receipt.hash)"}
                """#.replacing(",\n", with: ",")
            let category = reply.json["category"]?.string ?? ""
            #expect(
                reply.text == expected.replacing("authentication", with: category)
            )
            let page = try await client.get("/v1/events")
            #expect(page.text == #"{"events":[\#(reply.text)],"size":1}"#)
        }
    }

    @Test("What the server filled in is listed, and empty objects are left out")
    func defaulted() async throws {
        try await withServer { client, _ in
            let id = try await client.post(
                "/v1/events",
                #"{"type":"a.b","actor":{"id":"u"}}"#
            ).json["id"]?.string
            let record = try await client.get("/v1/events/\(id ?? "")").json
            #expect(
                record["defaulted"]?.array?.compactMap(\.string)
                    == ["action", "actor.type", "id", "occurred_at", "outcome", "severity"]
            )
            #expect(record["action"] == "b")
            #expect(record["outcome"] == "success")
            #expect(record["actor"]?["type"] == "user")
            #expect(record["occurred_at"] == "2026-01-23T14:30:00.123Z")
            for absent in ["source", "change", "principal", "redaction", "dialect", "risk"] {
                #expect(record[absent] == nil)
            }
        }
    }

    @Test("An id that is not recorded, or is none, is 404")
    func absent() async throws {
        try await withServer { client, _ in
            try await client.record(1)
            for id in ["018f6b1e-7c2a-7000-8000-000000000009", "x", "1"] {
                try await client.get("/v1/events/\(id)").expectProblem(404, "not_found")
            }
        }
    }

    @Test("A record of another tenant is 404")
    func otherTenant() async throws {
        let memory = MemoryStore()
        try memory.create(.other)
        let other = Tenant(
            name: "default",
            ledger: Tenant.example.ledger,
            origin: Tenant.example.origin,
            createdAt: Tenant.example.createdAt
        )
        try memory.create(other)
        let first = try ServerSetting.make(memory: memory)
        let second = try ServerSetting.make(memory: memory) {
            $0.anonymousTenant = Tenant.other.name
        }
        try await first.run { client in
            let id = try await client.record(1)[0]
            try await second.run { stranger in
                try await stranger.get("/v1/events/\(id)").expectProblem(404, "not_found")
                try await stranger.get("/v1/events/\(id)/proof")
                    .expectProblem(404, "not_found")
                #expect(try await stranger.get("/v1/events").json["events"]?.array?.isEmpty == true)
                try await stranger.get("/tlog/\(other.ledger)/checkpoint")
                    .expectProblem(404, "not_found")
            }
        }
    }

    @Test(
        "Pages, one after the other, are the one long page, and show nothing appended since",
        arguments: ["", "sort=index&order=asc", "order=asc", "sort=index", "type=user.login"]
    )
    func paging(query: String) async throws {
        try await withServer { client, _ in
            try await client.record(30)
            try await client.record(7, type: "user.logout")
            let all = try await client.get("/v1/events?limit=1000&\(query)")
            #expect(all.json["next_cursor"] == nil)
            var found: [JSONValue] = []
            var cursor: String?
            repeat {
                let page = try await client.get(
                    "/v1/events?limit=4&\(query)" + (cursor.map { "&cursor=\($0)" } ?? "")
                )
                #expect(page.status == 200, "\(page.text)")
                #expect(page.json["size"]?.integer == 37)
                found += page.json["events"]?.array ?? []
                cursor = page.json["next_cursor"]?.string
                _ = try await client.record(1)
            } while cursor != nil
            #expect(found == all.json["events"]?.array)
            #expect(found.count == (query.hasPrefix("type") ? 30 : 37))
        }
    }

    @Test("A page of large records ends early, and goes on where it ended")
    func largeRecords() async throws {
        try await withServer(configure: { $0.pageBytes = 20_000 }) { client, _ in
            let note = String(repeating: "n", count: 9000)
            let body = #"{"type":"a.b","actor":{"id":"u"},"details":{"note":"\#(note)"}}"#
            for _ in 0..<150 { _ = try await client.post("/v1/events", body) }
            var indexes: [Int] = []
            var pages = 0
            var cursor = ""
            repeat {
                let path = "/v1/events?sort=index&order=asc&limit=150"
                let reply = try await client.get(path + cursor)
                #expect(reply.status == 200)
                indexes += reply.json["events"]?.array?.compactMap { $0["index"]?.integer } ?? []
                cursor = reply.json["next_cursor"]?.string.map { "&cursor=\($0)" } ?? ""
                pages += 1
            } while !cursor.isEmpty && pages < 100
            #expect(indexes == Array(0..<150))
            #expect(pages == 3)
        }
    }

    @Test("A query of more than 32 words is 400 naming q")
    func manyWords() async throws {
        try await withServer { client, _ in
            let words = (0..<33).map { "w\($0)" }.joined(separator: "+")
            let reply = try await client.get("/v1/events?q=\(words)")
            reply.expectProblem(400, "invalid_parameter")
        }
    }

    @Test("A cursor that was changed, or is for another query, is 400 invalid_cursor")
    func tampered() async throws {
        try await withServer { client, _ in
            try await client.record(5)
            let page = try await client.get("/v1/events?limit=2&type=user.login")
            let cursor = try #require(page.json["next_cursor"]?.string)
            let other = cursor.dropLast() + (cursor.last == "A" ? "B" : "A")
            for query in [
                "type=user.login&cursor=\(other)", "type=user.logout&cursor=\(cursor)",
                "cursor=\(cursor)", "type=user.login&order=asc&cursor=\(cursor)", "cursor=x",
                "cursor=",
            ] {
                try await client.get("/v1/events?limit=2&\(query)")
                    .expectProblem(400, "invalid_cursor")
            }
            let good = try await client.get(
                "/v1/events?cursor=\(cursor)&limit=1000&type=user%2Elogin"
            )
            #expect(good.json["events"]?.array?.count == 3)
        }
    }

    @Test(
        "Each filter finds the record it describes and no other",
        arguments: [
            "type=user.login", "type=user.*", "type=x&type=user.login",
            "action=successful_login", "outcome=denied", "severity=warning", "risk=high",
            "actor_id=user-123", "actor_type=service", "resource_type=document",
            "resource_id=doc-2", "ip=AWS+Internal", "ip=AWS%20Internal", "request_id=r-1",
            "session_id=s-9", "external_id=x-1", "details.a=12345678901234567890",
            "from=2026-01-23T13:30:00Z&to=2026-01-23", "from=2026-01-23T15:30:00+02:00",
            "from=2026-01-23T15:30:00%2B02:00", "to=2026-01-24T00:00:00Z&from=2026-01-23",
            "received_from=2026-01-23T14:30:00.123Z", "index_from=1&index_to=2", "q=gro%C3%9Fe",
            "q=succ*", "q=%22ada%22", "type=user.login&risk=high&q=plan",
        ]
    )
    func filters(query: String) async throws {
        try await withServer { client, setting in
            let other = #"{"type":"a.b","actor":{"id":"u"},"occurred_at":"2026-01-01T00:00:00Z"}"#
            _ = try await client.post("/v1/events", other)
            setting.clock.advance(milliseconds: 0)
            _ = try await client.post("/v1/events", Self.event)
            let reply = try await client.get("/v1/events?\(query)")
            #expect(reply.status == 200, "\(reply.text)")
            let found = reply.json["events"]?.array?.compactMap { $0["index"]?.integer } ?? []
            // Both were received in the same millisecond, so that range finds both.
            #expect(found == (query.hasPrefix("received") ? [1, 0] : [1]))
        }
    }

    @Test("A filter on details compares members by their path")
    func details() async throws {
        try await withServer { client, _ in
            for color in ["red", "green"] {
                _ = try await client.post(
                    "/v1/events",
                    #"{"type":"a.b","actor":{"id":"u"},"details":{"c":{"d":"\#(color)"}}}"#
                )
            }
            let reply = try await client.get("/v1/events?details.c.d=red")
            #expect(reply.json["events"]?.array?.map { $0["index"] } == [0])
        }
    }

    @Test(
        "A parameter that is unknown or wrong is 400 naming it",
        arguments: [
            ("colour=1", "unknown_parameter", "colour"), ("limit=0", "invalid_parameter", "limit"),
            ("limit=1001", "invalid_parameter", "limit"), ("limit=x", "invalid_parameter", "limit"),
            ("limit=-1", "invalid_parameter", "limit"), ("limit=", "invalid_parameter", "limit"),
            ("limit=5&limit=6", "invalid_parameter", "limit"),
            ("sort=type", "invalid_parameter", "sort"), ("order=up", "invalid_parameter", "order"),
            ("from=yesterday", "invalid_parameter", "from"),
            ("to=2026-02-30", "invalid_parameter", "to"),
            ("received_from=1", "invalid_parameter", "received_from"),
            ("index_from=x", "invalid_parameter", "index_from"),
            ("index_to=9007199254740992", "invalid_parameter", "index_to"),
            ("outcome=fine", "invalid_parameter", "outcome"),
            ("severity=high", "invalid_parameter", "severity"),
            ("risk=info", "invalid_parameter", "risk"), ("q=%21", "invalid_parameter", "q"),
            ("details.=1", "invalid_parameter", "details."),
            ("type=%FF", "invalid_parameter", "type"), ("type=%2", "invalid_parameter", "type"),
        ]
    )
    func wrong(query: String, code: String, field: String) async throws {
        try await withServer { client, _ in
            try await client.get("/v1/events?\(query)").expectProblem(400, code, field: field)
        }
    }

    @Test("Filters have at most a hundred values")
    func values() async throws {
        try await withServer { client, _ in
            let hundred = (0..<100).map { "type=t\($0)" }.joined(separator: "&")
            #expect(try await client.get("/v1/events?\(hundred)").status == 200)
            try await client.get("/v1/events?\(hundred)&action=a")
                .expectProblem(400, "invalid_parameter")
        }
    }
}
