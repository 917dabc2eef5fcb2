// SPDX-License-Identifier: Apache-2.0

import Cairn
import CairnAPI
import CairnLedger
import CairnServer
import CairnTesting
import HTTPTypes
import Testing

@Suite("Bulk")
struct BulkTests {
    private static func id(_ number: Int) -> String {
        let text = "\(number)"
        return "018f6b1e-7c2a-7000-8000-"
            + String(repeating: "0", count: 12 - text.count) + text
    }

    private static func event(_ number: Int, type: String = "a.b") -> String {
        #"{"id":"\#(id(number))","type":"\#(type)","actor":{"id":"u"}}"#
    }

    private static func bulk(_ events: [String]) -> String {
        #"{"events":[\#(events.joined(separator: ","))]}"#
    }

    @Test("New events are 201, one result each, in order of input")
    func allNew() async throws {
        try await withServer { client, _ in
            let reply = try await client.post(
                "/v1/events",
                Self.bulk((0..<5).map { Self.event($0) })
            )
            #expect(reply.status == 201)
            let body = try BulkBody(reply.json)
            #expect(body.accepted == 5)
            #expect(body.rejected == 0)
            #expect(body.results.map(\.status) == [201, 201, 201, 201, 201])
            #expect(body.results.map(\.receipt?.index) == [0, 1, 2, 3, 4])
            #expect(body.results.map(\.receipt?.id.text) == (0..<5).map { Self.id($0) })
        }
    }

    @Test("New and known events together are 201; known ones alone are 200")
    func known() async throws {
        try await withServer { client, _ in
            _ = try await client.post("/v1/events", Self.event(1))
            let mixed = try await client.post(
                "/v1/events",
                Self.bulk([Self.event(1), Self.event(2)])
            )
            #expect(mixed.status == 201)
            #expect(try BulkBody(mixed.json).results.map(\.status) == [200, 201])
            let again = try await client.post(
                "/v1/events",
                Self.bulk([Self.event(1), Self.event(2)])
            )
            #expect(again.status == 200)
            #expect(try BulkBody(again.json).accepted == 2)
        }
    }

    @Test("Mixed results are 207, and one bad event does not stop the others")
    func mixed() async throws {
        try await withServer { client, _ in
            _ = try await client.post("/v1/events", Self.event(1))
            let reply = try await client.post(
                "/v1/events",
                Self.bulk([
                    Self.event(1), Self.event(1, type: "c.d"), Self.event(2),
                    #"{"type":"a.b","actor":{"id":"u"},"details":{"x":[1,{"y":"]}\""}],"x":2}}"#,
                    #"{"type":"a.b"}"#, "7", Self.event(3),
                ])
            )
            #expect(reply.status == 207)
            let body = try BulkBody(reply.json)
            #expect(body.results.map(\.status) == [200, 409, 201, 422, 422, 422, 201])
            #expect(body.accepted == 3)
            #expect(body.rejected == 4)
            #expect(body.results[1].problem?.code == "id_conflict")
            #expect(body.results[3].problem?.errors.first?.field == "details.x")
            #expect(body.results[3].problem?.errors.first?.code == "duplicate_name")
            #expect(body.results[4].problem?.errors.first?.field == "actor.id")
            #expect(body.results[5].problem?.code == "invalid_event")
        }
    }

    @Test("Of equal ids in one body the first wins")
    func equalIDs() async throws {
        try await withServer { client, _ in
            let reply = try await client.post(
                "/v1/events",
                Self.bulk([Self.event(1), Self.event(1), Self.event(1, type: "c.d")])
            )
            #expect(reply.status == 207)
            #expect(try BulkBody(reply.json).results.map(\.status) == [201, 200, 409])
        }
    }

    @Test("When all failed alike the status is theirs")
    func alike() async throws {
        try await withServer { client, _ in
            _ = try await client.post("/v1/events", Self.event(1))
            let conflicts = try await client.post(
                "/v1/events",
                Self.bulk([Self.event(1, type: "c.d"), Self.event(1, type: "e.f")])
            )
            #expect(conflicts.status == 409)
            #expect(try BulkBody(conflicts.json).rejected == 2)
            let invalid = try await client.post(
                "/v1/events",
                Self.bulk([#"{"type":"a.b"}"#, "{}"])
            )
            #expect(invalid.status == 422)
            #expect(try BulkBody(invalid.json).results.count == 2)
        }
    }

    @Test("A store out of reach is 503 when nothing was written, and 503 per item otherwise")
    func unavailable() async throws {
        try await withServer { client, setting in
            try await client.record(1)
            setting.store.failNext(.commit, .beforeWrite)
            let all = try await client.post(
                "/v1/events",
                Self.bulk([Self.event(1), Self.event(2)])
            )
            #expect(all.status == 503)
            #expect(all.header("Retry-After") == "1")
            #expect(try BulkBody(all.json).results.map(\.status) == [503, 503])
            setting.store.failNext(.commit, .beforeWrite)
            let some = try await client.post(
                "/v1/events",
                Self.bulk([Self.event(1), "{}"])
            )
            #expect(some.status == 207)
            #expect(try BulkBody(some.json).results.map(\.status) == [503, 422])
        }
    }

    @Test("An empty bulk is 200 and no results")
    func empty() async throws {
        try await withServer { client, _ in
            let reply = try await client.post("/v1/events", #" { "events" : [ ] } "#)
            #expect(reply.status == 200)
            #expect(try BulkBody(reply.json).results.isEmpty)
        }
    }

    @Test("A thousand events are taken, and one more is 413 with nothing written")
    func thousand() async throws {
        try await withServer { client, setting in
            let more = try await client.post(
                "/v1/events",
                Self.bulk((0..<1001).map { Self.event($0) })
            )
            more.expectProblem(413, "too_many_events")
            #expect(setting.memory.contents(of: setting.tenant.ledger)?.head.size == 0)
            let reply = try await client.post(
                "/v1/events",
                Self.bulk((0..<1000).map { Self.event($0) })
            )
            #expect(reply.status == 201)
            #expect(try BulkBody(reply.json).results.last?.receipt?.index == 999)
        }
    }

    @Test("A body of more than 8 MiB is 413")
    func tooLarge() async throws {
        try await withServer { client, _ in
            let reply = try await client.post(
                "/v1/events",
                String(repeating: " ", count: (8 << 20) + 1)
            )
            reply.expectProblem(413, "body_too_large")
        }
    }

    @Test("Members beside events are 422 naming them", arguments: ["colour", "events"])
    func others(name: String) async throws {
        try await withServer { client, _ in
            let reply = try await client.post(
                "/v1/events",
                #"{"events":[\#(Self.event(1))],"\#(name)":[]}"#
            )
            reply.expectProblem(422, "invalid_event", field: name)
        }
    }

    @Test("Members before events are 422 naming one of them")
    func before() async throws {
        try await withServer { client, _ in
            let reply = try await client.post(
                "/v1/events",
                #"{"type":"a.b","events":[\#(Self.event(1))]}"#
            )
            reply.expectProblem(422, "invalid_event", field: "events")
        }
    }

    @Test("Events that are no array are 422")
    func notAnArray() async throws {
        try await withServer { client, _ in
            let reply = try await client.post("/v1/events", #"{"events":{}}"#)
            reply.expectProblem(422, "invalid_event", field: "events")
        }
    }

    @Test(
        "A bulk that is no JSON is 400, wherever it shows, and nothing is written",
        arguments: [
            #"{"events":["#, #"{"events":[{}"#, #"{"events":[{},]}"#, #"{"events":[{}]"#,
            #"{"events":[{}]} x"#, #"{"events" [{}]}"#, #"{"events":[{"type":}]}"#,
            #"{"events":[{}}]}"#, #"{"events":[{"a":"\x"}]}"#, #"{"events":[{} {}]}"#,
            #"{"events":[{}],}"#, #"{"events"#, #"{"events":"#,
        ]
    )
    func malformed(body: String) async throws {
        try await withServer { client, setting in
            let reply = try await client.post("/v1/events", body)
            reply.expectProblem(400, "malformed_body")
            #expect(setting.memory.contents(of: setting.tenant.ledger)?.head.size == 0)
        }
    }

    @Test("A name written with escapes is the same name")
    func escapedName() async throws {
        try await withServer { client, _ in
            let reply = try await client.post(
                "/v1/events",
                #"{"\u0065vents":[\#(Self.event(1))]}"#
            )
            #expect(reply.status == 201)
            #expect(try BulkBody(reply.json).accepted == 1)
        }
    }

    @Test("With proof=true every receipt carries its proof")
    func proofs() async throws {
        try await withServer { client, setting in
            try await client.record(1)
            let reply = try await client.post(
                "/v1/events?proof=true",
                Self.bulk((0..<3).map { Self.event($0) } + ["{}"])
            )
            #expect(reply.status == 207)
            let results = try #require(reply.json["results"]?.array)
            for result in results.prefix(3) {
                try expectProof(try #require(result["receipt"]), setting)
            }
            #expect(results[3]["receipt"] == nil)
        }
    }
}
