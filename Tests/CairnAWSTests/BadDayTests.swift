// SPDX-License-Identifier: Apache-2.0

import Cairn
import CairnLedger
import CairnTesting
import Testing

@testable import CairnAWS

@Suite(
    "A bucket on bad days",
    .enabled(if: SeaweedServer.isInstalled, "skipped: SeaweedFS is not installed")
)
struct BadDayTests {
    private static let slowDown =
        "<?xml version=\"1.0\"?><Error><Code>SlowDown</Code><Message>m</Message></Error>"

    /// Runs `body` with a store behind a server that spoils what it is told to.
    private func withStore(
        _ patience: S3Patience = TestBucket.patience,
        _ body: (S3ObjectStore, ScriptedServer, ObjectKey) async throws -> Void
    ) async throws {
        let key = try #require(ObjectKey("a/b"))
        try await ScriptedServer.with(before: SeaweedServer.running().port) { server in
            var options = TestBucket.Options(patience: patience)
            options.endpoint = server.endpoint
            try await TestBucket.plain.withStore(options) { store in
                try await body(store, server, key)
            }
            #expect(server.left == 0)
        }
    }

    private static let fresh = {
        var options = ObjectOptions()
        options.onlyIfAbsent = true
        return options
    }()

    @Test(
        "What is throttled, reset or fails inside S3 is asked again, and then it is done",
        arguments: [
            ScriptedServer.Fate.answer(503, slowDown), .answer(500, ""), .answer(502, "<html>"),
            .answer(429, ""), .reset, .cut(20),
        ]
    )
    func again(_ fate: ScriptedServer.Fate) async throws {
        try await withStore { store, server, key in
            server.next("PUT ", times: 3, fate)
            _ = try await store.put(key, SampleBytes(1000).stream, as: ObjectOptions())
            #expect(server.heads("PUT ").count == 4)
            server.next("GET ", times: 2, fate)
            let got = try await store.get(key, range: nil)
            #expect(try await ReadBytes.array(got.bytes) == SampleBytes(1000).array)
            server.next("list-type", times: 2, fate)
            #expect(try await store.list(prefix: "", after: nil, limit: 5).count == 1)
            server.next("list-type", times: 2, .cut(400))
            #expect(try await store.list(prefix: "", after: nil, limit: 5).count == 1)
            server.next("DELETE ", times: 2, fate)
            try await store.delete(key)
            #expect(try await store.facts(of: key) == nil)
        }
    }

    @Test("Parts are sent again one by one")
    func parts() async throws {
        try await withStore { store, server, key in
            server.next("?uploads", times: 1, .answer(503, Self.slowDown))
            server.next("partNumber=1", times: 2, .reset)
            server.next("partNumber=2", times: 1, .answer(500, ""))
            server.next("partNumber=3", times: 1, .swallow)
            let sample = SampleBytes(20 << 20)
            _ = try await store.put(key, sample.stream, as: ObjectOptions())
            let read = try await ReadBytes.digest(store.get(key, range: nil).bytes)
            #expect(read.digest == sample.digest)
            #expect(server.heads("partNumber").count == 7)
        }
    }

    @Test("A completion that says 200 and an error is none, and is asked for again")
    func errorInside() async throws {
        try await withStore { store, server, key in
            let inside = "<Error><Code>InternalError</Code></Error>"
            server.next("?uploadId=", times: 2, .answer(200, inside))
            let sample = SampleBytes(9 << 20)
            _ = try await store.put(key, sample.stream, as: ObjectOptions())
            let read = try await ReadBytes.digest(store.get(key, range: nil).bytes)
            #expect(read.digest == sample.digest)
        }
    }

    @Test("Asking again has an end")
    func end() async throws {
        var patience = TestBucket.patience
        patience.attempts = 4
        try await withStore(patience) { store, server, key in
            server.next("HEAD ", times: 4, .answer(503, Self.slowDown))
            await #expect(throws: ObjectError.unavailable("S3 says 503")) {
                _ = try await store.facts(of: key)
            }
            server.next("GET ", times: 4, .answer(503, Self.slowDown))
            await #expect(throws: ObjectError.unavailable("S3 says SlowDown")) {
                _ = try await store.get(key, range: nil)
            }
            server.next("PUT ", times: 4, .reset)
            await #expect(throws: ObjectError.unavailable("the connection to S3 was lost")) {
                _ = try await store.put(key, SampleBytes(5).stream, as: ObjectOptions())
            }
            #expect(server.heads("PUT ").count == 4)
        }
    }

    @Test("What does not answer is given up in time, and asked again")
    func silence() async throws {
        var patience = TestBucket.patience
        (patience.answer, patience.idle) = (.seconds(2), .seconds(2))
        patience.attempts = 3
        try await withStore(patience) { store, server, key in
            server.next("PUT ", times: 1, .silence)
            _ = try await store.put(key, SampleBytes(5).stream, as: ObjectOptions())
            server.next("GET ", times: 3, .silence)
            await #expect(throws: ObjectError.unavailable("S3 does not answer in time")) {
                _ = try await store.get(key, range: nil)
            }
        }
        (patience.answer, patience.total) = (.milliseconds(300), .seconds(1))
        patience.attempts = 100
        try await withStore(patience) { store, server, key in
            server.next("HEAD ", times: 1000, .silence)
            await #expect(throws: ObjectError.unavailable("S3 does not answer in time")) {
                _ = try await store.facts(of: key)
            }
            #expect(server.heads("HEAD ").count < 10)
            server.forget()
        }
    }

    @Test(
        "A put whose answer was lost is told as done, and is not mistaken for another's",
        arguments: [1000, 9 << 20]
    )
    func lostAnswer(_ count: Int) async throws {
        let request = count > 1 << 20 ? "?uploadId=" : "PUT "
        try await withStore { store, server, key in
            server.next(request, .swallow)
            let sample = SampleBytes(count, seed: 1)
            _ = try await store.put(key, sample.stream, as: Self.fresh)
            let read = try await ReadBytes.digest(store.get(key, range: nil).bytes)
            #expect(read.digest == sample.digest)

            // The same bytes again are another put.
            await #expect(throws: ObjectError.exists) {
                _ = try await store.put(key, sample.stream, as: Self.fresh)
            }
        }
    }

    @Test("A put whose answers are all lost is told as done if it was")
    func lostAnswers() async throws {
        try await withStore { store, server, key in
            server.next("PUT ", times: TestBucket.patience.attempts, .swallow)
            _ = try await store.put(key, SampleBytes(10).stream, as: ObjectOptions())
            #expect(try await store.facts(of: key)?.size == 10)
        }
    }

    @Test(
        "A long object that another put first is told as such, and leaves no parts",
        arguments: [
            (412, "PreconditionFailed", 1),
            (409, "ConditionalRequestConflict", TestBucket.patience.attempts),
            (404, "NoSuchUpload", 1),
        ]
    )
    func rival(status: Int, code: String, times: Int) async throws {
        try await withStore { store, server, key in
            let answer = "<Error><Code>\(code)</Code></Error>"
            server.next("?uploadId=", times: times, .answer(status, answer))
            async let long = store.put(key, SampleBytes(9 << 20).stream, as: Self.fresh)
            while server.heads("partNumber=2").isEmpty {
                try await Task.sleep(for: .milliseconds(1))
            }
            _ = try await store.put(key, SampleBytes(5).stream, as: ObjectOptions())
            let forgotten = ObjectError.unavailable("S3 has forgotten an upload")
            do {
                _ = try await long
                Issue.record("two have put it")
            } catch {
                #expect(error as? ObjectError == (status == 404 ? forgotten : .exists))
            }
            #expect(server.heads("DELETE ").count == 1)
            #expect(try await store.facts(of: key)?.size == 5)
        }
    }

    @Test("A conflict of two that put at once is asked again")
    func conflict() async throws {
        try await withStore { store, server, key in
            let conflict = "<Error><Code>ConditionalRequestConflict</Code></Error>"
            server.next("PUT ", times: 2, .answer(409, conflict))
            _ = try await store.put(key, SampleBytes(5).stream, as: Self.fresh)
            #expect(try await store.facts(of: key)?.size == 5)
        }
    }

    @Test("A download that is cut goes on where it was, and never with another object's bytes")
    func cutDownload() async throws {
        try await withStore { store, server, key in
            let sample = SampleBytes(3 << 20)
            _ = try await store.put(key, sample.stream, as: ObjectOptions())
            server.next("GET ", times: 3, .cut(700_000))
            let read = try await ReadBytes.digest(store.get(key, range: nil).bytes)
            #expect(read.count == sample.count && read.digest == sample.digest)
            #expect(
                server.heads("GET ").dropFirst().allSatisfy { $0.lowercased().contains("range:") }
            )

            server.next("GET ", .cut(700_000))
            let got = try await store.get(key, range: nil)
            _ = try await store.put(key, SampleBytes(3 << 20, seed: 1).stream, as: .init())
            await #expect(
                throws: ObjectError.unavailable("the object was replaced while it was read")
            ) {
                _ = try await ReadBytes.digest(got.bytes)
            }
        }
    }

    @Test("Credentials that S3 refuses are fetched anew, and those that stay refused are told")
    func replaced() async throws {
        let owner = SeaweedServer.owner
        let old = AWSCredentials(accessKeyID: "OLDEXAMPLE", secretAccessKey: "old")
        let new = AWSCredentials(accessKeyID: owner.id, secretAccessKey: owner.secret)
        let newer = AWSCredentials(
            accessKeyID: owner.id,
            secretAccessKey: owner.secret,
            expiresAt: TestBucket.now().advanced(byMilliseconds: 3_600_000)
        )
        let key = try #require(ObjectKey("a"))
        let expired = "<Error><Code>ExpiredToken</Code></Error>"
        try await ScriptedServer.with(before: SeaweedServer.running().port) { server in
            let source = ReplacedCredentials([old, new, newer])
            var options = TestBucket.Options(source: source)
            options.endpoint = server.endpoint
            try await TestBucket.plain.withStore(options) { store in
                // What HEAD is answered does not say why.
                _ = try await store.put(key, SampleBytes(5).stream, as: ObjectOptions())
                #expect(server.heads("HEAD ").count == 2 && source.left == 1)
                server.next("GET ", .answer(400, expired))
                _ = try await store.get(key, range: nil)
                server.next("GET ", times: 5, .answer(400, expired))
                await #expect(throws: ObjectError.refused("S3 says ExpiredToken")) {
                    _ = try await store.get(key, range: nil)
                }
                #expect(server.left == 4)
            }
        }
    }

    @Test("A list goes on as long as S3 says that there is more")
    func continued() async throws {
        func page(_ names: [String], next: String?) -> String {
            let more = next.map {
                "<IsTruncated>true</IsTruncated><NextContinuationToken>\($0)</NextContinuationToken>"
            }
            let contents = names.map { "<Contents><Key>p/\($0)</Key><Size>1</Size></Contents>" }
            return "<ListBucketResult>\(more ?? "")\(contents.joined())</ListBucketResult>"
        }
        try await ScriptedServer.with { server in
            let endpoint = server.endpoint
            try await TestBucket.withStore(named: "abc", .init(), endpoint: endpoint, prefix: "p") {
                store in
                server.next("start-after=p%2F0", .answer(200, page(["a", "b"], next: "x/1+=")))
                server.next("token=x%2F1%2B%3D", .answer(200, page(["not ours"], next: "2")))
                server.next("token=2", .answer(200, page(["c", "d"], next: "3")))
                let found = try await store.list(prefix: "", after: ObjectKey("0"), limit: 4)
                #expect(found.map(\.key.text) == ["a", "b", "c", "d"])
                #expect(server.left == 0 && server.heads().count == 3)
            }
        }
    }

    @Test("Where a part was asked for, the whole object is not taken for it")
    func noParts() async throws {
        try await ScriptedServer.with { server in
            let endpoint = server.endpoint
            try await TestBucket.withStore(named: "abc", .init(), endpoint: endpoint, prefix: "") {
                store in
                let key = try #require(ObjectKey("a"))
                server.next("GET ", .answer(200, "0123456789"))
                await #expect(throws: ObjectError.unsupported("S3 gives no parts of objects")) {
                    _ = try await store.get(key, range: 3..<5)
                }
            }
        }
    }

    @Test(
        "What an answer says is not repeated unless it is one of S3's words",
        arguments: [
            "<Error><Code>See https://attacker.example/?token=1</Code></Error>", "<html>secret",
            "<Error><Message>AKIA secret</Message></Error>", "<!DOCTYPE a><Error/>",
            "<Error><Code>\(String(repeating: "a", count: 65))</Code></Error>", "",
        ]
    )
    func foreignAnswers(_ body: String) async throws {
        try await withStore { store, server, key in
            server.next("GET ", .answer(403, body))
            await #expect(throws: ObjectError.refused("S3 says 403")) {
                _ = try await store.get(key, range: nil)
            }
            server.next("list-type", .answer(200, body))
            await #expect(
                throws: ObjectError.unavailable("S3 gives no list that can be read")
            ) {
                _ = try await store.list(prefix: "", after: nil, limit: 5)
            }
        }
    }
}
