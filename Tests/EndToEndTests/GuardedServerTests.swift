// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

@Suite("A server that asks for credentials")
struct GuardedServerTests {
    /// The first key of a store, from the file that the server wrote.
    private func firstKey(_ store: URL) throws -> String {
        let text = try String(
            contentsOf: store.appendingPathComponent("admin.key"),
            encoding: .utf8
        )
        return text.trimmingCharacters(in: .newlines)
    }

    @Test("The first start makes one key in a file that nobody else may read, and says where")
    func firstStart() async throws {
        try await withTemporaryFolder { folder in
            let store = folder.appendingPathComponent("data")
            let server = try await RunningServer(store, isOpen: false)
            let path = store.appendingPathComponent("admin.key").path
            let key = try firstKey(store)
            #expect(key.utf8.count == 62 && key.hasPrefix("cairn_"))
            let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions]
            #expect(mode as? Int == 0o600)
            #expect(server.log.contains(path))
            #expect(!server.log.contains(key.suffix(43)))
            #expect(try await HTTP.get("\(server.url)/v1/events").status == 401)
            #expect(try await HTTP.get("\(server.url)/health/live").status == 200)
            #expect(await server.stop() == 0)
            // It is made once.
            let second = try await RunningServer(store, isOpen: false)
            #expect(try firstKey(store) == key)
            let query = try await CairnBinary.run(
                "query",
                "--server",
                second.url,
                "--json",
                "--all",
                environment: ["CAIRN_API_KEY": key]
            )
            #expect(query.status == 0)
            #expect(query.lines.count == 1 && query.output.contains("cairn.key.created"))
            #expect(await second.stop() == 0)
        }
    }

    @Test("Keys and tenants are managed from the command line, at a server and in a store")
    func commandLine() async throws {
        try await withTemporaryFolder { folder in
            let store = folder.appendingPathComponent("data")
            let server = try await RunningServer(store, isOpen: false)
            let owner = ["CAIRN_API_KEY": try firstKey(store), "CAIRN_SERVER": server.url]
            func cairn(
                _ arguments: String...,
                as environment: [String: String]
            ) async throws
                -> CommandRun
            {
                try await CairnBinary.run(arguments, environment: environment)
            }
            #expect(try await cairn("tenant", "create", "acme", as: owner).status == 0)
            #expect(try await cairn("tenant", "create", "acme", as: owner).status == 2)
            let tenants = try await cairn("tenant", "list", as: owner)
            #expect(tenants.output.contains("acme") && tenants.output.contains("default"))
            let made = try await cairn(
                "key",
                "create",
                "--name",
                "app",
                "--role",
                "writer",
                "--tenant",
                "acme",
                as: owner
            )
            #expect(made.status == 0)
            let writer = [
                "CAIRN_API_KEY": try #require(made.lines.first), "CAIRN_SERVER": server.url,
            ]
            let event = #"{"type":"a.b","actor":{"id":"u"}}"#
            #expect(try await cairn("append", event, as: writer).status == 0)
            let query = try await cairn("query", as: writer)
            #expect(query.status == 2 && query.error.contains("events:read"))
            let verify = try await cairn("verify", as: owner)
            #expect(verify.status == 0)

            let id = String(try #require(made.lines.first).dropFirst(6).prefix(12))
            let list = try await cairn("key", "list", "--tenant", "acme", as: owner)
            #expect(list.output.contains(id) && list.output.contains("events:write"))
            #expect(
                try await cairn("key", "revoke", id, "--tenant", "acme", as: owner).status == 0
            )
            let refused = try await cairn("append", event, as: writer)
            #expect(refused.status == 2 && refused.error.contains("credential"))
            #expect(await server.stop() == 0)

            // With the server gone, the store itself is managed, with every right.
            let data = ["--data", store.path]
            let reader = try await CairnBinary.run(
                ["key", "create", "--name", "r", "--role", "reader", "--json"] + data
            )
            #expect(try reader.json()["scopes"] as? [String] == ["events:read"])
            let keys = try await CairnBinary.run(["key", "list"] + data)
            #expect(keys.lines.count == 3)
            let none = try await CairnBinary.run(["key", "revoke", "ffffffffffff"] + data)
            #expect(none.status == 2)
            let audit = try await CairnBinary.run(["audit"] + data)
            #expect(audit.status == 0, "\(audit.output)\(audit.error)")
        }
    }

    @Test("No secret is anywhere on disk or in the log, but in the file of the first key")
    func secrets() async throws {
        try await withTemporaryFolder { folder in
            let store = folder.appendingPathComponent("data")
            let server = try await RunningServer(
                store,
                isOpen: false,
                arguments: ["--log-level", "trace"]
            )
            let owner = try firstKey(store)
            let made = try await CairnBinary.run(
                "key",
                "create",
                "--name",
                "app",
                "--role",
                "writer",
                "--server",
                server.url,
                environment: ["CAIRN_API_KEY": owner]
            )
            let planted = "cairn_0123456789ab_" + String(repeating: "Planted", count: 6) + "A"
            for key in [owner, try #require(made.lines.first), planted] {
                _ = try await CairnBinary.run(
                    "append",
                    #"{"type":"a.b","actor":{"id":"u"}}"#,
                    "--server",
                    server.url,
                    "--api-key",
                    key
                )
            }
            let metrics = try await HTTP.get("\(server.url)/metrics").body
            #expect(await server.stop() == 0)
            var written = Data(metrics.utf8)
            let files = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)
            for case let file as URL in try #require(files)
            where file.lastPathComponent != "admin.key" {
                if let content = try? Data(contentsOf: file) { written += content }
            }
            #expect(written.count > 10_000)
            for key in [owner, try #require(made.lines.first), planted] {
                #expect(written.range(of: Data(key.suffix(43).utf8)) == nil)
            }
        }
    }
}

@Suite("The file that says whose tokens are believed")
struct IssuersFileTests {
    @Test(
        "A mistake in it is named, and the server does not start",
        arguments: [
            ("{", "not a JSON object"), (#"{"issuers":1}"#, "not a JSON object"),
            (#"{"issuers":[1]}"#, "must be an object"),
            (#"{"issuers":[{}]}"#, "algorithm is required"),
            (#"{"issuers":[{"algorithm":"none"}]}"#, "algorithm must be one of"),
            (#"{"issuers":[{"algorithm":"RS256"}]}"#, "issuer is required"),
            (#"{"issuers":[{"algorithm":"RS256","issuer":"i","audience":"a"}]}"#, "jwks_url"),
            (
                #"{"issuers":[{"algorithm":"RS256","issuer":"i","audience":"a","jwks_url":"http://x.example/"}]}"#,
                "must be https"
            ),
            (
                #"{"issuers":[{"algorithm":"RS256","issuer":"i","audience":"a","secret_file":"s"}]}"#,
                "does not go with RS256"
            ),
            (
                #"{"issuers":[{"algorithm":"HS256","issuer":"i","audience":"a","secret_file":"s"}]}"#,
                "cannot be read"
            ),
            (#"{"issuers":[{"algorithm":"RS256","isuer":"i"}]}"#, "isuer is not known"),
        ]
    )
    func mistakes(text: String, told: String) async throws {
        try await withTemporaryFolder { folder in
            let file = folder.appendingPathComponent("issuers.json")
            try Data(text.utf8).write(to: file)
            let run = try await CairnBinary.run(
                "serve",
                "--port",
                "0",
                "--data",
                folder.appendingPathComponent("data").path,
                "--auth-issuers",
                file.path
            )
            #expect(run.status == 2)
            #expect(run.error.contains(told), "\(run.error)")
        }
    }

    @Test("A token signed with the shared secret is let in")
    func secret() async throws {
        try await withTemporaryFolder { folder in
            let issuers = """
                {"issuers": [{"issuer": "https://id.example.com/", "audience": "cairn",
                  "algorithm": "HS256", "secret_file": "secret"}]}
                """
            try Data(issuers.utf8).write(to: folder.appendingPathComponent("issuers.json"))
            try Data("a secret of more than thirty-two bytes\n".utf8)
                .write(to: folder.appendingPathComponent("secret"))
            let server = try await RunningServer(
                folder.appendingPathComponent("data"),
                isOpen: false,
                arguments: ["--auth-issuers", folder.appendingPathComponent("issuers.json").path]
            )
            // Made with a tool that is not ours; it ends in the year 2100.
            let token =
                "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9."
                + "eyJpc3MiOiJodHRwczovL2lkLmV4YW1wbGUuY29tLyIsImF1ZCI6ImNhaXJuIiwic3ViIjoiYWRh"
                + "IiwidGVuYW50IjoiZGVmYXVsdCIsInJvbGVzIjpbInJlYWRlciJdLCJleHAiOjQxMDI0NDQ4MDB9"
                + ".1ZFtfIXsvHnlaD10xlIwhjPv9tnz3AZetLAh819tVSg"
            let query = try await CairnBinary.run(
                "query",
                "--server",
                server.url,
                "--api-key",
                token
            )
            #expect(query.status == 0, "\(query.error)")
            let refused = try await CairnBinary.run(
                "query",
                "--server",
                server.url,
                "--api-key",
                String(token.dropLast(2)) + "AA"
            )
            #expect(refused.status == 2)
            #expect(await server.stop() == 0)
        }
    }
}
