// SPDX-License-Identifier: Apache-2.0

import Cairn
import CairnLedger
import CairnTesting
import HTTPTypes
import Testing

@testable import CairnServer

/// What a caller may see, known apart from the server: the events of every tenant, and who asks.
private struct Model {
    struct Entry {
        let id: String
        let tenant: String
        let index: Int
        let type: String
        let actor: String
        let resources: [(type: String, id: String)]

        var body: String {
            let resources = resources.map { #"{"type":"\#($0.type)","id":"\#($0.id)"}"# }
                .joined(separator: ",")
            return #"{"id":"\#(id)","type":"\#(type)","actor":{"id":"\#(actor)"},"#
                + #""resources":[\#(resources)]}"#
        }
    }

    struct Caller {
        let token: String
        let tenant: String
        let scopes: Set<String>
        var actor: String?
        var resourceType: String?
        var resourceID: String?
        var types: [String] = []

        var isNarrowed: Bool {
            actor != nil || resourceType != nil || resourceID != nil || !types.isEmpty
        }

        func sees(_ entry: Entry) -> Bool {
            guard entry.tenant == tenant, actor.map({ $0 == entry.actor }) ?? true else {
                return false
            }
            guard types.isEmpty || types.contains(where: { Model.matches(entry.type, $0) }) else {
                return false
            }
            guard resourceType != nil || resourceID != nil else { return true }
            return entry.resources.contains { resource in
                (resourceType.map { $0 == resource.type } ?? true)
                    && (resourceID.map { $0 == resource.id } ?? true)
            }
        }
    }

    static let types = ["doc.read", "doc.changed", "user.login", "user"]
    static let actors = ["ada", "bob", "eve"]
    static let resourceTypes = ["doc", "user"]
    static let resourceIDs = ["1", "2", "ada"]

    var entries: [Entry] = []
    var callers: [Caller] = []
    var tenants: [Tenant] = []

    static func matches(_ type: String, _ pattern: String) -> Bool {
        pattern.hasSuffix("*") ? type.hasPrefix(pattern.dropLast()) : type == pattern
    }

    func size(of tenant: String) -> Int { entries.count { $0.tenant == tenant } }
}

@Suite("Nobody sees what is not theirs")
struct IsolationTests {
    /// Random tenants with random events, and callers of all kinds.
    private static func model(
        _ client: Client,
        _ setting: ServerSetting,
        _ owner: String,
        _ generator: inout SeededGenerator
    ) async throws -> Model {
        var model = Model()
        model.tenants = [setting.tenant, .other]
        for tenant in model.tenants.map(\.name) {
            let keys = try await keys(client, owner, tenant, &generator)
            for index in 0..<12 {
                let entry = Model.Entry(
                    id: EventID(version4From: generator.bytes(16)).text,
                    tenant: tenant,
                    index: index,
                    type: generator.pick(Model.types),
                    actor: generator.pick(Model.actors),
                    resources: (0..<generator.below(3)).map { _ in
                        (generator.pick(Model.resourceTypes), generator.pick(Model.resourceIDs))
                    }
                )
                let reply = try await client.post(
                    "/v1/events",
                    entry.body,
                    headers: bearer(keys[0].token)
                )
                #expect(reply.status == 201, "\(reply.text)")
                model.entries.append(entry)
            }
            model.callers += keys
            for _ in 0..<4 {
                model.callers.append(try await viewer(client, keys[0], &generator))
            }
        }
        return model
    }

    /// A key with every scope of a tenant, and some with random ones.
    private static func keys(
        _ client: Client,
        _ owner: String,
        _ tenant: String,
        _ generator: inout SeededGenerator
    ) async throws -> [Model.Caller] {
        let all = Set(Scope.allCases.map(\.rawValue)).subtracting(["tenants:manage"])
        var sets = [all]
        for _ in 0..<3 {
            sets.append(
                Set(all.sorted().filter { _ in generator.oneIn(3) }).union(["settings:manage"])
            )
        }
        var callers: [Model.Caller] = []
        for scopes in sets {
            let list = scopes.sorted().map { "\"\($0)\"" }.joined(separator: ",")
            let token = try await make(
                client,
                owner,
                #"{"name":"k","scopes":[\#(list)]}"#,
                query: "?tenant=\(tenant)"
            )
            callers.append(Model.Caller(token: token, tenant: tenant, scopes: scopes))
        }
        return callers
    }

    private static func viewer(
        _ client: Client,
        _ maker: Model.Caller,
        _ generator: inout SeededGenerator
    ) async throws -> Model.Caller {
        let scopes = generator.oneIn(2) ? ["events:read"] : ["events:read", "ledger:verify"]
        var caller = Model.Caller(token: "", tenant: maker.tenant, scopes: Set(scopes))
        if generator.oneIn(2) { caller.actor = generator.pick(Model.actors) }
        if generator.oneIn(2) { caller.resourceType = generator.pick(Model.resourceTypes) }
        if generator.oneIn(2) { caller.resourceID = generator.pick(Model.resourceIDs) }
        if generator.oneIn(3) { caller.types = [generator.pick(Model.types + ["doc*", "user.*"])] }
        var filter: JSONObject = [:]
        filter["actor_id"] = caller.actor.map { .string($0) }
        filter["resource_type"] = caller.resourceType.map { .string($0) }
        filter["resource_id"] = caller.resourceID.map { .string($0) }
        if !caller.types.isEmpty { filter["type"] = .array(caller.types.map { .string($0) }) }
        let body: JSONValue = [
            "filter": .object(filter), "scopes": .array(scopes.map { .string($0) }),
        ]
        let made = try await makeViewer(client, maker.token, body.canonical.text)
        return Model.Caller(
            token: try #require(made.json["token"]?.string, "\(made.text)"),
            tenant: caller.tenant,
            scopes: caller.scopes,
            actor: caller.actor,
            resourceType: caller.resourceType,
            resourceID: caller.resourceID,
            types: caller.types
        )
    }

    /// Every id that a caller is shown on all pages of a query, and the first page's cursor.
    private static func listed(
        _ client: Client,
        _ caller: Model.Caller,
        _ query: String
    ) async throws -> (ids: [String], cursor: String?) {
        var (ids, next, first): ([String], String?, String?) = ([], nil, nil)
        repeat {
            let cursor = next.map { "&cursor=\($0)" } ?? ""
            let reply = try await client.get(
                "/v1/events?limit=3&\(query)\(cursor)",
                headers: bearer(caller.token)
            )
            #expect(reply.status == 200, "\(reply.text)")
            ids += (reply.json["events"]?.array ?? []).compactMap { $0["id"]?.string }
            next = reply.json["next_cursor"]?.string
            first = first ?? next
        } while next != nil
        return (ids, first)
    }

    @Test("Whatever anybody asks on any route, the answer is of what a model says they may see")
    func property() async throws {
        for seed in 1...UInt64(6) {
            try await withGuardedServer(recording: []) { client, setting, owner in
                var generator = SeededGenerator(seed: seed)
                let model = try await Self.model(client, setting, owner, &generator)
                for caller in model.callers {
                    try await Self.checkPages(client, model, caller, &generator)
                    try await Self.checkRecords(client, model, caller)
                    try await Self.checkLedger(client, model, caller)
                    try await Self.checkManagement(client, model, caller)
                }
            }
        }
    }

    private static func checkPages(
        _ client: Client,
        _ model: Model,
        _ caller: Model.Caller,
        _ generator: inout SeededGenerator
    ) async throws {
        let (type, actor) = (generator.pick(Model.types), generator.pick(Model.actors))
        let resource = generator.pick(Model.resourceIDs)
        let asks: [(query: String, holds: (Model.Entry) -> Bool)] = [
            ("", { _ in true }), ("type=\(type)", { $0.type == type }),
            ("actor_id=\(actor)&sort=index&order=asc", { $0.actor == actor }),
            ("resource_id=\(resource)", { $0.resources.contains { $0.id == resource } }),
            (
                "q=\(actor)",
                { entry in
                    entry.actor == actor || entry.resources.contains { $0.id == actor }
                }
            ),
        ]
        for (query, holds) in asks {
            guard caller.scopes.contains("events:read") else {
                try await client.get("/v1/events?\(query)", headers: bearer(caller.token))
                    .expectProblem(403, "forbidden")
                continue
            }
            let (ids, cursor) = try await listed(client, caller, query)
            let expected = Set(model.entries.filter { caller.sees($0) && holds($0) }.map(\.id))
            #expect(ids.count == expected.count && Set(ids) == expected, "\(caller) \(query)")
            guard let cursor else { continue }
            // Nobody of another tenant goes on from here.
            for other in model.callers
            where other.tenant != caller.tenant && other.scopes.contains("events:read") {
                try await client.get(
                    "/v1/events?limit=3&\(query)&cursor=\(cursor)",
                    headers: bearer(other.token)
                ).expectProblem(400, "invalid_cursor")
            }
        }
        let stats = try await client.get("/v1/stats", headers: bearer(caller.token))
        guard caller.scopes.contains("events:read") else {
            stats.expectProblem(403, "forbidden")
            return
        }
        let seen = model.entries.filter(caller.sees)
        #expect(stats.json["total"]?.integer == seen.count)
        let actors = (stats.json["top_actors"]?.array ?? []).compactMap { $0["id"]?.string }
        #expect(Set(actors) == Set(seen.map(\.actor)))
        let types = stats.json["by_type"]?.object?.map(\.name) ?? []
        #expect(Set(types) == Set(seen.map(\.type)))
    }

    private static func checkRecords(
        _ client: Client,
        _ model: Model,
        _ caller: Model.Caller
    ) async throws {
        for entry in model.entries {
            for suffix in ["", "/proof"] {
                let reply = try await client.get(
                    "/v1/events/\(entry.id)\(suffix)",
                    headers: bearer(caller.token)
                )
                let expected =
                    !caller.scopes.contains("events:read") ? 403 : caller.sees(entry) ? 200 : 404
                #expect(reply.status == expected, "\(caller) \(entry)")
                if expected == 404 {
                    // Hidden, another tenant's and never made are told alike.
                    let none = try await client.get(
                        "/v1/events/00000000-0000-4000-8000-000000000000\(suffix)",
                        headers: bearer(caller.token)
                    )
                    #expect(none.json["detail"] == reply.json["detail"])
                }
            }
        }
    }

    private static func checkLedger(
        _ client: Client,
        _ model: Model,
        _ caller: Model.Caller
    ) async throws {
        let mayVerify = caller.scopes.contains("ledger:verify")
        let whole = caller.isNarrowed ? 404 : mayVerify ? 200 : 403
        let ledger = try await client.get("/v1/ledger", headers: bearer(caller.token)).json
        #expect(ledger["size"]?.integer == model.size(of: caller.tenant))
        let status: (String) async throws -> Int = { path in
            try await client.get(path, headers: bearer(caller.token)).status
        }
        #expect(try await status("/v1/checkpoint") == (mayVerify ? 200 : 403))
        #expect(try await status("/v1/consistency?from=1") == whole)
        for tenant in model.tenants {
            let isOwn = tenant.name == caller.tenant
            for path in ["checkpoint", "tile/0/000.p/12", "tile/entries/000.p/12"] {
                let expected = isOwn ? whole : caller.isNarrowed || mayVerify ? 404 : 403
                #expect(try await status("/tlog/\(tenant.ledger)/\(path)") == expected, "\(caller)")
            }
        }
        let asked = try await client.post("/v1/verifications", "{}", headers: bearer(caller.token))
        #expect(asked.status == (whole == 200 ? 202 : whole), "\(caller)")
        guard let id = asked.json["id"]?.string else { return }
        for other in model.callers {
            let isSeen = other.tenant == caller.tenant && !other.isNarrowed
            let reply = try await client.get(
                "/v1/verifications/\(id)",
                headers: bearer(other.token)
            )
            let mayAsk = other.scopes.contains("ledger:verify") || other.isNarrowed
            #expect(reply.status == (!mayAsk ? 403 : isSeen ? 200 : 404), "\(other)")
        }
        _ = try await client.send(
            .delete,
            "/v1/verifications/\(id)",
            headers: bearer(caller.token)
        )
    }

    private static func checkManagement(
        _ client: Client,
        _ model: Model,
        _ caller: Model.Caller
    ) async throws {
        let manages = caller.scopes.contains("keys:manage")
        let list = try await client.get("/v1/keys", headers: bearer(caller.token))
        #expect(list.status == (manages ? 200 : 403))
        let tenants = Set((list.json["keys"]?.array ?? []).compactMap { $0["tenant"]?.string })
        #expect(tenants.isSubset(of: [caller.tenant]))
        for tenant in model.tenants where tenant.name != caller.tenant {
            for (method, path) in [
                (HTTPRequest.Method.get, "/v1/keys?tenant="), (.post, "/v1/keys?tenant="),
                (.delete, "/v1/keys/000000000000?tenant="),
            ] {
                let reply = try await client.send(
                    method,
                    path + tenant.name,
                    body: method == .post ? #"{"name":"k","role":"reader"}"# : nil,
                    type: "application/json",
                    headers: bearer(caller.token)
                )
                #expect(reply.status == (manages ? 404 : 403))
            }
        }
        for path in ["/v1/tenants", "/v1/tenants/default", "/v1/tenants/other"] {
            try await client.get(path, headers: bearer(caller.token))
                .expectProblem(403, "forbidden")
        }
        // Nobody writes for another: what is recorded is in the writer's own ledger.
        let canWrite = caller.scopes.contains("events:write")
        if !canWrite {
            try await client.post("/v1/events", AccessTests.event, headers: bearer(caller.token))
                .expectProblem(403, "forbidden")
        }
    }
}
