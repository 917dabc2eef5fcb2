// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

@Suite("The command line")
struct CommandLineTests {
    @Test(
        "A usage error ends with 2 and says what is wrong",
        arguments: [
            ["nonsense"], ["serve", "--bogus"], ["query", "--limit", "0"], ["audit"],
            ["verify", "file"], ["verify", "--key", "x"], ["append"],
            ["append", "--type", "a.b"], ["query", "--data", "x", "--server", "http://x"],
            ["import", "--format", "xml", "x"], ["bench", "--seconds", "601"], ["show"],
            ["query", "--tenant", "x"], ["ledger", "accept-restore", "--data", "x"],
        ]
    )
    func usage(_ arguments: [String]) async throws {
        let run = try await CairnBinary.run(arguments)
        #expect(run.status == 2)
        #expect(!run.error.isEmpty)
        #expect(run.output.isEmpty)
    }

    @Test(
        "Input that cannot be read ends with 2",
        arguments: [
            ["verify", "/nonexistent", "--key", "x"], ["query", "--data", "/nonexistent"],
            ["audit", "--data", "/nonexistent"], ["query", "--server", "ftp://x"],
            ["import", "--data", "/dev/null/x/y", "/nonexistent"],
        ]
    )
    func badInput(_ arguments: [String]) async throws {
        let run = try await CairnBinary.run(arguments)
        #expect([2, 3].contains(run.status))
        #expect(run.error.hasPrefix("cairn: "))
    }

    @Test("Help and version end with 0")
    func help() async throws {
        let help = try await CairnBinary.run("--help")
        #expect(help.status == 0)
        #expect(help.output.contains("audit log that proves itself"))
        let version = try await CairnBinary.run("--version")
        #expect(version.status == 0)
    }

    @Test("docs/commands.md is what the commands say of themselves")
    func commandPage() async throws {
        let run = try await CairnBinary.run("config", "--commands")
        #expect(run.status == 0)
        #expect(run.output == (try CairnBinary.text("docs/commands.md")))
        for word in ["serve", "append", "query", "show", "import", "verify", "audit", "bench"] {
            let help = try await CairnBinary.run(word, "--help")
            #expect(help.output.contains("Exits with 0"), "\(word)")
        }
    }

    @Test("docs/configuration.md is what the settings say of themselves")
    func configurationPage() async throws {
        let run = try await CairnBinary.run("config", "--markdown")
        #expect(run.status == 0)
        #expect(run.output == (try CairnBinary.text("docs/configuration.md")))
    }

    @Test("Options beat the environment, the environment beats the file, the file the defaults")
    func precedence() async throws {
        try await withTemporaryFolder { folder in
            let file = folder.appendingPathComponent("cairn.yaml")
            try Data("port: 1001\nhost: ::1\nlog:\n  level: debug\n".utf8).write(to: file)
            let run = try await CairnBinary.run(
                ["config", "--json", "--port", "1003", "--config", file.path],
                environment: ["CAIRN_PORT": "1002", "CAIRN_LOG_LEVEL": "error"]
            )
            let settings = try run.json()
            #expect(settings["port"] as? Int == 1003)
            #expect(settings["log.level"] as? String == "error")
            #expect(settings["host"] as? String == "::1")
            #expect(settings["data"] as? String == "./cairn-data")
        }
    }

    @Test(
        "A setting that is not allowed is named with what is",
        arguments: [
            (["--port", "65536"], [:], "port", "0 to 65535"),
            (["--log-level", "loud"], [:], "log.level", "trace, debug"),
            ([], ["CAIRN_PORT": "http"], "port", "0 to 65535"),
            ([], ["CAIRN_SHUTDOWN_GRACE_SECONDS": "0"], "shutdown.grace-seconds", "1 to 3600"),
            (["--origin", "Not An Origin"], [:], "origin", "a host"),
            (["--config", "/nonexistent.yaml"], [:], "config", "a file"),
        ] as [([String], [String: String], String, String)]
    )
    func badSetting(
        _ arguments: [String],
        _ environment: [String: String],
        _ name: String,
        _ allowed: String
    ) async throws {
        let run = try await CairnBinary.run(["config"] + arguments, environment: environment)
        #expect(run.status == 2)
        #expect(run.error.contains("the setting \(name) is not allowed"))
        #expect(run.error.contains(allowed))
    }
}
