// SPDX-License-Identifier: Apache-2.0

import Cairn
import CairnLedger
import CairnTesting
import HTTPTypes
import Testing

@testable import CairnServer

@Suite("Quotas")
struct QuotaTests {
    private static let event = #"{"type":"user.login","actor":{"id":"ada"}}"#

    @Test("A tenant that used up its events waits, is told for how long, and goes on")
    func events() async throws {
        try await withServer(configure: { $0.quotas.events = 2 }) { client, setting in
            let first = try await client.post("/v1/events", Self.event)
            #expect(first.status == 201)
            #expect(first.header("RateLimit-Policy") == #""events";q=2;w=1"#)
            #expect(first.header("RateLimit") == #""events";r=1;t=1"#)
            #expect(try await client.post("/v1/events", Self.event).status == 201)
            let refused = try await client.post("/v1/events", Self.event)
            refused.expectProblem(429, "quota_exceeded")
            #expect(refused.header("Retry-After") == "1")
            #expect(refused.header("RateLimit") == #""events";r=0;t=1"#)
            // What is refused is not read, and costs nothing more.
            try await client.post("/v1/events", "{").expectProblem(429, "quota_exceeded")
            // Queries have a quota of their own, which is not limited here.
            #expect(try await client.get("/v1/events").status == 200)
            setting.clock.advance(milliseconds: 500)
            #expect(try await client.post("/v1/events", Self.event).status == 201)
            let ledger = try await setting.ledgers.ledger(of: "default")
            #expect(await ledger.currentHead.size == 3)
        }
    }

    @Test("A large bulk is let in whole, and its debt has to pass before the next")
    func debt() async throws {
        try await withServer(configure: { $0.quotas.events = 10 }) { client, setting in
            let body =
                #"{"events":["# + Array(repeating: Self.event, count: 50).joined(separator: ",")
                + "]}"
            #expect(try await client.post("/v1/events", body).status == 201)
            let refused = try await client.post("/v1/events", Self.event)
            refused.expectProblem(429, "quota_exceeded")
            #expect(refused.header("Retry-After") == "5")
            setting.clock.advance(milliseconds: 4000)
            try await client.post("/v1/events", Self.event).expectProblem(429, "quota_exceeded")
            setting.clock.advance(milliseconds: 100)
            #expect(try await client.post("/v1/events", Self.event).status == 201)
        }
    }

    @Test("Bytes are counted, too, and the tightest quota is told")
    func bytes() async throws {
        try await withServer(
            configure: {
                $0.quotas.events = 1000
                $0.quotas.bytes = 100
            }
        ) { client, _ in
            let first = try await client.post("/v1/events", Self.event)
            #expect(first.header("RateLimit-Policy") == #""bytes";q=100;w=1"#)
            _ = try await client.post("/v1/events", Self.event)
            _ = try await client.post("/v1/events", Self.event)
            try await client.post("/v1/events", Self.event).expectProblem(429, "quota_exceeded")
        }
    }

    @Test(
        "One credential leaves the others of its tenant their share, and other tenants all of theirs"
    )
    func shares() async throws {
        try await withGuardedServer(
            configure: {
                $0.quotas.queries = 40
                $0.quotas.credentialPercent = 50
            }
        ) { client, setting, owner in
            let greedy = try await make(client, owner, #"{"name":"g","role":"reader"}"#)
            let modest = try await make(client, owner, #"{"name":"m","role":"reader"}"#)
            let other = try await make(
                client,
                owner,
                #"{"name":"o","role":"reader"}"#,
                query: "?tenant=\(Tenant.other.name)"
            )
            setting.clock.advance(milliseconds: 1000)
            func count(_ token: String, _ tries: Int) async throws -> Int {
                var count = 0
                for _ in 0..<tries {
                    let reply = try await client.send(.get, "/v1/events", headers: bearer(token))
                    if reply.status == 200 { count += 1 }
                }
                return count
            }
            // A viewer token draws on its maker's share.
            let made = try await makeViewer(client, greedy)
            let viewer = try #require(made.json["token"]?.string, "\(made.text)")
            #expect(try await count(viewer, 9) == 9)
            #expect(try await count(greedy, 60) == 10)
            #expect(try await count(viewer, 5) == 0)
            #expect(try await count(modest, 10) == 10)
            #expect(try await count(other, 60) == 20)
        }
    }

    @Test("Without quotas nothing is refused and nothing is told")
    func none() async throws {
        try await withServer { client, _ in
            let reply = try await client.post("/v1/events", Self.event)
            #expect(reply.header("RateLimit") == nil)
            #expect(reply.header("RateLimit-Policy") == nil)
        }
    }
}

@Suite("What browsers are told")
struct BrowserRulesTests {
    private let site = ["Origin": "https://app.example.com"]

    @Test("Every answer forbids sniffing, framing and running, problems too")
    func headers() async throws {
        try await withServer { client, _ in
            for path in ["/health", "/v1/events", "/nowhere", "/v1/events/x", "/metrics"] {
                let reply = try await client.get(path)
                #expect(reply.header("X-Content-Type-Options") == "nosniff")
                #expect(reply.header("Referrer-Policy") == "no-referrer")
                #expect(
                    reply.header("Content-Security-Policy")?.contains("default-src 'none'") == true
                )
                #expect(reply.header("Access-Control-Allow-Origin") == nil)
            }
        }
    }

    @Test("Pages of the sites that are named may call, and no others")
    func origins() async throws {
        try await withServer(configure: { $0.origins = ["https://app.example.com"] }) { client, _ in
            let reply = try await client.send(.get, "/v1/events", headers: site)
            #expect(reply.header("Access-Control-Allow-Origin") == "https://app.example.com")
            #expect(reply.header("Access-Control-Allow-Credentials") == nil)
            #expect(reply.header("Vary") == "Origin")
            for origin in [
                "https://evil.example.com", "https://app.example.com.evil.example", "null", "*",
            ] {
                let other = try await client.send(.get, "/v1/events", headers: ["Origin": origin])
                #expect(other.header("Access-Control-Allow-Origin") == nil, "\(origin)")
            }
        }
    }

    @Test("A preflight is answered without a credential, with the methods of the path")
    func preflight() async throws {
        try await withServer(
            configure: {
                $0.origins = ["https://app.example.com"]
                $0.anonymousTenant = nil
            }
        ) { client, _ in
            let asked = ["Access-Control-Request-Method": "POST"].merging(site) { $1 }
            let reply = try await client.send(.options, "/v1/events", headers: asked)
            #expect(reply.status == 204)
            #expect(reply.header("Access-Control-Allow-Origin") == "https://app.example.com")
            #expect(reply.header("Access-Control-Allow-Methods") == "POST, GET")
            #expect(reply.header("Access-Control-Allow-Headers")?.contains("Authorization") == true)
            let unknown = try await client.send(.options, "/nowhere", headers: asked)
            #expect(unknown.status == 404)
            let stranger = [
                "Access-Control-Request-Method": "POST", "Origin": "https://evil.example",
            ]
            let refused = try await client.send(.options, "/v1/events", headers: stranger)
            #expect(refused.header("Access-Control-Allow-Methods") == nil)
        }
    }
}
