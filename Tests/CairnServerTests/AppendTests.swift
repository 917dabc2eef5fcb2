// SPDX-License-Identifier: Apache-2.0

import Cairn
import CairnAPI
import CairnLedger
import CairnServer
import CairnTesting
import HTTPTypes
import Testing

@Suite("One event")
struct AppendTests {
    private static let id = "018f6b1e-7c2a-7000-8000-000000000001"
    private static let event = #"{"id":"\#(id)","type":"user.login","actor":{"id":"u"}}"#

    @Test("A new event is 201 with its receipt and its place")
    func recorded() async throws {
        try await withServer { client, setting in
            let reply = try await client.post("/v1/events", Self.event)
            #expect(reply.status == 201)
            #expect(reply.header("Content-Type") == "application/json")
            #expect(reply.header("Location") == "/v1/events/\(Self.id)")
            #expect(reply.header("Cache-Control") == "no-store")
            let receipt = try ReceiptBody(reply.json)
            #expect(receipt.id.text == Self.id)
            #expect(receipt.index == 0)
            #expect(receipt.origin == setting.tenant.origin)
            #expect(receipt.previousHash == Chain.start(origin: setting.tenant.origin))
            #expect(
                receipt.hash == Chain.next(receipt.previousHash, leafHash: receipt.leafHash)
            )
            #expect(reply.json.object?.count == 7)
        }
    }

    @Test("An event without an id gets one of version 7")
    func idIsMade() async throws {
        try await withServer { client, _ in
            let reply = try await client.post(
                "/v1/events",
                #"{"type":"a.b","actor":{"id":"u"}}"#
            )
            let id = try #require(reply.json["id"]?.string.flatMap { EventID($0) })
            #expect(id.version == 7)
        }
    }

    @Test("The same event again is 200 with the first receipt")
    func known() async throws {
        try await withServer { client, setting in
            let first = try await client.post("/v1/events", Self.event)
            setting.clock.advance(milliseconds: 1000)
            let again = try await client.post("/v1/events", " " + Self.event + "\n")
            #expect(again.status == 200)
            #expect(try ReceiptBody(again.json) == ReceiptBody(first.json))
        }
    }

    @Test("Another event under a known id is 409 id_conflict")
    func conflict() async throws {
        try await withServer { client, _ in
            _ = try await client.post("/v1/events", Self.event)
            let reply = try await client.post(
                "/v1/events",
                #"{"id":"\#(Self.id)","type":"user.logout","actor":{"id":"u"}}"#
            )
            reply.expectProblem(409, "id_conflict", field: "id")
        }
    }

    @Test("An event whose content is gone is 409 content_unavailable with the first receipt")
    func contentUnavailable() async throws {
        try await withServer { client, setting in
            let first = try await client.post("/v1/events", Self.event)
            setting.memory.tamper(with: setting.tenant.ledger) { contents in
                contents.records[0] = contents.records[0]?.replacing(payload: .some(nil))
            }
            let reply = try await client.post("/v1/events", Self.event)
            reply.expectProblem(409, "content_unavailable")
            #expect(try ProblemBody(reply.json).receipt == ReceiptBody(first.json))
        }
    }

    @Test(
        "An event that breaks a rule is 422 naming the member",
        arguments: [
            (#"{"type":"a.b","actor":{"id":"u"},"colour":1}"#, "colour", "unknown_member"),
            (#"{"type":"a.b","actor":{"id":"u","age":1}}"#, "actor.age", "unknown_member"),
            (#"{"type":"a.b"}"#, "actor.id", "missing"),
            (#"{"actor":{"id":"u"}}"#, "type", "missing"),
            (#"{"type":"a.b","actor":{"id":""}}"#, "actor.id", "empty"),
            (#"{"type":"a.b","actor":{"id":"u"},"action":null}"#, "action", "null"),
            (#"{"type":"a.b","actor":{"id":"u"},"action":1}"#, "action", "wrong_type"),
            (#"{"type":"a b","actor":{"id":"u"}}"#, "type", "invalid_value"),
            (#"{"type":"cairn.x","actor":{"id":"u"}}"#, "type", "reserved"),
            (#"{"type":"a.b","actor":{"id":"u"},"outcome":"fine"}"#, "outcome", "invalid_value"),
            (
                #"{"type":"a.b","actor":{"id":"u"},"occurred_at":"2026-02-30T00:00:00Z"}"#,
                "occurred_at", "invalid_value"
            ),
            (
                #"{"type":"a.b","actor":{"id":"u"},"occurred_at":"2026-01-23T15:00:00Z"}"#,
                "occurred_at", "in_future"
            ),
            (
                #"{"id":"018f6b1e-7c2a-1000-8000-000000000001","type":"a.b","actor":{"id":"u"}}"#,
                "id", "invalid_value"
            ),
            (#"{"type":"a.b","actor":{"id":"u"},"details":[]}"#, "details", "wrong_type"),
            (#"{"type":"a.b","type":"a.b","actor":{"id":"u"}}"#, "type", "duplicate_name"),
            (
                #"{"type":"a.b","actor":{"id":"u"},"details":{"a":{"b":1,"b":2}}}"#,
                "details.a.b", "duplicate_name"
            ),
            (#"[1]"#, "", "wrong_type"),
        ]
    )
    func invalid(body: String, field: String, rule: String) async throws {
        try await withServer { client, setting in
            let reply = try await client.post("/v1/events", body)
            reply.expectProblem(422, "invalid_event", field: field)
            #expect(reply.json["errors"]?[0]?["code"]?.string == rule)
            #expect(setting.memory.contents(of: setting.tenant.ledger)?.head.size == 0)
        }
    }

    @Test(
        "A body that is no JSON is 400",
        arguments: ["", "{", "nonsense", #"{"type":"a.b","actor":{"id":"u"}} x"#, "\u{FEFF}{}"]
    )
    func malformed(body: String) async throws {
        try await withServer { client, _ in
            let reply = try await client.post("/v1/events", body)
            #expect(reply.status == 400 || body.hasPrefix("\u{FEFF}"))
            if reply.status == 400 { reply.expectProblem(400, "malformed_body") }
        }
    }

    @Test("An event of more than a mebibyte is 413")
    func tooLarge() async throws {
        try await withServer { client, _ in
            let text = String(repeating: "x", count: 1 << 20)
            let reply = try await client.post(
                "/v1/events",
                #"{"type":"a.b","actor":{"id":"u"},"description":"\#(text)"}"#
            )
            reply.expectProblem(413, "body_too_large")
        }
    }

    @Test("Another content type, or none, is 415", arguments: [nil, "text/plain", "text/json"])
    func unsupported(type: String?) async throws {
        try await withServer { client, _ in
            let reply = try await client.send(.post, "/v1/events", body: Self.event, type: type)
            reply.expectProblem(415, "unsupported_media_type")
        }
    }

    @Test("A content type may have parameters and capitals")
    func parameters() async throws {
        try await withServer { client, _ in
            let reply = try await client.send(
                .post,
                "/v1/events",
                body: Self.event,
                type: "Application/JSON ; charset=utf-8"
            )
            #expect(reply.status == 201)
        }
    }

    @Test("An unknown parameter is 400 naming it")
    func unknownParameter() async throws {
        try await withServer { client, _ in
            let reply = try await client.post("/v1/events?prove=true", Self.event)
            reply.expectProblem(400, "unknown_parameter", field: "prove")
        }
    }

    @Test("With proof=true the receipt carries what a writer needs to check it")
    func proof() async throws {
        try await withServer { client, setting in
            try await client.record(3)
            let reply = try await client.post("/v1/events?proof=true", Self.event)
            #expect(reply.status == 201)
            try expectProof(reply.json, setting)
        }
    }

    @Test("A known event with proof=true carries the proof of the first one")
    func knownProof() async throws {
        try await withServer { client, setting in
            _ = try await client.post("/v1/events", Self.event)
            try await client.record(2)
            let reply = try await client.post("/v1/events?proof=true", Self.event)
            #expect(reply.status == 200)
            try expectProof(reply.json, setting)
        }
    }

    @Test("A proof that cannot be made costs the proof and not the receipt")
    func proofFails() async throws {
        try await withServer { client, setting in
            try await client.record(1)
            setting.store.failNext(.keepCheckpoint, .beforeWrite)
            let reply = try await client.post("/v1/events?proof=true", Self.event)
            #expect(reply.status == 201)
            #expect(try ReceiptBody(reply.json).index == 1)
            #expect(reply.json["checkpoint"] == nil)
        }
    }

    @Test("A store that is out of reach is 503, and nothing internal is told")
    func unavailable() async throws {
        try await withServer { client, setting in
            _ = try await client.record(1)
            setting.store.failNext(.commit, .beforeWrite)
            let reply = try await client.post("/v1/events", Self.event)
            reply.expectProblem(503, "unavailable")
            #expect(!reply.text.contains("Injected"))
        }
    }

    @Test("A clock that stepped is 503 clock_step")
    func clockStep() async throws {
        try await withServer { client, setting in
            try await client.record(1)
            setting.clock.step(milliseconds: 3_600_000)
            let reply = try await client.post("/v1/events", Self.event)
            reply.expectProblem(503, "clock_step")
        }
    }

    @Test("A credential is refused while none exists")
    func credential() async throws {
        try await withServer { client, _ in
            let reply = try await client.post(
                "/v1/events",
                Self.event,
                headers: ["Authorization": "Bearer key"]
            )
            reply.expectProblem(401, "unauthenticated")
            #expect(reply.header("WWW-Authenticate") == #"Bearer error="invalid_token""#)
        }
    }

    @Test("A server without an anonymous principal asks for a credential")
    func required() async throws {
        try await withServer(configure: { $0.anonymousTenant = nil }) { client, _ in
            let reply = try await client.post("/v1/events", Self.event)
            reply.expectProblem(401, "unauthenticated")
            #expect(try await client.get("/health").status == 200)
        }
    }

    @Test("A tenant that does not exist is 404")
    func tenant() async throws {
        try await withServer(configure: { $0.anonymousTenant = "nobody" }) { client, _ in
            let reply = try await client.post("/v1/events", Self.event)
            reply.expectProblem(404, "not_found")
        }
    }
}

/// Checks that a receipt's proof holds for whoever has the verifier key alone.
func expectProof(
    _ receipt: JSONValue,
    _ setting: ServerSetting,
    sourceLocation: SourceLocation = #_sourceLocation
) throws {
    let index = UInt64(try #require(receipt["index"]?.integer))
    let note = try SignedNote(parsing: try #require(receipt["checkpoint"]?.string))
    let checkpoint = try Checkpoint.open(note, origin: nil, keys: [setting.key])
    let path = try #require(receipt["inclusion_proof"]?.array).map { hash in
        try #require(hash.string.flatMap { Digest(hex: $0) })
    }
    let proof = RecordProof(
        disclosure: try Disclosure(try #require(receipt["disclosure"])),
        inclusion: InclusionProof(index: index, size: checkpoint.size, path: path),
        checkpoint: note
    )
    let verdict = Verifier(key: setting.key).verdict(on: proof)
    #expect(verdict.holds, "\(verdict)", sourceLocation: sourceLocation)
    #expect(
        Digest.leaf(proof.disclosure.leaf).hex == receipt["leaf_hash"]?.string,
        sourceLocation: sourceLocation
    )
}
