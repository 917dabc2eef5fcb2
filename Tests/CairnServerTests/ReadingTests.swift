// SPDX-License-Identifier: Apache-2.0

import Cairn
import CairnLedger
import CairnTesting
import HTTPTypes
import Synchronization
import Testing

@testable import CairnServer

@Suite("Who reads is recorded")
struct ReadingTests {
    private static let all = Set(SelfRecorder.Kind.allCases)
    private static let minute = AccessTally.windowMilliseconds

    /// The ledger's records of a type, oldest first.
    private static func records(
        _ client: Client,
        _ owner: String,
        _ type: String
    ) async throws -> [JSONValue] {
        try await client.get(
            "/v1/events?type=\(type)&sort=index&order=asc",
            headers: bearer(owner)
        ).json["events"]?.array ?? []
    }

    @Test("Reads of one credential in one minute are one record, with what was asked and shown")
    func reads() async throws {
        try await withGuardedServer(recording: Self.all) { client, setting, owner in
            let event = try await client.post(
                "/v1/events",
                AccessTests.event,
                headers: bearer(owner)
            )
            let id = try #require(event.json["id"]?.string)
            let reader = try await make(client, owner, #"{"name":"r","role":"reader"}"#)
            for path in [
                "/v1/events?actor_id=ada&actor_id=bob&limit=1",
                "/v1/events?actor_id=ada&actor_id=bob",
                "/v1/events?q=nothing", "/v1/events/\(id)", "/v1/events/\(id)/proof", "/v1/stats",
            ] {
                #expect(try await client.get(path, headers: bearer(reader)).status == 200)
            }
            await setting.tally.settle()
            #expect(try await Self.records(client, owner, "cairn.events.read").isEmpty)
            setting.clock.advance(milliseconds: Self.minute)
            await setting.tally.settle()
            let records = try await Self.records(client, owner, "cairn.events.read")
            let record = try #require(records.first)
            #expect(records.count == 1)
            #expect(record["actor"]?["id"]?.string == keyID(reader))
            #expect(record["actor"]?["type"] == "api_key")
            #expect(record["resources"] == [["type": "event", "id": .string(id)]])
            let details = try #require(record["details"])
            #expect(details["requests"] == ["list": 3, "show": 1, "prove": 1, "statistics": 1])
            #expect(details["records"] == 4)
            #expect(details["queries"] == [["actor_id": ["ada", "bob"]], ["q": "nothing"], [:]])
            let found = try await Self.records(client, owner, "cairn.events.read&resource_id=\(id)")
            #expect(found.count == 1)
        }
    }

    @Test("Reading these records is not recorded, or reading would never end")
    func noEcho() async throws {
        try await withGuardedServer(recording: Self.all) { client, setting, owner in
            let page = try await client.get("/v1/events?type=cairn.*", headers: bearer(owner)).json
            let id = try #require(page["events"]?[0]?["id"]?.string)
            for path in [
                "/v1/events", "/v1/events/\(id)", "/v1/events/\(id)/proof",
                "/v1/events?type=cairn.access.refused",
            ] {
                #expect(try await client.get(path, headers: bearer(owner)).status == 200)
            }
            await setting.tally.settle(everything: true)
            #expect(try await Self.records(client, owner, "cairn.events.read").isEmpty)
        }
    }

    @Test("A minute with more than one record can say is told in several, and nothing is left out")
    func manyRecords() async throws {
        try await withGuardedServer(recording: Self.all) { client, setting, owner in
            let principal = Principal(tenant: "default", id: "k", scopes: [])
            var (ids, generator): (Set<String>, SeededGenerator) = ([], SeededGenerator(seed: 7))
            for _ in 0..<600 {
                var read = AccessTally.Read(.show)
                let id = EventID(version4From: generator.bytes(16))
                (read.event, read.records) = (id, 1)
                ids.insert(id.text)
                try setting.tally.note(read, by: principal)
            }
            await setting.tally.settle(everything: true)
            let records = try await Self.records(client, owner, "cairn.events.read")
            #expect(records.count == 3)
            let named = records.flatMap { $0["resources"]?.array ?? [] }.compactMap {
                $0["id"]?.string
            }
            #expect(named.count == 600 && Set(named) == ids)
            #expect(records.compactMap { $0["details"]?["records"]?.integer }.reduce(0, +) == 600)
        }
    }

    @Test("A verification is recorded before it is answered, and so is that it is called off")
    func verifications() async throws {
        try await withGuardedServer(
            recording: Self.all,
            configure: { $0.verifications.running = 0 }
        ) { client, setting, owner in
            let job = try await client.post(
                "/v1/verifications",
                #"{"from":0,"contents":true}"#,
                headers: bearer(owner)
            ).json
            let asked = try await Self.records(client, owner, "cairn.verification.requested")
            #expect(asked.map { $0["details"] } == [["from": 0, "contents": true]])
            let id = try #require(job["id"]?.string)
            _ = try await client.send(.delete, "/v1/verifications/\(id)", headers: bearer(owner))
            let ended = try await Self.records(client, owner, "cairn.verification.cancelled")
            #expect(ended.map { $0["resources"]?[0]?["id"]?.string } == [id])
            setting.store.failNext(.commit, .beforeWrite)
            try await client.post("/v1/verifications", "{}", headers: bearer(owner))
                .expectProblem(503, "unavailable")
        }
    }

    @Test("A verification that has ended is not called off, and no record says so")
    func endedVerification() async throws {
        try await withGuardedServer(recording: Self.all) { client, setting, owner in
            let asked = try await client.post("/v1/verifications", "{}", headers: bearer(owner))
            let path = "/v1/verifications/\(try #require(asked.json["id"]?.string))"
            var state: String?
            while state != "done" {
                state = try await client.get(path, headers: bearer(owner)).json["state"]?.string
            }
            let reply = try await client.send(.delete, path, headers: bearer(owner))
            #expect(reply.json["state"] == "done")
            let ended = try await Self.records(client, owner, "cairn.verification.cancelled")
            #expect(ended.isEmpty)
        }
    }

    @Test(
        "A known key that is refused is a record, at most one a minute, with every attempt counted"
    )
    func refusals() async throws {
        try await withGuardedServer(recording: Self.all) { client, setting, owner in
            let writer = try await make(client, owner, #"{"name":"w","role":"writer"}"#)
            let wrong = String(writer.dropLast(3)) + (writer.hasSuffix("AAA") ? "BBA" : "AAA")
            for _ in 1...3 {
                try await client.get("/v1/events", headers: bearer(wrong))
                    .expectProblem(401, "unauthenticated")
                try await client.get("/v1/events", headers: bearer(writer))
                    .expectProblem(403, "forbidden")
            }
            await setting.tally.settle()
            let wait: @Sendable () async throws -> [JSONValue] = {
                try await Self.records(client, owner, "cairn.access.refused")
            }
            let first = try await wait()
            #expect(first.count == 1)
            for _ in 1...5 { _ = try await client.get("/v1/events", headers: bearer(wrong)) }
            await setting.tally.settle()
            #expect(try await wait().count == 1)
            setting.clock.advance(milliseconds: Self.minute)
            await setting.tally.settle()
            let records = try await wait()
            #expect(records.count == 2)
            #expect(records.allSatisfy { $0["outcome"] == "denied" })
            #expect(records.allSatisfy { $0["actor"]?["id"]?.string == keyID(writer) })
            let attempts = records.compactMap { $0["details"]?["attempts"]?.integer }
            #expect(attempts.reduce(0, +) == 11)
            let wrongs = records.compactMap {
                $0["details"]?["reasons"]?["bad_credential"]?.integer
            }
            #expect(wrongs.reduce(0, +) == 8)
            _ = try await client.send(.delete, "/v1/keys/\(keyID(writer))", headers: bearer(owner))
            setting.clock.advance(milliseconds: Self.minute)
            _ = try await client.get("/v1/events", headers: bearer(writer))
            await setting.tally.settle()
            #expect(try await wait().count == 3, "a revoked key that is used is told")
        }
    }

    @Test("A stranger leaves no record in any ledger")
    func strangers() async throws {
        try await withGuardedServer(recording: Self.all) { client, setting, owner in
            let size = setting.memory.head(of: setting.tenant.ledger)?.size
            for credential in ["x", "cairn_000000000000_" + String(repeating: "A", count: 43)] {
                _ = try await client.get("/v1/events", headers: bearer(credential))
            }
            await setting.tally.settle(everything: true)
            #expect(setting.memory.head(of: setting.tenant.ledger)?.size == size)
        }
    }

    @Test("What cannot be recorded is kept, tried again, and stops reading when it is too much")
    func unwritable() async throws {
        try await withGuardedServer(recording: [.reads]) { client, setting, owner in
            let event = try await client.post(
                "/v1/events",
                AccessTests.event,
                headers: bearer(owner)
            )
            #expect(event.status == 201)
            _ = try await client.get("/v1/events", headers: bearer(owner))
            setting.store.failNext(.commit, .beforeWrite)
            await setting.tally.settle(everything: true)
            let principal = Principal(tenant: "default", id: "k", scopes: [])
            let generator = Mutex(SeededGenerator(seed: 11))
            let refusal = #expect(throws: LedgerError.self) {
                while true {
                    var read = AccessTally.Read(.show)
                    read.event = generator.withLock { EventID(version4From: $0.bytes(16)) }
                    try setting.tally.note(read, by: principal)
                }
            }
            guard case .overloaded? = refusal else {
                Issue.record("\(String(describing: refusal))")
                return
            }
            // Another tenant's reads go on.
            try setting.tally.note(.init(.list), by: Principal(tenant: "o", id: "k", scopes: []))
            await setting.tally.settle(everything: true)
            let records = try await Self.records(
                client,
                owner,
                "cairn.events.read&actor_id=\(keyID(owner))"
            )
            #expect(records.count == 1, "recorded once, when it could be")
            try setting.tally.note(.init(.list), by: principal)
        }
    }

    @Test("What an operator leaves out is not recorded")
    func chosen() async throws {
        try await withGuardedServer(recording: []) { client, setting, owner in
            _ = try await make(client, owner, #"{"name":"w","role":"writer"}"#)
            _ = try await client.get("/v1/events", headers: bearer(owner))
            _ = try await client.post("/v1/verifications", "{}", headers: bearer(owner))
            _ = try await client.get(
                "/v1/events",
                headers: bearer(String(owner.dropLast(3)) + "AAA")
            )
            await setting.tally.settle(everything: true)
            #expect(setting.memory.head(of: setting.tenant.ledger)?.size == 0)
        }
    }

    @Test("One reader with many questions leaves the others of its tenant their reads")
    func manyQuestions() async throws {
        try await withGuardedServer(recording: [.reads]) { client, setting, owner in
            let loud = Principal(tenant: "default", id: "loud", scopes: [])
            for number in 0..<5_000 {
                var read = AccessTally.Read(.list)
                read.parameters = (0..<50).map { ("details.a\($0)", "\u{1}\(number)") }
                read.client = "192.0.2.\(number % 200)"
                try setting.tally.note(read, by: loud)
            }
            try setting.tally.note(
                .init(.list),
                by: Principal(tenant: "default", id: "b", scopes: [])
            )
            await setting.tally.settle(everything: true)
            let records = try await Self.records(client, owner, "cairn.events.read&actor_id=loud")
            let details = try #require(records.first?["details"])
            #expect(records.count == 1)
            #expect(details["requests"]?["list"] == 5_000)
            let told = details["queries"]?.array?.count ?? 0
            #expect(told > 0 && told + (details["queries_omitted"]?.integer ?? 0) == 5_000)
            #expect(details["clients"]?.array?.count == 17)
        }
    }

    @Test("Statistics that are refused for their length were read all the same")
    func refusedStatistics() async throws {
        try await withGuardedServer(recording: [.reads]) { client, setting, owner in
            _ = try await client.post("/v1/events", AccessTests.event, headers: bearer(owner))
            try await client.get("/v1/stats?from=1900-01-01", headers: bearer(owner))
                .expectProblem(422, "range_too_long")
            await setting.tally.settle(everything: true)
            #expect(try await Self.records(client, owner, "cairn.events.read").count == 1)
        }
    }
}
