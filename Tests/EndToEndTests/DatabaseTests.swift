// SPDX-License-Identifier: Apache-2.0
import CairnTesting
import Foundation
import Testing

@Suite("A database that many servers share", .enabled(if: PostgresServer.programs != nil))
struct DatabaseTests {
    private static func migrated() async throws -> String {
        let url = try PostgresServer.running().database()
        let run = try await CairnBinary.run("migrate", "--database-url", url, "--json")
        #expect(run.status == 0, "\(run.error)")
        let outcome = try run.json()
        #expect(outcome["from"] as? Int == 0 && outcome["to"] as? Int == 6)
        return url
    }

    @Test("Two servers of one key share a ledger, and each shows at once what the other took")
    func shared() async throws {
        try await withTemporaryFolder { folder in
            let url = try await Self.migrated()
            let stores = ["a", "b"].map { folder.appendingPathComponent($0) }
            let first = try await RunningServer(
                stores[0],
                isOpen: false,
                arguments: ["--database-url", url]
            )
            try FileManager.default.createDirectory(
                at: stores[1],
                withIntermediateDirectories: true
            )
            try FileManager.default.copyItem(
                at: stores[0].appendingPathComponent("signing.key"),
                to: stores[1].appendingPathComponent("signing.key")
            )
            // The second one has it from the environment.
            let second = try await RunningServer(
                stores[1],
                isOpen: false,
                environment: ["CAIRN_DATABASE_URL": url]
            )
            let file = stores[0].appendingPathComponent("admin.key")
            let key = try String(contentsOf: file, encoding: .utf8)
                .trimmingCharacters(in: .newlines)
            #expect(!FileManager.default.fileExists(atPath: stores[1].path + "/admin.key"))
            let event = #"{"type":"user.login","actor":{"id":"ada"}}"#
            for round in 0..<6 {
                let (writer, reader) = round % 2 == 0 ? (first, second) : (second, first)
                let appended = try await CairnBinary.run(
                    ["append", "-", "--server", writer.url, "--api-key", key],
                    input: event
                )
                #expect(appended.status == 0, "\(appended.error)")
                let found = try await CairnBinary.run(
                    "query",
                    "--server",
                    reader.url,
                    "--api-key",
                    key,
                    "--type",
                    "user.login",
                    "--json"
                )
                #expect(found.lines.count == round + 1, "\(found.output) \(found.error)")
            }
            let verified = try await CairnBinary.run(
                "verify",
                "--server",
                second.url,
                "--api-key",
                key
            )
            #expect(verified.status == 0, "\(verified.output) \(verified.error)")
            #expect(await first.stop() == 0)
            #expect(await second.stop() == 0)
            let audited = try await CairnBinary.run(
                "audit",
                "--database-url",
                url,
                "--data",
                stores[1].path,
                "--index"
            )
            #expect(audited.status == 0 && audited.output.contains("holds"), "\(audited.output)")
        }
    }

    @Test("Commands work on the database beside servers, and every one says what it needs")
    func commands() async throws {
        try await withTemporaryFolder { folder in
            let data = folder.appendingPathComponent("data").path
            let empty = try PostgresServer.running().database()
            for command in [["audit"], ["ledger", "list"], ["key", "list"], ["query"]] {
                let run = try await CairnBinary.run(
                    command + ["--database-url", empty, "--data", data]
                )
                #expect(run.status == 3, "\(command): \(run.output)")
                #expect(run.error.contains("cairn migrate"), "\(command): \(run.error)")
            }
            let url = try await Self.migrated()
            let made = try await CairnBinary.run(
                "key",
                "create",
                "--name",
                "ops",
                "--role",
                "owner",
                "--database-url",
                url,
                "--data",
                data
            )
            #expect(made.status == 0 && made.output.hasPrefix("cairn_"), "\(made.error)")
            let tenant = try await CairnBinary.run(
                "tenant",
                "create",
                "acme",
                "--database-url",
                url,
                "--data",
                data
            )
            #expect(tenant.status == 0, "\(tenant.error)")
            let named = try await CairnBinary.run(
                ["tenant", "create", "named", "--origin", "log.example.com/x", "--json"]
                    + ["--database-url", url, "--data", data]
            )
            #expect(named.output.contains("log.example.com/x/"), "\(named.error)")
            let viewer = try await CairnBinary.run(
                ["viewer", "create", "--tenant", "acme", "--actor-id", "ada"]
                    + ["--database-url", url, "--data", data]
            )
            #expect(viewer.status == 0, "\(viewer.error)")
            let careless = try await CairnBinary.run(
                ["serve", "--environment", "production", "--port", "0"]
                    + ["--database-url", url, "--data", data]
            )
            #expect(careless.status == 2 && careless.error.contains("--grant"), "\(careless.error)")
            let listed = try await CairnBinary.run(
                "ledger",
                "list",
                "--database-url",
                url,
                "--data",
                data,
                "--json"
            )
            #expect(listed.lines.count == 3, "\(listed.output) \(listed.error)")
            let other = folder.appendingPathComponent("other").path
            let stranger = try await CairnBinary.run(
                "key",
                "list",
                "--database-url",
                url,
                "--data",
                other
            )
            #expect(stranger.status == 2 && stranger.error.contains("signing.key"))
            let gone = try await CairnBinary.run(
                "audit",
                "--database-url",
                "postgresql://postgres@127.0.0.1:1/x",
                "--data",
                data
            )
            #expect(gone.status == 3)
        }
    }

    @Test("What is shown of settings never has the password of a database")
    func hidden() async throws {
        let shown = try await CairnBinary.run(
            "config",
            "--database-url",
            "postgresql://u:hidden@h/d",
            "--read-url",
            "host=h password=hidden"
        )
        #expect(shown.status == 0)
        #expect(shown.output.contains("database.url") && !shown.output.contains("hidden"))
        for url in [
            "postgresql://u:hid%zzden@h/d", "postgresql://u:hid]den@[h/d", "password= hid den",
        ] {
            let audit = try await CairnBinary.run("audit", "--database-url", url, "--data", "x")
            #expect(audit.status == 3 && audit.error.contains("malformed"), "\(audit.error)")
            #expect(!audit.error.contains("hid") && !audit.error.contains("den\""))
        }
        let alone = try await CairnBinary.run("config", "--read-url", "host=h")
        #expect(alone.status == 2 && alone.error.contains("database.url"))
    }
}
