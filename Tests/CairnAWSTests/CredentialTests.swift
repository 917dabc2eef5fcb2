// SPDX-License-Identifier: Apache-2.0

import AsyncHTTPClient
import Cairn
import CairnTesting
import Synchronization
import Testing

@testable import CairnAWS

@Suite("Credentials of AWS")
struct CredentialTests {
    private func withClient(_ body: (HTTPClient) async throws -> Void) async throws {
        let client = HTTPClient(eventLoopGroupProvider: .singleton)
        do {
            try await body(client)
        } catch {
            try? await client.shutdown()
            throw error
        }
        try await client.shutdown()
    }

    // MARK: Where they come from

    @Test("They are in the environment, all or none")
    func environment() throws {
        let all = [
            "AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_SESSION_TOKEN": "token",
        ]
        let found = try EnvironmentCredentials(all).credentials()
        #expect(
            found
                == AWSCredentials(
                    accessKeyID: "id",
                    secretAccessKey: "secret",
                    sessionToken: "token"
                )
        )
        #expect(try EnvironmentCredentials([:]).credentials() == nil)
        #expect(try EnvironmentCredentials(["AWS_ACCESS_KEY_ID": ""]).credentials() == nil)
        #expect(throws: CredentialFailure.self) {
            try EnvironmentCredentials(["AWS_ACCESS_KEY_ID": "id"]).credentials()
        }
    }

    @Test("They are in a profile of the shared file")
    func sharedFile() throws {
        let text = """
            # a comment
            [default]
            aws_access_key_id=first
            aws_secret_access_key = a=b/c+d
            ; another
            [ other ]
              AWS_ACCESS_KEY_ID =  second\r
            aws_secret_access_key = s
            aws_session_token = t
            [empty]
            role_arn = arn:aws:iam::1:role/r
            """
        func profile(_ name: String?, _ text: String?) throws -> AWSCredentials? {
            try SharedFileCredentials(profile: name) { text }.credentials()
        }
        #expect(
            try profile(nil, text)
                == AWSCredentials(accessKeyID: "first", secretAccessKey: "a=b/c+d")
        )
        let other = AWSCredentials(
            accessKeyID: "second",
            secretAccessKey: "s",
            sessionToken: "t"
        )
        #expect(try profile("other", text) == other)
        #expect(try profile(nil, nil) == nil)
        #expect(try profile(nil, "[x]\n") == nil)
        #expect(throws: CredentialFailure.self) { _ = try profile("absent", text) }
        #expect(throws: CredentialFailure.self) { _ = try profile("empty", text) }
        #expect(throws: CredentialFailure.self) { _ = try profile("other", nil) }
    }

    private static let answer = """
        {"AccessKeyId": "id", "SecretAccessKey": "secret", "Token": "token",
         "Expiration": "2026-01-23T15:30:00Z", "Code": "Success"}
        """
    private static let given = AWSCredentials(
        accessKeyID: "id",
        secretAccessKey: "secret",
        sessionToken: "token",
        expiresAt: Timestamp(milliseconds: 1_769_182_200_000)
    )

    @Test("A container gets them from the address in its variables, with its token")
    func container() async throws {
        try await ScriptedServer.with { server in
            try await withClient { client in
                server.next("GET /creds", times: 2, .answer(200, Self.answer))
                let url = server.endpoint + "/creds"
                var variables = ["AWS_CONTAINER_CREDENTIALS_FULL_URI": url]
                variables["AWS_CONTAINER_AUTHORIZATION_TOKEN"] = "of-variable"
                var source = ContainerCredentials(variables, client: client) { _ in nil }
                let found1 = try await source.credentials()
                #expect(found1 == Self.given)
                variables["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] = "/token"
                source = ContainerCredentials(variables, client: client) { path in
                    path == "/token" ? "of-file\n" : nil
                }
                let found2 = try await source.credentials()
                #expect(found2 == Self.given)
                let heads = server.heads().map { $0.lowercased() }
                #expect(heads[0].contains("authorization: of-variable"))
                #expect(heads[1].contains("authorization: of-file"))

                server.next("GET /creds", .answer(500, "secret"))
                await #expect(throws: CredentialFailure.self) {
                    _ = try await source.credentials()
                }
            }
        }
    }

    @Test(
        "A container asks nobody far away without TLS",
        arguments: [
            "http://example.com/creds", "http://127.0.0.1.example.com/", "ftp://127.0.0.1/",
            "http:" + "//user@127.0.0.1/", "127.0.0.1", "http:" + "//169.254.169.254/",
        ]
    )
    func farContainer(_ url: String) async throws {
        try await withClient { client in
            let variables = ["AWS_CONTAINER_CREDENTIALS_FULL_URI": url]
            let source = ContainerCredentials(variables, client: client) { _ in nil }
            await #expect(throws: CredentialFailure.self) { _ = try await source.credentials() }
        }
    }

    @Test("A machine gets them from its metadata service, by a session")
    func instance() async throws {
        try await ScriptedServer.with { server in
            try await withClient { client in
                let roles = "/latest/meta-data/iam/security-credentials/"
                server.next("PUT /latest/api/token", .answer(200, "the-session"))
                server.next("GET \(roles) ", .answer(200, "a-role\n"))
                server.next("GET \(roles)a-role", .answer(200, Self.answer))
                let variables = ["AWS_EC2_METADATA_SERVICE_ENDPOINT": server.endpoint + "/"]
                let source = InstanceCredentials(variables, client: client)
                let found3 = try await source.credentials()
                #expect(found3 == Self.given)
                let heads = server.heads("GET").map { $0.lowercased() }
                #expect(heads.count == 2)
                #expect(heads.allSatisfy { $0.contains("x-aws-ec2-metadata-token: the-session") })

                server.next("PUT ", .answer(200, "s"))
                server.next("GET ", .answer(404, ""))
                await #expect(throws: CredentialFailure.self) {
                    _ = try await source.credentials()
                }
                var off = variables
                off["AWS_EC2_METADATA_DISABLED"] = "true"
                let none = try await InstanceCredentials(off, client: client).credentials()
                #expect(none == nil)
            }
        }
    }

    @Test("Where there is no metadata service, there are none")
    func noInstance() async throws {
        try await withClient { client in
            // One that was listened on, and is not any more.
            let port = try await ScriptedServer.with { $0.port }
            let variables = ["AWS_EC2_METADATA_SERVICE_ENDPOINT": "http://127.0.0.1:\(port)"]
            let source = InstanceCredentials(variables, client: client)
            let found4 = try await source.credentials()
            #expect(found4 == nil)
        }
    }

    // MARK: How they are kept

    /// Gives numbered credentials, when it is let.
    private final class Numbered: CredentialSource {
        let clock: ManualClock
        let lifeMilliseconds: Int64
        let state = Mutex((count: 0, fails: false))
        let gate: (@Sendable (Int) async throws -> Void)?

        init(
            _ clock: ManualClock,
            lifeMilliseconds: Int64 = 3_600_000,
            gate: (@Sendable (Int) async throws -> Void)? = nil
        ) {
            self.clock = clock
            self.lifeMilliseconds = lifeMilliseconds
            self.gate = gate
        }

        var count: Int { state.withLock { $0.count } }

        func credentials() async throws(CredentialFailure) -> AWSCredentials? {
            let (number, fails) = state.withLock { state in
                state.count += 1
                return state
            }
            do {
                try await gate?(number)
            } catch {
                throw CredentialFailure("cancelled")
            }
            guard !fails else { throw CredentialFailure("it fails") }
            return AWSCredentials(
                accessKeyID: "id-\(number)",
                secretAccessKey: "s",
                expiresAt: clock.now.advanced(byMilliseconds: lifeMilliseconds)
            )
        }
    }

    @Test("They are fetched once for all who ask at the same time")
    func shared() async throws {
        let clock = ManualClock()
        let source = Numbered(clock) { _ in try await Task.sleep(for: .milliseconds(50)) }
        let cache = CredentialCache(source) { clock.now }
        try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<50 { group.addTask { try await cache.current().accessKeyID } }
            for try await id in group { #expect(id == "id-1") }
        }
        #expect(source.count == 1)
    }

    @Test("They are fetched anew before they end, and kept until then if that fails")
    func refreshed() async throws {
        let clock = ManualClock()
        let source = Numbered(clock)
        let cache = CredentialCache(source) { clock.now }
        #expect(try await cache.current().accessKeyID == "id-1")
        clock.advance(milliseconds: 3_200_000)
        #expect(try await cache.current().accessKeyID == "id-1")
        clock.advance(milliseconds: 200_000)
        source.state.withLock { $0.fails = true }
        for _ in 0..<5 { #expect(try await cache.current().accessKeyID == "id-1") }
        // A source that fails is not asked at every request.
        #expect(source.count == 2)
        clock.advance(milliseconds: 300_000)
        await #expect(throws: CredentialFailure("it fails")) { _ = try await cache.current() }
        source.state.withLock { $0.fails = false }
        #expect(try await cache.current().accessKeyID == "id-4")
    }

    @Test("One who is cancelled while it fetches does not cancel the others")
    func cancelled() async throws {
        let clock = ManualClock()
        let source = Numbered(clock) { number in
            if number == 1 { try await Task.sleep(for: .seconds(600)) }
        }
        let cache = CredentialCache(source) { clock.now }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                await withTaskGroup(of: Void.self) { inner in
                    inner.addTask { _ = try? await cache.current() }
                    while source.count == 0 { await Task.yield() }
                    inner.cancelAll()
                }
            }
            while source.count == 0 { await Task.yield() }
            group.addTask {
                let id = try await cache.current().accessKeyID
                #expect(id == "id-2")
            }
            try await group.waitForAll()
        }
    }

    @Test("The first source that has some is asked, and one that fails is not passed over")
    func chain() async throws {
        let clock = ManualClock()
        let first = EnvironmentCredentials(["AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"])
        let second = Numbered(clock)
        let none = EnvironmentCredentials([:])
        #expect(
            try await CredentialChain([none, first, second]).credentials()?.accessKeyID == "a"
        )
        #expect(try await CredentialChain([none]).credentials() == nil)
        second.state.withLock { $0.fails = true }
        await #expect(throws: CredentialFailure("it fails")) {
            _ = try await CredentialChain([none, second, first]).credentials()
        }
    }
}
