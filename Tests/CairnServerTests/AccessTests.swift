// SPDX-License-Identifier: Apache-2.0

import Cairn
import CairnLedger
import CairnTesting
import HTTPTypes
import Testing

@testable import CairnServer

@Suite("Who may do what")
struct AccessTests {
    static let event = #"{"type":"user.login","actor":{"id":"ada"}}"#

    /// A request to every route, and the scope it needs; nil where any credential will do.
    static let calls: [(method: HTTPRequest.Method, path: String, body: String?, scope: Scope?)] =
        [
            (.post, "/v1/events", event, .eventsWrite), (.get, "/v1/events", nil, .eventsRead),
            (.get, "/v1/events/x", nil, .eventsRead),
            (.get, "/v1/events/x/proof", nil, .eventsRead),
            (.get, "/v1/exports/stream", nil, .exportsRead),
            (.post, "/v1/exports", "{}", .exportsWrite),
            (.get, "/v1/exports", nil, .exportsRead),
            (.get, "/v1/exports/formats", nil, .exportsRead),
            (.get, "/v1/exports/x", nil, .exportsRead),
            (.delete, "/v1/exports/x", nil, .exportsWrite),
            (.get, "/v1/exports/x/download", nil, .exportsRead),
            (.get, "/v1/stats", nil, .eventsRead), (.get, "/v1/ledger", nil, nil),
            (.get, "/v1/checkpoint", nil, .ledgerVerify),
            (.get, "/v1/consistency?from=1", nil, .ledgerVerify),
            (.get, "/tlog/x/checkpoint", nil, .ledgerVerify),
            (.get, "/tlog/x/tile/0/000", nil, .ledgerVerify),
            (.post, "/v1/verifications", "{}", .ledgerVerify),
            (.get, "/v1/verifications/x", nil, .ledgerVerify),
            (.delete, "/v1/verifications/x", nil, .ledgerVerify),
            (.post, "/v1/keys", "{}", .keysManage), (.get, "/v1/keys", nil, .keysManage),
            (.delete, "/v1/keys/x", nil, .keysManage),
            (.post, "/v1/viewer-tokens", "{}", .eventsRead),
            (.delete, "/v1/viewer-tokens/x", nil, .eventsRead),
            (.post, "/v1/tenants", "{}", .tenantsManage),
            (.get, "/v1/tenants", nil, .tenantsManage),
            (.get, "/v1/tenants/x", nil, .tenantsManage),
        ] + dialects

    /// The routes in the shapes of older services.
    private static let dialects: [(HTTPRequest.Method, String, String?, Scope?)] = [
        (.post, "/v1/orgs/default/audit", "{}", .eventsWrite),
        (.get, "/v1/orgs/default/audit", nil, .eventsRead),
        (.get, "/v1/orgs/default/audit/users/u", nil, .eventsRead),
        (.get, "/v1/orgs/default/audit/resources/t/r", nil, .eventsRead),
        (.get, "/v1/orgs/default/audit/summary", nil, .eventsRead),
        (.post, "/v1/orgs/default/audit/export", "{}", .exportsWrite),
        (.post, "/api/v1/logs", "{}", .eventsWrite), (.get, "/api/v1/logs", nil, .eventsRead),
        (.post, "/api/v1/logs/bulk", "{}", .eventsWrite),
        (.get, "/api/v1/logs/stats", nil, .eventsRead),
        (.post, "/api/v1/logs/export", "{}", .exportsWrite),
        (.get, "/api/v1/logs/export/x", nil, .exportsRead),
        (.delete, "/api/v1/logs/cleanup", nil, nil), (.get, "/api/v1/logs/x", nil, .eventsRead),
        (.post, "/api/v1/audit", "{}", .eventsWrite), (.get, "/api/v1/audit", nil, .eventsRead),
        (.get, "/api/v1/audit/stats", nil, .eventsRead),
        (.post, "/api/v1/audit/verify", "[]", .ledgerVerify),
        (.get, "/api/v1/audit/x", nil, .eventsRead), (.post, "/api/v1/export", "{}", .exportsWrite),
        (.get, "/api/v1/export", nil, .exportsRead),
        (.get, "/api/v1/export/formats", nil, .exportsRead),
        (.get, "/api/v1/export/x", nil, .exportsRead),
        (.get, "/api/v1/export/x/download", nil, .exportsRead),
    ]

    /// Expects a refusal in the shape of the route's family.
    private static func expect(
        _ reply: Reply,
        _ status: Int,
        _ code: String,
        of path: String
    ) {
        guard path.hasPrefix("/v1/orgs/") else { return reply.expectProblem(status, code) }
        let text = status == 401 ? "Unauthorized" : "Forbidden"
        #expect(reply.status == status && reply.json == ["error": .string(text)], "\(path)")
    }

    @Test("Every route that is not public is in this list, with its scope")
    func routesAreListed() throws {
        let setting = try ServerSetting.make()
        for route in setting.server.routes {
            let call = Self.calls.first {
                $0.method == route.method && route.matches(String($0.path.prefix { $0 != "?" }))
            }
            switch route.access {
            case .everybody: #expect(call == nil, "\(route.path)")
            case .members: #expect(call != nil && call?.scope == nil, "\(route.path)")
            case .holders(let scope): #expect(call?.scope == scope, "\(route.path)")
            }
        }
    }

    @Test("Each scope opens its own routes and no others", arguments: Scope.allCases)
    func scopes(_ scope: Scope) async throws {
        try await withGuardedServer { client, _, owner in
            let body = #"{"name":"k","scopes":["\#(scope.rawValue)"]}"#
            let token = try await make(client, owner, body)
            for call in Self.calls {
                let reply = try await client.send(
                    call.method,
                    call.path,
                    body: call.body,
                    type: call.body.map { _ in "application/json" },
                    headers: bearer(token)
                )
                if call.scope == nil || call.scope == scope {
                    #expect(![401, 403].contains(reply.status), "\(call.path): \(reply.text)")
                } else {
                    Self.expect(reply, 403, "forbidden", of: call.path)
                }
            }
        }
    }

    @Test(
        "What is no credential is 401 on every route, before anything is read",
        arguments: [
            "", "Bearer", "Bearer ", "Bearer x", "Basic dXNlcjpwYXNz", "bearer cairn_",
            "Bearer cairn_000000000000_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
            "Bearer {}", "Bearer null", "Bearer é",
        ]
    )
    func refused(_ credential: String) async throws {
        try await withGuardedServer { client, setting, owner in
            for call in Self.calls {
                let reply = try await client.send(
                    call.method,
                    call.path,
                    body: call.body.map { _ in "{" },
                    headers: credential.isEmpty ? [:] : ["Authorization": credential]
                )
                Self.expect(reply, 401, "unauthenticated", of: call.path)
                let challenge = credential.isEmpty ? "Bearer" : #"Bearer error="invalid_token""#
                #expect(reply.header("WWW-Authenticate") == challenge)
            }
            // One character of the secret is another.
            let last = owner.last == "A" ? "E" : "A"
            try await client.send(
                .get,
                "/v1/events",
                headers: bearer(owner.dropLast() + last)
            ).expectProblem(401, "unauthenticated")
        }
    }

    @Test("A key is shown once, listed without its secret, and refused once it is revoked")
    func lifeOfAKey() async throws {
        try await withGuardedServer { client, setting, owner in
            setting.clock.advance(milliseconds: 1)
            let token = try await make(client, owner, #"{"name":"app","role":"writer"}"#)
            let (id, ownerID) = (keyID(token), keyID(owner))
            let list = try await client.send(.get, "/v1/keys", headers: bearer(owner))
            #expect(!list.text.contains(token.suffix(43)))
            #expect(list.json["keys"]?.array?.map { $0["id"]?.string } == [ownerID, id])
            #expect(list.json["keys"]?[1]?["scopes"] == ["events:write"])
            let write: @Sendable () async throws -> Reply = {
                try await client.send(
                    .post,
                    "/v1/events",
                    body: Self.event,
                    type: "application/json",
                    headers: bearer(token)
                )
            }
            #expect(try await write().status == 201)
            let reply = try await client.send(.delete, "/v1/keys/\(id)", headers: bearer(owner))
            #expect(reply.json["revoked_at"]?.string != nil)
            try await write().expectProblem(401, "unauthenticated")
            let again = try await client.send(.delete, "/v1/keys/\(id)", headers: bearer(owner))
            #expect(again.json == reply.json)
            try await client.send(.delete, "/v1/keys/ffffffffffff", headers: bearer(owner))
                .expectProblem(404, "not_found")
            // Every change is a record, with who did it, and the writer's record names its key.
            let page = try await client.send(
                .get,
                "/v1/events?sort=index&order=asc",
                headers: bearer(owner)
            ).json
            let types = page["events"]?.array?.map { $0["type"]?.string }
            #expect(
                types == [
                    "cairn.key.created", "cairn.key.created", "user.login", "cairn.key.revoked",
                ]
            )
            #expect(page["events"]?[1]?["actor"]?["id"]?.string == ownerID)
            #expect(page["events"]?[2]?["principal"]?["id"]?.string == id)
            #expect(page["events"]?[3]?["resources"]?[0]?["id"]?.string == id)
        }
    }

    @Test(
        "A request for a key that breaks a rule is 422 naming the member",
        arguments: [
            ("{}", "name"), (#"{"name":""}"#, "name"), (#"{"name":1}"#, "name"),
            (#"{"name":"k"}"#, "role"), (#"{"name":"k","role":"king"}"#, "role"),
            (#"{"name":"k","scopes":[]}"#, "scopes"), (#"{"name":"k","scopes":["x"]}"#, "scopes"),
            (#"{"name":"k","scopes":[1]}"#, "scopes"),
            (#"{"name":"k","role":"reader","scopes":["events:read"]}"#, "scopes"),
            (#"{"name":"k","role":"reader","expires_at":"2001-01-01T00:00:00Z"}"#, "expires_at"),
            (#"{"name":"k","role":"reader","expires_at":"soon"}"#, "expires_at"),
            (#"{"name":"k","role":"reader","admin":true}"#, "admin"), ("[]", ""),
        ]
    )
    func invalidKeys(body: String, field: String) async throws {
        try await withGuardedServer { client, _, owner in
            try await client.send(
                .post,
                "/v1/keys",
                body: body,
                type: "application/json",
                headers: bearer(owner)
            ).expectProblem(422, "invalid_request", field: field)
        }
    }

    @Test("An administrator cannot make itself a maker of tenants, nor reach another tenant")
    func escalation() async throws {
        try await withGuardedServer { client, _, owner in
            let administrator = try await make(
                client,
                owner,
                #"{"name":"admin","role":"administrator"}"#
            )
            for body in [
                #"{"name":"k","role":"owner"}"#, #"{"name":"k","scopes":["tenants:manage"]}"#,
            ] {
                try await client.send(
                    .post,
                    "/v1/keys",
                    body: body,
                    type: "application/json",
                    headers: bearer(administrator)
                ).expectProblem(403, "forbidden")
            }
            let other = Tenant.other.name
            for (method, path) in [
                (HTTPRequest.Method.get, "/v1/keys?tenant=\(other)"),
                (.get, "/v1/keys?tenant=nobody"),
                (.delete, "/v1/keys/ffffffffffff?tenant=\(other)"),
            ] {
                try await client.send(method, path, headers: bearer(administrator))
                    .expectProblem(404, "not_found")
            }
            try await client.send(
                .post,
                "/v1/keys?tenant=\(other)",
                body: #"{"name":"k","role":"reader"}"#,
                type: "application/json",
                headers: bearer(administrator)
            ).expectProblem(404, "not_found")
        }
    }

    @Test("A tenant is made once, begins with who made it, and is reached by its own keys alone")
    func tenants() async throws {
        try await withGuardedServer { client, _, owner in
            let create: @Sendable (String) async throws -> Reply = { body in
                try await client.send(
                    .post,
                    "/v1/tenants",
                    body: body,
                    type: "application/json",
                    headers: bearer(owner)
                )
            }
            let made = try await create(#"{"name":"acme"}"#)
            #expect(made.status == 201)
            #expect(made.header("Location") == "/v1/tenants/acme")
            try await create(#"{"name":"acme"}"#).expectProblem(409, "tenant_exists", field: "name")
            for body in ["{}", #"{"name":"a b"}"#, #"{"name":1}"#, #"{"names":"x"}"#] {
                #expect(try await create(body).status == 422)
            }
            let shown = try await client.send(.get, "/v1/tenants/acme", headers: bearer(owner))
            #expect(shown.json == made.json)
            let all = try await client.send(.get, "/v1/tenants", headers: bearer(owner))
            #expect(all.json["tenants"]?.array?.count == 3)

            let reader = try await make(
                client,
                owner,
                #"{"name":"r","role":"reader"}"#,
                query: "?tenant=acme"
            )
            let page = try await client.send(
                .get,
                "/v1/events?sort=index&order=asc",
                headers: bearer(reader)
            ).json
            #expect(
                page["events"]?.array?.map { $0["type"]?.string }
                    == ["cairn.tenant.created", "cairn.key.created"]
            )
            // The default tenant's only record is of the owner's own key.
            let mine = try await client.send(.get, "/v1/events", headers: bearer(owner)).json
            #expect(mine["events"]?.array?.count == 1)
        }
    }

    @Test("A writer learns nothing of an event that somebody else recorded under the same id")
    func uncompared() async throws {
        try await withGuardedServer { client, _, owner in
            let id = "018f6b1e-7c2a-7000-8000-000000000001"
            let body = #"{"id":"\#(id)","type":"user.login","actor":{"id":"ada"}}"#
            let write: @Sendable (String) async throws -> Reply = { token in
                try await client.send(
                    .post,
                    "/v1/events",
                    body: body,
                    type: "application/json",
                    headers: bearer(token)
                )
            }
            let first = try await make(client, owner, #"{"name":"a","role":"writer"}"#)
            let second = try await make(client, owner, #"{"name":"b","role":"writer"}"#)
            #expect(try await write(first).status == 201)
            #expect(try await write(first).status == 200)
            try await write(second).expectProblem(409, "id_conflict", field: "id")
            // The owner may read it, and so may compare.
            #expect(try await write(owner).status == 200)
        }
    }

    @Test("Without credentials a name that somebody else can point here is refused")
    func rebinding() {
        for host in [
            "localhost", "LOCALHOST:8000", "127.0.0.1", "127.1.2.3:80", "[::1]", "[::1]:80",
        ] {
            #expect(Authentication.isThisMachine(host), "\(host)")
        }
        for host in [
            "", "example.com", "localhost.example.com", "127.0.0.1.example.com:8000", "128.0.0.1",
            "127.0.0", "127.0.0.256", "[::2]:80", "[::1", "x@localhost", "127.0.0.x",
        ] {
            #expect(!Authentication.isThisMachine(host), "\(host)")
        }
    }

    @Test("A tenant has no more keys than it may")
    func limit() async throws {
        try await withGuardedServer(configure: { $0.keys = 3 }) { client, _, owner in
            let create: @Sendable () async throws -> Reply = {
                try await client.send(
                    .post,
                    "/v1/keys",
                    body: #"{"name":"k","role":"reader"}"#,
                    type: "application/json",
                    headers: bearer(owner)
                )
            }
            let first = try await create()
            #expect(first.status == 201)
            #expect(try await create().status == 201)
            try await create().expectProblem(422, "too_many_keys")
            let id = try #require(first.json["id"]?.string)
            let revoked = try await client.send(.delete, "/v1/keys/\(id)", headers: bearer(owner))
            #expect(revoked.status == 200)
            #expect(try await create().status == 201)
        }
    }

    @Test("Keys and tenants come in pages, whose cursors belong to their list")
    func pages() async throws {
        try await withGuardedServer { client, setting, owner in
            for number in 0..<5 {
                setting.clock.advance(milliseconds: 1)
                _ = try await make(client, owner, #"{"name":"k\#(number)","role":"reader"}"#)
            }
            let whole = try await client.get("/v1/keys", headers: bearer(owner)).json
            #expect(whole["keys"]?.array?.count == 6 && whole["next_cursor"] == nil)
            var (found, next): ([JSONValue], String?) = ([], nil)
            repeat {
                let cursor = next.map { "&cursor=\($0)" } ?? ""
                let page = try await client.get("/v1/keys?limit=4\(cursor)", headers: bearer(owner))
                found += page.json["keys"]?.array ?? []
                next = page.json["next_cursor"]?.string
            } while next != nil
            #expect(found == whole["keys"]?.array)
            let tenants = try await client.get("/v1/tenants?limit=1", headers: bearer(owner)).json
            #expect(tenants["tenants"]?.array?.count == 1)
            let cursor = try #require(tenants["next_cursor"]?.string)
            for path in [
                "/v1/keys?cursor=\(cursor)", "/v1/tenants?cursor=\(cursor)A", "/v1/keys?cursor=",
                "/v1/events?cursor=\(cursor)",
            ] {
                try await client.get(path, headers: bearer(owner))
                    .expectProblem(400, "invalid_cursor")
            }
            for path in ["/v1/keys?limit=0", "/v1/keys?limit=1001", "/v1/tenants?limit=x"] {
                try await client.get(path, headers: bearer(owner))
                    .expectProblem(400, "invalid_parameter", field: "limit")
            }
        }
    }
}
