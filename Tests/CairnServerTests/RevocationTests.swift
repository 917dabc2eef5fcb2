// SPDX-License-Identifier: Apache-2.0

import Cairn
import CairnLedger
import CairnTesting
import HTTPTypes
import Testing

@testable import CairnServer

@Suite("Keys end")
struct RevocationTests {
    @Test("A key ends when it expires, by the server's clock")
    func expiry() async throws {
        try await withGuardedServer { client, setting, owner in
            let end = ManualClock.start.advanced(byMilliseconds: 60_000)
            let token = try await make(
                client,
                owner,
                #"{"name":"k","role":"reader","expires_at":"\#(end.millisecondsText)"}"#
            )
            #expect(
                try await client.send(.get, "/v1/events", headers: bearer(token)).status == 200
            )
            setting.clock.advance(milliseconds: 60_000)
            try await client.send(.get, "/v1/events", headers: bearer(token))
                .expectProblem(401, "unauthenticated")
        }
    }

    @Test("A key that another server revoked is refused after the next look")
    func revokedElsewhere() async throws {
        try await withGuardedServer { client, setting, owner in
            let token = try await make(client, owner, #"{"name":"k","role":"reader"}"#)
            _ = setting.memory.revoke(keyID(token), of: "default", at: ManualClock.start)
            try await setting.keys.refresh()
            try await client.send(.get, "/v1/events", headers: bearer(token))
                .expectProblem(401, "unauthenticated")
        }
    }

    @Test(
        "Without credentials no keys are made, which would be good when credentials are asked for"
    )
    func noBackDoor() async throws {
        try await withServer { client, _ in
            try await client.post("/v1/keys", #"{"name":"k","role":"reader"}"#)
                .expectProblem(403, "forbidden")
        }
    }

    @Test("A key that is revoked while its request is under way does nothing more")
    func revokedMeanwhile() async throws {
        try await withGuardedServer { client, setting, owner in
            let administrator = try await make(
                client,
                owner,
                #"{"name":"a","role":"administrator"}"#
            )
            let token = try #require(APIKeyToken(administrator))
            let principal = try #require(setting.keys.principal(for: token))
            #expect(setting.keys.isGood(principal))
            _ = setting.memory.revoke(token.id, of: "default", at: ManualClock.start)
            try await setting.keys.refresh()
            #expect(!setting.keys.isGood(principal))
        }
        // A stream of two lines, each a commit of its own; the first is held until the key is gone.
        try await withGuardedServer(configure: { $0.streamLines = 1 }) { client, setting, owner in
            let writer = try await make(client, owner, #"{"name":"w","role":"writer"}"#)
            setting.store.hold()
            async let stream = client.send(
                .post,
                "/v1/events",
                body: AccessTests.event + "\n" + AccessTests.event,
                type: "application/x-ndjson",
                headers: bearer(writer)
            )
            while setting.store.heldCommits == 0 { await Task.yield() }
            _ = setting.memory.revoke(keyID(writer), of: "default", at: ManualClock.start)
            try await setting.keys.refresh()
            setting.store.release()
            let lines = try await stream.text.split(separator: "\n").map {
                try JSONValue(parsing: Array($0.utf8))["status"]?.integer
            }
            #expect(lines == [201, 401])
        }
    }

    @Test("Nobody can take the place of the record that says a key was revoked")
    func recordedForSure() async throws {
        try await withGuardedServer { client, setting, owner in
            let writer = try await make(client, owner, #"{"name":"w","role":"writer"}"#)
            let name = Array("cairn.key.revoked\n\(keyID(writer))".utf8)
            let guess = EventID(version4From: Digest.sha256(name).bytes[..<16])
            let event = #"{"id":"\#(guess)","type":"a.b","actor":{"id":"u"}}"#
            let sent = try await client.post("/v1/events", event, headers: bearer(writer))
            #expect(sent.status == 201)
            for _ in 1...2 {
                let path = "/v1/keys/\(keyID(writer))"
                let reply = try await client.send(.delete, path, headers: bearer(owner))
                #expect(reply.status == 200)
            }
            let found = try await client.get(
                "/v1/events?type=cairn.key.revoked",
                headers: bearer(owner)
            )
            #expect(found.json["events"]?.array?.count == 1)
        }
    }

    @Test("A key with every right is revoked by its equals alone")
    func revokingOwners() async throws {
        try await withGuardedServer { client, _, owner in
            let administrator = try await make(
                client,
                owner,
                #"{"name":"a","role":"administrator"}"#
            )
            try await client.send(
                .delete,
                "/v1/keys/\(keyID(owner))",
                headers: bearer(administrator)
            ).expectProblem(403, "forbidden")
            let other = try await make(client, owner, #"{"name":"o","role":"owner"}"#)
            let reply = try await client.send(
                .delete,
                "/v1/keys/\(keyID(owner))",
                headers: bearer(other)
            )
            #expect(reply.status == 200)
        }
    }

    @Test("A key is refused from the moment it is revoked, though that cannot be recorded yet")
    func revokedUnrecorded() async throws {
        try await withGuardedServer { client, setting, owner in
            let reader = try await make(client, owner, #"{"name":"r","role":"reader"}"#)
            let path = "/v1/keys/\(keyID(reader))"
            setting.store.failNext(.commit, .beforeWrite)
            let failed = try await client.send(.delete, path, headers: bearer(owner))
            #expect(failed.status == 503)
            try await client.send(.get, "/v1/events", headers: bearer(reader))
                .expectProblem(401, "unauthenticated")
            #expect(try await client.send(.delete, path, headers: bearer(owner)).status == 200)
            #expect(try await client.send(.delete, path, headers: bearer(owner)).status == 200)
            let page = try await client.send(
                .get,
                "/v1/events?type=cairn.key.revoked",
                headers: bearer(owner)
            )
            #expect(page.json["events"]?.array?.count == 1)
        }
    }
}
