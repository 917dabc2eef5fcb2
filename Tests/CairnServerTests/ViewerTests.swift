// SPDX-License-Identifier: Apache-2.0

import Cairn
import CairnLedger
import CairnTesting
import HTTPTypes
import Testing

@testable import CairnServer

/// Makes a viewer token over HTTP and returns the answer.
func makeViewer(_ client: Client, _ maker: String, _ body: String = "{}") async throws -> Reply {
    try await client.post("/v1/viewer-tokens", body, headers: bearer(maker))
}

@Suite("Viewer tokens show a part of a ledger for a while")
struct ViewerTests {
    private static let events = #"""
        {"events":[
          {"id":"018f6b1e-7c2a-7000-8000-000000000001","type":"doc.read","actor":{"id":"ada"},
           "resources":[{"type":"doc","id":"1"}]},
          {"id":"018f6b1e-7c2a-7000-8000-000000000002","type":"doc.read","actor":{"id":"bob"},
           "resources":[{"type":"doc","id":"2"},{"type":"user","id":"1"}]},
          {"id":"018f6b1e-7c2a-7000-8000-000000000003","type":"user.login","actor":{"id":"ada"}}
        ]}
        """#

    private static func id(_ number: Int) -> String {
        "018f6b1e-7c2a-7000-8000-00000000000\(number)"
    }

    /// What a token lists, as the last digit of each id.
    private static func listed(_ client: Client, _ token: String) async throws -> [Int] {
        let reply = try await client.get(
            "/v1/events?sort=index&order=asc",
            headers: bearer(token)
        )
        #expect(reply.status == 200, "\(reply.text)")
        return (reply.json["events"]?.array ?? []).compactMap {
            ($0["id"]?.string?.last).flatMap { Int(String($0)) }
        }
    }

    @Test(
        "A page, a record, a proof and statistics are of what the filter matches, and of no more",
        arguments: [
            (#"{"actor_id":"ada"}"#, [1, 3]), (#"{"resource_type":"doc","resource_id":"1"}"#, [1]),
            (#"{"resource_type":"user","resource_id":"2"}"#, []),
            (#"{"resource_id":"1"}"#, [1, 2]),
            (#"{"type":"user.*"}"#, [3]), (#"{"type":["doc.read","user.login"]}"#, [1, 2, 3]),
            (#"{"actor_id":"ADA"}"#, []), (#"{"actor_id":"ada","type":"doc.*"}"#, [1]),
            (#"{"actor_type":"user"}"#, [1, 2, 3]), ("{}", [1, 2, 3]),
        ]
    )
    func narrowed(filter: String, shown: [Int]) async throws {
        try await withGuardedServer(recording: []) { client, _, owner in
            _ = try await client.post("/v1/events", Self.events, headers: bearer(owner))
            let made = try await makeViewer(client, owner, #"{"filter":\#(filter)}"#)
            #expect(made.status == 201, "\(made.text)")
            let token = try #require(made.json["token"]?.string)
            #expect(try await Self.listed(client, token) == shown)
            let stats = try await client.get("/v1/stats", headers: bearer(token))
            #expect(stats.json["total"]?.integer == shown.count)
            for number in 1...3 {
                for path in [
                    "/v1/events/\(Self.id(number))", "/v1/events/\(Self.id(number))/proof",
                ] {
                    let reply = try await client.get(path, headers: bearer(token))
                    #expect(reply.status == (shown.contains(number) ? 200 : 404), "\(path)")
                }
            }
        }
    }

    @Test("What shows the ledger as a whole is not there for who is shown a part")
    func whole() async throws {
        try await withGuardedServer(recording: []) { client, setting, owner in
            _ = try await client.post("/v1/events", Self.events, headers: bearer(owner))
            let body = #"{"filter":{"actor_id":"ada"},"scopes":["events:read","ledger:verify"]}"#
            let narrow = try #require(
                try await makeViewer(client, owner, body).json["token"]?.string
            )
            let wide = try #require(
                try await makeViewer(client, owner, #"{"scopes":["events:read","ledger:verify"]}"#)
                    .json["token"]?.string
            )
            let log = "/tlog/\(setting.tenant.ledger)"
            for path in ["/v1/consistency?from=1", "\(log)/checkpoint", "\(log)/tile/0/000.p/3"] {
                try await client.get(path, headers: bearer(narrow)).expectProblem(404, "not_found")
                #expect(try await client.get(path, headers: bearer(wide)).status == 200, "\(path)")
            }
            try await client.post("/v1/verifications", "{}", headers: bearer(narrow))
                .expectProblem(404, "not_found")
            #expect(
                try await client.post("/v1/verifications", "{}", headers: bearer(wide)).status
                    == 202
            )
            let stats = try await client.get("/v1/stats", headers: bearer(narrow))
            #expect(stats.json["integrity"] == nil)
        }
    }

    @Test(
        "A request that breaks a rule is 422 naming the member",
        arguments: [
            (#"{"filter":1}"#, "filter"), (#"{"filter":{"ip":"x"}}"#, "filter.ip"),
            (#"{"filter":{"actor_id":""}}"#, "filter.actor_id"),
            (#"{"filter":{"type":[]}}"#, "filter.type"),
            (#"{"filter":{"type":[1]}}"#, "filter.type"), (#"{"scopes":[]}"#, "scopes"),
            (#"{"scopes":["events:write"]}"#, "scopes"), (#"{"scopes":["keys:manage"]}"#, "scopes"),
            (#"{"expires_in":0}"#, "expires_in"), (#"{"expires_in":86401}"#, "expires_in"),
            (#"{"expires_in":1.5}"#, "expires_in"), (#"{"subject":""}"#, "subject"),
            (#"{"tenant":"other"}"#, "tenant"), ("[]", ""),
        ]
    )
    func invalid(body: String, field: String) async throws {
        try await withGuardedServer { client, _, owner in
            try await makeViewer(client, owner, body)
                .expectProblem(422, "invalid_request", field: field)
        }
    }

    @Test("A token does no more than its maker, and makes none itself")
    func attenuation() async throws {
        try await withGuardedServer { client, _, owner in
            let reader = try await make(client, owner, #"{"name":"r","role":"reader"}"#)
            try await makeViewer(client, reader, #"{"scopes":["ledger:verify"]}"#)
                .expectProblem(403, "forbidden")
            let writer = try await make(client, owner, #"{"name":"w","role":"writer"}"#)
            try await makeViewer(client, writer).expectProblem(403, "forbidden")
            let made = try await makeViewer(client, reader).json
            let viewer = try #require(made["token"]?.string)
            try await makeViewer(client, viewer).expectProblem(403, "forbidden")
            let id = try #require(made["id"]?.string)
            try await client.send(.delete, "/v1/viewer-tokens/\(id)", headers: bearer(viewer))
                .expectProblem(403, "forbidden")
            for call in AccessTests.calls where call.scope != .eventsRead && call.scope != nil {
                let reply = try await client.send(
                    call.method,
                    call.path,
                    body: call.body,
                    type: call.body.map { _ in "application/json" },
                    headers: bearer(viewer)
                )
                #expect(reply.status == 403, "\(call.method) \(call.path): \(reply.status)")
            }
        }
    }

    @Test("A token ends after its time, with its maker's key, and when it is revoked")
    func ends() async throws {
        try await withGuardedServer { client, setting, owner in
            let end = ManualClock.start.advanced(byMilliseconds: 90_000)
            let maker = try await make(
                client,
                owner,
                #"{"name":"r","role":"reader","expires_at":"\#(end.millisecondsText)"}"#
            )
            let status: @Sendable (String) async throws -> Int = { token in
                try await client.get("/v1/events", headers: bearer(token)).status
            }
            let short = try #require(
                try await makeViewer(client, owner, #"{"expires_in":60}"#).json["token"]?.string
            )
            let long = try await makeViewer(client, maker).json
            #expect(long["expires_at"]?.string == end.millisecondsText)
            let (kept, gone) = (
                try await makeViewer(client, owner).json, try await makeViewer(client, owner).json
            )
            let id = try #require(gone["id"]?.string)
            for _ in 1...2 {
                let reply = try await client.send(
                    .delete,
                    "/v1/viewer-tokens/\(id)",
                    headers: bearer(owner)
                )
                #expect(reply.status == 204)
            }
            #expect(try await status(try #require(gone["token"]?.string)) == 401)
            #expect(try await status(try #require(kept["token"]?.string)) == 200)
            #expect(try await status(short) == 200)
            setting.clock.advance(milliseconds: 60_000)
            #expect(try await status(short) == 401)
            let token = try #require(long["token"]?.string)
            #expect(try await status(token) == 200)
            _ = try await client.send(.delete, "/v1/keys/\(keyID(maker))", headers: bearer(owner))
            #expect(try await status(token) == 401)
            let types = try await client.get(
                "/v1/events?type=cairn.viewer_token.*&sort=index&order=asc",
                headers: bearer(owner)
            ).json["events"]?.array?.map { $0["type"]?.string }
            let created = "cairn.viewer_token.created"
            #expect(types == [created, created, created, created, "cairn.viewer_token.revoked"])
        }
    }

    @Test("What was not made here opens nothing and cannot be revoked")
    func forged() async throws {
        try await withGuardedServer { client, _, owner in
            let made = try await makeViewer(client, owner, #"{"filter":{"actor_id":"ada"}}"#).json
            let token = try #require(made["token"]?.string)
            let dot = try #require(token.firstIndex(of: "."))
            let payload = Base64URL.encode(
                Array(
                    #"{"exp":"2099-01-01T00:00:00.000Z","filter":{},"id":"\#(String(repeating: "0", count: 32))","scopes":["events:read"],"tenant":"default"}"#
                        .utf8
                )
            )
            for forged in [
                "cairnv_" + payload + token[dot...], "cairnv_" + payload + ".", "cairnv_" + payload,
                String(token.dropLast()), token + "A", token + ".", "cairnv_.", "cairnv_",
                "cairnw_" + token.dropFirst(7), token.uppercased(),
            ] {
                try await client.get("/v1/events", headers: bearer(forged))
                    .expectProblem(401, "unauthenticated")
            }
            for id in ["x", String(repeating: "0", count: 32), String(repeating: "g", count: 32)] {
                try await client.send(.delete, "/v1/viewer-tokens/\(id)", headers: bearer(owner))
                    .expectProblem(404, "not_found")
            }
            // Another tenant's token is not there for this one.
            let other = try await make(
                client,
                owner,
                #"{"name":"o","role":"reader"}"#,
                query: "?tenant=\(Tenant.other.name)"
            )
            let id = try #require(made["id"]?.string)
            try await client.send(.delete, "/v1/viewer-tokens/\(id)", headers: bearer(other))
                .expectProblem(404, "not_found")
        }
    }

    @Test("Without credentials no viewer tokens are made")
    func noBackDoor() async throws {
        try await withServer { client, _ in
            try await client.post("/v1/viewer-tokens", "{}").expectProblem(403, "forbidden")
        }
    }

    @Test("A request that is sent again is answered with the same token's facts, and not the token")
    func replayed() async throws {
        try await withGuardedServer { client, _, owner in
            var headers = bearer(owner)
            headers["Idempotency-Key"] = "once"
            let first = try await client.post("/v1/viewer-tokens", "{}", headers: headers).json
            let second = try await client.post("/v1/viewer-tokens", "{}", headers: headers).json
            #expect(first["id"]?.string != nil && first["id"] == second["id"])
            #expect(first["token"] != nil && second["token"] == nil)
        }
    }

    @Test("Two things of other resources are not one: the index itself finds pairs")
    func pairs() async throws {
        try await withGuardedServer(recording: []) { client, _, owner in
            let other =
                #"{"type":"a.b","actor":{"id":"u"},"resources":[{"type":"p","id":"q"},"#
                + #"{"type":"r","id":"one"}]}"#
            let events = Array(repeating: other, count: 200).joined(separator: ",")
            _ = try await client.post(
                "/v1/events",
                #"{"events":[\#(events)]}"#,
                headers: bearer(owner)
            )
            let filter = #"{"filter":{"resource_type":"p","resource_id":"one"}}"#
            let token = try #require(
                try await makeViewer(client, owner, filter).json["token"]?.string
            )
            let page = try await client.get("/v1/events?limit=1", headers: bearer(token)).json
            #expect(page["events"] == [] && page["next_cursor"] == nil)
        }
    }

    @Test("A filter that no header field could carry is refused")
    func longFilter() async throws {
        try await withGuardedServer { client, _, owner in
            let type = String(repeating: #"\u0001"#, count: 256)
            let types = Array(repeating: "\"\(type)\"", count: 16).joined(separator: ",")
            try await makeViewer(client, owner, #"{"filter":{"type":[\#(types)]}}"#)
                .expectProblem(422, "invalid_request", field: "filter")
        }
    }
}
