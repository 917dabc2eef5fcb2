// SPDX-License-Identifier: Apache-2.0

import Cairn
import CairnLedger
import CairnServer
import CairnTesting
import HTTPTypes
import HummingbirdTesting
import Testing

/// Runs `body` with a server, and the token of an owner of the tenant `org-123`.
private func withOrganisation(
    _ body: @escaping @Sendable (Client, ServerSetting, [String: String]) async throws -> Void
) async throws {
    try await withGuardedServer(recording: [.reads, .refusals]) { client, setting, _ in
        _ = try await setting.registrar.createTenant("org-123", by: nil)
        let request = Registrar.KeyRequest(name: "owner", scopes: Role.owner.scopes)
        let (_, token) = try await setting.registrar.createKey(request, of: "org-123", by: nil)
        try await setting.keys.refresh()
        try await body(client, setting, bearer(token.text))
    }
}

@Suite("Dialects of older services")
struct DialectTests {
    @Test("The organisations' transcript is answered as it is written")
    func orgs() async throws {
        try await withOrganisation { client, _, owner in
            try await DialectTranscript("orgs").play(client, headers: owner)
        }
    }

    @Test("The logs' and the audit events' transcripts are answered as they are written")
    func logsAndAudit() async throws {
        for name in ["logs", "audit"] {
            let setting = try ServerSetting.make()
            try await setting.server.application().test(.live) { client in
                try await DialectTranscript(name).play(Client(base: client))
            }
        }
    }

    // MARK: Exactly as it was sent

    private static let families: [(path: String, list: String, base: String)] = [
        (
            "/v1/orgs/org-123/audit", "items",
            #""eventType":"AUTHORIZATION","actorId":"u","action":"a","resourceType":"t","resourceId":"r""#
        ),
        ("/api/v1/logs", "logs", #""action":"LOGIN""#),
        ("/api/v1/audit", "events", #""event_type":"user.login""#),
    ]

    @Test("What comes by a dialect is read back by it exactly as it was sent", arguments: 0..<3)
    func exact(_ family: Int) async throws {
        let (path, list, base) = Self.families[family]
        let variants = [
            "", #""more":{"deep":[1,2.50,1e3,null,"x"],"a":12345678901234567890}"#,
            #""unknown":null"#, #""severity":"FATAL""#,
            #""severity":"notice","risk_level":"SEVERE""#,
            #""timestamp":"2026-01-23T14:30:00""#, #""timestamp":"2026-01-23T16:30:00.5+02:00""#,
            #""details":{"n":1.0,"empty":{},"list":[]},"metadata":{"n":12.50}"#,
            #""user_id":"u-1","ip_address":"","user_agent":"","resource_type":"","resource_id":"x""#,
            #""actorType":"Robot","outcome":"Success","id":"018f6b1e-7c2a-7000-8000-000000000009""#,
            #""before_state":{},"after_state":{"x":[{}]},"é":"e\u0301""#,
        ]
        try await withOrganisation { client, _, owner in
            for variant in variants {
                // What is no member of the base stands after it.
                let text = "{\(base)\(variant.isEmpty ? "" : ",")\(variant)}"
                let sent = try #require(try JSONValue(parsing: text).object)
                let created = try await client.post(path, text, headers: owner)
                if created.status == 422 {
                    #expect(family == 0 && variant.contains("resource_type"), "\(created.text)")
                    continue
                }
                #expect(created.status == 201, "\(text): \(created.text)")
                let range = family == 0 ? "?startDate=2020-01-01&endDate=2030-01-01" : ""
                let id = created.json["id"]
                let page = try await client.get(path + range, headers: owner)
                let read = page.json[list]?.array?.first { $0["id"] == id }
                for shown in [created.json, read ?? .null] {
                    for (name, value) in sent {
                        #expect(shown[name] == value, "\(text): \(name) in \(shown)")
                    }
                }
            }
        }
    }

    @Test("The answer to a new event shows it as it is shown from then on", arguments: 0..<3)
    func answered(_ family: Int) async throws {
        let (path, list, base) = Self.families[family]
        let range = family == 0 ? "?startDate=2020-01-01&endDate=2030-01-01" : ""
        try await withOrganisation { client, _, owner in
            let id = #""id":"018f6b1e-7c2a-7000-8000-00000000000a""#
            let text = #"{\#(base),\#(id),"more":{"password":"hunter2","n":1.50}}"#
            let created = try await client.post(path, text, headers: owner)
            #expect(created.status == 201, "\(created.text)")
            let again = try await client.post(path, text, headers: owner)
            #expect(again.status == 200, "\(again.text)")
            #expect(again.text == created.text)
            let page = try await client.get(path + range, headers: owner)
            #expect(page.json[list]?.array == [created.json])
        }
    }

    @Test("An event of any dialect is one in the native API and in every other dialect")
    func everywhere() async throws {
        try await withOrganisation { client, _, owner in
            let sent = [
                (
                    "/v1/orgs/org-123/audit",
                    #"{"eventType":"ROLE_CHANGE","actorId":"ada","action":"assign","resourceType":"user_role","resourceId":"u#r","outcome":"DENIED","details":{"n":1.5}}"#
                ),
                (
                    "/api/v1/logs",
                    #"{"user_id":"ada","action":"CREATE","resource_type":"document","resource_id":"d","severity":"ERROR"}"#
                ),
                (
                    "/api/v1/audit",
                    #"{"event_type":"data.export","user_id":"ada","risk_level":"high"}"#
                ),
                ("/v1/events", #"{"type":"user.login","actor":{"id":"ada"}}"#),
            ]
            for (path, body) in sent {
                let reply = try await client.post(path, body, headers: owner)
                #expect(reply.status == 201, "\(reply.text)")
            }
            let native = try await client.get("/v1/events?actor_id=ada", headers: owner)
            let events = try #require(native.json["events"]?.array)
            #expect(
                events.compactMap { $0["type"]?.string }
                    == ["user.login", "data.export", "document.create", "authz.role_changed"]
            )
            #expect(
                events.map { $0["dialect"]?.string } == [nil, "audit", "logs", "orgs"]
            )
            #expect(events[3]["outcome"] == "denied" && events[2]["severity"] == "error")
            let range = "startDate=2020-01-01&endDate=2030-01-01"
            let orgs = try await client.get(
                "/v1/orgs/org-123/audit/users/ada?\(range)",
                headers: owner
            )
            #expect(
                orgs.json["items"]?.array?.compactMap { $0["eventType"]?.string }
                    == ["user.login", "data.export", "document.create", "ROLE_CHANGE"]
            )
            let logs = try await client.get("/api/v1/logs?user_id=ada", headers: owner)
            #expect(
                logs.json["logs"]?.array?.compactMap { $0["action"]?.string }
                    == ["login", "export", "CREATE", "assign"]
            )
            let audit = try await client.get("/api/v1/audit?user_id=ada", headers: owner)
            #expect(
                audit.json["events"]?.array?.compactMap { $0["event_type"]?.string }
                    == ["user.login", "data.export", "document.create", "authz.role_changed"]
            )
        }
    }

    @Test("Ids with marks of paths and keys in them name one resource alone")
    func marks() async throws {
        try await withOrganisation { client, _, owner in
            for (type, id) in [("a#b", "c"), ("a", "b#c"), ("a/b", "c d+e%"), ("ä", "ö")] {
                let body: JSONValue = [
                    "eventType": "ROLE_CHANGE", "actorId": "u", "action": "x",
                    "resourceType": .string(type), "resourceId": .string(id),
                ]
                let made = try await client.post(
                    "/v1/orgs/org-123/audit",
                    CanonicalJSON(body).text,
                    headers: owner
                )
                #expect(made.status == 201)
            }
            func found(_ path: String) async throws -> [String] {
                let reply = try await client.get(
                    "/v1/orgs/org-123/audit/resources/\(path)"
                        + "?startDate=2020-01-01&endDate=2030-01-01",
                    headers: owner
                )
                return reply.json["items"]?.array?.compactMap { $0["resourceId"]?.string } ?? []
            }
            #expect(try await found("a%23b/c") == ["c"])
            #expect(try await found("a/b%23c") == ["b#c"])
            #expect(try await found("a%2Fb/c%20d%2Be%25") == ["c d+e%"])
            #expect(try await found("%C3%A4/%C3%B6") == ["ö"])
        }
    }

    // MARK: Whose it is

    @Test("An organisation that is not the credential's tenant is not there, and that is recorded")
    func otherOrganisation() async throws {
        try await withOrganisation { client, setting, owner in
            for path in ["/v1/orgs/default/audit", "/v1/orgs/nobody/audit/summary"] {
                let reply = try await client.get(
                    path + "?startDate=2026-01-01&endDate=2026-01-02",
                    headers: owner
                )
                #expect(reply.status == 404)
                #expect(reply.json == ["error": "Not found"])
            }
            let posted = try await client.post(
                "/v1/orgs/org-123/audit",
                #"{"eventType":"AUTHORIZATION","orgId":"other","actorId":"u","action":"a","#
                    + #""resourceType":"t","resourceId":"r"}"#,
                headers: owner
            )
            #expect(posted.status == 422)
            let anonymous = try await client.get("/v1/orgs/org-123/audit")
            #expect(anonymous.status == 401 && anonymous.json == ["error": "Unauthorized"])
            let unknown = try await client.get("/v1/orgs/org-123/none", headers: owner)
            #expect(unknown.status == 404 && unknown.json == ["error": "Not found"])
        }
    }

    @Test("What the ledger records about itself is no event of a dialect, nor counted as one")
    func ownRecords() async throws {
        try await withOrganisation { client, setting, owner in
            _ = try await client.post("/api/v1/logs", #"{"action":"X"}"#, headers: owner)
            _ = try await client.get("/api/v1/logs", headers: owner)
            await setting.tally.settle(everything: true)
            let native = try await client.get("/v1/events?category=cairn", headers: owner)
            let own = try #require(native.json["events"]?.array?.first?["id"]?.string)
            let logs = try await client.get("/api/v1/logs", headers: owner)
            #expect(logs.json["count"] == 1)
            let one = try await client.get("/api/v1/logs/\(own)", headers: owner)
            #expect(one.status == 404)
            let stats = try await client.get("/api/v1/logs/stats", headers: owner)
            #expect(stats.json["total"] == 1)
        }
    }
}
