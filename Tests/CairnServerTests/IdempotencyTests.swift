// SPDX-License-Identifier: Apache-2.0

import Cairn
import CairnLedger
import CairnTesting
import HTTPTypes
import Testing

@testable import CairnServer

@Suite("Requests that are sent again")
struct IdempotencyTests {
    private static let event = #"{"type":"user.login","actor":{"id":"ada"}}"#

    private func send(
        _ client: Client,
        _ body: String,
        key: String = "k-1",
        path: String = "/v1/events",
        type: String = "application/json",
        as token: String? = nil
    ) async throws -> Reply {
        var headers = ["Idempotency-Key": key]
        if let token { headers["Authorization"] = "Bearer \(token)" }
        return try await client.send(.post, path, body: body, type: type, headers: headers)
    }

    @Test("One event without an id is recorded once, and answered as it was first")
    func single() async throws {
        try await withServer { client, setting in
            let first = try await send(client, Self.event)
            #expect(first.status == 201)
            #expect(first.header("Idempotency-Replayed") == nil)
            for key in ["k-1", "\"k-1\""] {
                let again = try await send(client, Self.event, key: key)
                #expect(again.status == 201)
                #expect(again.text == first.text)
                #expect(again.header("Location") == first.header("Location"))
                #expect(again.header("Idempotency-Replayed") == "true")
            }
            let other = try await send(client, Self.event, key: "k-2")
            #expect(other.json["id"] != first.json["id"])
            let ledger = try await setting.ledgers.ledger(of: "default")
            #expect(await ledger.currentHead.size == 2)
            // The id counts as filled in by the server.
            let id = try #require(first.json["id"]?.string)
            let record = try await client.get("/v1/events/\(id)").json
            #expect(record["defaulted"]?.array?.contains("id") == true)
        }
    }

    @Test("A bulk is recorded once, also when its first answer was lost with the process")
    func bulk() async throws {
        try await withServer { client, setting in
            let body = #"{"events":[\#(Self.event),\#(Self.event)]}"#
            let first = try await send(client, body)
            #expect(first.status == 201)
            #expect(try await send(client, body).text == first.text)
            // Without the kept answer, the same ids are derived again.
            setting.memory.forget(before: ManualClock.start.advanced(byMilliseconds: 1))
            let anew = try await send(client, body)
            #expect(anew.status == 200)
            let ids: (Reply) -> [String?] = { reply in
                reply.json["results"]?.array?.map { $0["receipt"]?["id"]?.string } ?? []
            }
            #expect(ids(anew) == ids(first))
            let ledger = try await setting.ledgers.ledger(of: "default")
            #expect(await ledger.currentHead.size == 2)
        }
    }

    @Test("An answer with proofs is made anew, and the event is not kept a second time")
    func proof() async throws {
        try await withServer { client, setting in
            let path = "/v1/events?proof=true"
            let first = try await send(client, Self.event, path: path)
            let again = try await send(client, Self.event, path: path)
            #expect(again.status == 201 && again.json["id"] == first.json["id"])
            #expect(again.json["disclosure"] == first.json["disclosure"])
            let kept = setting.memory.keptAnswers
            #expect(kept.count == 1 && kept.first?.body == nil)
        }
    }

    @Test(
        "Another request under the same key is 422; on another route, or of another caller, it is new"
    )
    func reused() async throws {
        try await withGuardedServer { client, _, owner in
            #expect(try await send(client, Self.event, as: owner).status == 201)
            try await send(client, Self.event + " ", as: owner)
                .expectProblem(422, "idempotency_key_reused")
            try await send(client, Self.event, path: "/v1/events?proof=true", as: owner)
                .expectProblem(422, "idempotency_key_reused")
            let route = try await send(client, "{}", path: "/v1/verifications", as: owner)
            #expect(route.status == 202)
            let again = try await send(client, "{}", path: "/v1/verifications", as: owner)
            #expect(again.json["id"] == route.json["id"])
            let writer = try await make(client, owner, #"{"name":"w","role":"writer"}"#)
            let other = try await send(client, Self.event, as: writer)
            #expect(other.status == 201 && other.header("Idempotency-Replayed") == nil)
        }
    }

    @Test("A key that is made again is answered with its facts, without the secret")
    func keys() async throws {
        try await withGuardedServer { client, setting, owner in
            let body = #"{"name":"w","role":"writer"}"#
            let first = try await send(client, body, path: "/v1/keys", as: owner)
            #expect(first.json["key"]?.string != nil)
            let again = try await send(client, body, path: "/v1/keys", as: owner)
            #expect(again.status == 201)
            #expect(again.json["id"] == first.json["id"])
            #expect(again.json["key"] == nil)
            for kept in setting.memory.keptAnswers {
                let text = String(decoding: kept.body ?? [], as: UTF8.self)
                #expect(!text.contains("\"key\""))
            }
        }
    }

    @Test("While the first is under way, the second is 409")
    func running() async throws {
        try await withServer { client, setting in
            setting.store.hold()
            async let first = send(client, Self.event)
            while setting.store.heldCommits == 0 { await Task.yield() }
            try await send(client, Self.event).expectProblem(409, "idempotency_in_progress")
            setting.store.release()
            #expect(try await first.status == 201)
        }
    }

    @Test("A request that failed may be sent again, and one that is refused may be put right")
    func failures() async throws {
        try await withServer { client, setting in
            setting.store.failNext(.commit, .beforeWrite)
            var statuses: [Int] = []
            for (body, key) in [
                (Self.event, "a"), (Self.event, "a"), ("{}", "b"), (Self.event, "b"),
            ] {
                statuses.append(try await send(client, body, key: key).status)
            }
            #expect(statuses == [503, 201, 422, 201])
        }
    }

    @Test(
        "What is no key is 400 naming the field",
        arguments: ["", "\"\"", "a\"b", "a\\b", "\u{e9}", String(repeating: "k", count: 256)]
    )
    func invalid(_ key: String) async throws {
        try await withServer { client, _ in
            try await send(client, Self.event, key: key)
                .expectProblem(400, "invalid_parameter", field: "Idempotency-Key")
        }
    }

    @Test("A stream of events takes no key")
    func stream() async throws {
        try await withServer { client, _ in
            try await send(client, Self.event, type: "application/x-ndjson")
                .expectProblem(400, "idempotency_key_not_supported")
        }
    }
}
