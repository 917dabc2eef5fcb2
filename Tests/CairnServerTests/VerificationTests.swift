// SPDX-License-Identifier: Apache-2.0

import Cairn
import CairnLedger
import CairnServer
import CairnTesting
import HTTPTypes
import Testing

@Suite("Verifications")
struct VerificationTests {
    /// Asks until the verification has ended.
    private static func finished(_ client: Client, _ id: String) async throws -> JSONValue {
        for _ in 0..<500 {
            let reply = try await client.get("/v1/verifications/\(id)")
            #expect(reply.status == 200)
            switch reply.json["state"]?.string {
            case "queued", "running": try await Task.sleep(for: .milliseconds(10))
            default: return reply.json
            }
        }
        Issue.record("the verification did not end")
        return .null
    }

    static func verify(_ client: Client, _ body: String = "{}") async throws -> JSONValue {
        let reply = try await client.post("/v1/verifications", body)
        #expect(reply.status == 202, "\(reply.text)")
        let id = try #require(reply.json["id"]?.string)
        #expect(reply.header("Location") == "/v1/verifications/\(id)")
        return try await finished(client, id)
    }

    @Test("A ledger that nobody touched holds, and statistics say when that was found")
    func holds() async throws {
        try await withServer { client, _ in
            try await client.record(5)
            #expect(try await client.get("/v1/stats").json["integrity"] == nil)
            let job = try await Self.verify(client)
            #expect(job["state"] == "done")
            #expect(job["verdict"] == "holds")
            #expect(job["faults"]?.array?.isEmpty == true)
            #expect(job["progress"]?["checked"] == 5)
            #expect(job["progress"]?["total"] == 5)
            #expect(job["erased"] == 0)
            #expect(job["pruned"] == 0)
            #expect(job["trusted"]?.array?.contains("own_head") == true)
            let integrity = try await client.get("/v1/stats").json["integrity"]
            #expect(integrity?["verdict"] == "holds")
            #expect(integrity?["size"] == 5)
            #expect(integrity?["verified_at"] == job["finished_at"])
        }
    }

    @Test("A record that was changed is named by its index and the kind of fault")
    func fails() async throws {
        try await withServer { client, setting in
            try await client.record(5)
            setting.memory.tamper(with: setting.tenant.ledger) { contents in
                let other = contents.records[4]?.payload
                contents.records[3] = contents.records[3]?.replacing(payload: .some(other))
            }
            let job = try await Self.verify(client)
            #expect(job["verdict"] == "fails")
            #expect(job["faults"]?[0]?["index"] == 3)
            #expect(job["faults"]?[0]?["kind"] == "content_mismatch")
            let leaves = try await Self.verify(client, #"{"contents":false}"#)
            #expect(leaves["verdict"] == "holds")
            let before = try await Self.verify(client, #"{"from":0,"to":3}"#)
            #expect(before["verdict"] == "holds")
            #expect(try await client.get("/v1/stats").json["integrity"]?["verdict"] == "fails")
        }
    }

    @Test("A checkpoint of the caller's is compared with, and named as trusted")
    func checkpoint() async throws {
        try await withServer { client, setting in
            try await client.record(3)
            let origin = setting.tenant.origin
            let note = try await client.get("/v1/checkpoint").text
            func body(_ note: String) -> String {
                var output = Array(#"{"checkpoint":"#.utf8)
                JSONText.appendString(note, to: &output)
                return String(decoding: output, as: UTF8.self) + "}"
            }
            let good = try await Self.verify(client, body(note))
            #expect(good["verdict"] == "holds")
            #expect(good["trusted"]?.array?.contains("given_checkpoint") == true)
            let longer = Checkpoint(origin: origin, size: 9, root: Digest.leaf([1]))
            let other = setting.signer.sign(longer)
            let bad = try await Self.verify(client, body(other.encoded))
            #expect(bad["verdict"] == "fails")
            #expect(bad["faults"]?[0]?["kind"] == "truncated")
            let stranger = MemorySigner(seed: 99).sign(longer)
            try await client.post("/v1/verifications", body(stranger.encoded))
                .expectProblem(422, "invalid_request", field: "checkpoint")
        }
    }

    @Test("A verification that waits can be called off, and stays called off")
    func cancel() async throws {
        // Without its service nothing is carried out.
        let setting = try ServerSetting.make { $0.verifications.running = 0 }
        try await setting.run { client in
            let id = try #require(
                try await client.post("/v1/verifications", "{}").json["id"]?.string
            )
            #expect(try await client.get("/v1/verifications/\(id)").json["state"] == "queued")
            let reply = try await client.send(.delete, "/v1/verifications/\(id)")
            #expect(reply.status == 200)
            #expect(reply.json["state"] == "cancelled")
            let again = try await client.send(.delete, "/v1/verifications/\(id)")
            #expect(again.json == reply.json)
        }
    }

    @Test("Verifications survive a restart, and those that waited are carried out")
    func restart() async throws {
        let jobs = MemoryJobQueue()
        let first = try ServerSetting.make(jobs: jobs) { $0.verifications.running = 0 }
        let memory = first.memory
        let id = try await withCheckedValue { box in
            try await first.run { client in
                try await client.record(3)
                let reply = try await client.post("/v1/verifications", #"{"from":1}"#)
                await box.set(try #require(reply.json["id"]?.string))
            }
        }
        let second = try ServerSetting.make(memory: memory, jobs: jobs)
        try await second.run { client in
            let job = try await Self.finished(client, id)
            #expect(job["verdict"] == "holds")
            #expect(job["from"] == 1)
        }
        let third = try ServerSetting.make(memory: memory, jobs: jobs)
        try await third.run { client in
            let job = try await client.get("/v1/verifications/\(id)").json
            #expect(job["state"] == "done")
            #expect(job["progress"]?["checked"] == 2)
        }
    }

    @Test("Too many verifications that wait are 503 overloaded")
    func overloaded() async throws {
        let setting = try ServerSetting.make {
            $0.verifications.running = 0
            $0.verifications.queued = 2
        }
        try await setting.run { client in
            for _ in 0..<2 {
                #expect(try await client.post("/v1/verifications", "{}").status == 202)
            }
            try await client.post("/v1/verifications", "{}").expectProblem(503, "overloaded")
        }
    }

    @Test("A store that cannot be read makes a verification fail, and says nothing internal")
    func failed() async throws {
        try await withServer { client, setting in
            try await client.record(1)
            setting.store.failNextHead()
            let job = try await Self.verify(client)
            #expect(job["state"] == "failed")
            #expect(job["detail"] == "the ledger could not be read")
            #expect(job["verdict"] == nil)
        }
    }

    @Test("Only so many verifications are remembered")
    func forgotten() async throws {
        let setting = try ServerSetting.make { $0.verifications.finished = 2 }
        try await setting.run { client in
            var ids: [String] = []
            for _ in 0..<3 {
                ids.append(try #require(try await Self.verify(client)["id"]?.string))
                setting.clock.advance(milliseconds: 10)
            }
            let kept = {
                setting.jobs.jobs(kind: "verification", tenant: nil, before: nil, limit: 9)
            }
            for _ in 0..<100 where kept().count > 2 {
                try await Task.sleep(for: .milliseconds(10))
            }
            try await client.get("/v1/verifications/\(ids[0])").expectProblem(404, "not_found")
            #expect(try await client.get("/v1/verifications/\(ids[2])").status == 200)
            #expect(kept().map(\.id) == ids.dropFirst().reversed())
        }
    }

    @Test("No body at all asks for everything")
    func noBody() async throws {
        try await withServer { client, _ in
            let reply = try await client.send(.post, "/v1/verifications")
            #expect(reply.status == 202)
            #expect(reply.json["contents"] == true)
        }
    }

    @Test(
        "A request that breaks a rule is 422 naming the member",
        arguments: [
            (#"{"size":1}"#, "size"), (#"{"from":-1}"#, "from"), (#"{"from":"1"}"#, "from"),
            (#"{"to":9}"#, "to"), (#"{"from":9}"#, "from"),
            (#"{"from":9007199254740991}"#, "from"), (#"{"from":2,"to":1}"#, "from"),
            (#"{"contents":1}"#, "contents"),
            (#"{"checkpoint":1}"#, "checkpoint"), (#"{"checkpoint":"x"}"#, "checkpoint"),
            ("[]", ""),
        ]
    )
    func invalid(body: String, field: String) async throws {
        try await withServer { client, _ in
            try await client.record(2)
            try await client.post("/v1/verifications", body)
                .expectProblem(422, "invalid_request", field: field)
        }
    }

    @Test("What is no JSON is 400, no JSON type 415, and too long 413")
    func unreadable() async throws {
        try await withServer { client, _ in
            try await client.post("/v1/verifications", "{").expectProblem(400, "malformed_body")
            try await client.send(.post, "/v1/verifications", body: "{}", type: "text/plain")
                .expectProblem(415, "unsupported_media_type")
            try await client.post(
                "/v1/verifications",
                String(repeating: " ", count: (256 << 10) + 1)
            ).expectProblem(413, "body_too_large")
            try await client.get("/v1/verifications/x").expectProblem(404, "not_found")
            try await client.send(.delete, "/v1/verifications/x")
                .expectProblem(404, "not_found")
        }
    }
}

/// Holds what a closure finds out.
private actor Box {
    var value: String?

    func set(_ value: String) {
        self.value = value
    }
}

/// Runs `body` and returns what it put into the box.
private func withCheckedValue(_ body: (Box) async throws -> Void) async throws -> String {
    let box = Box()
    try await body(box)
    return try #require(await box.value)
}
