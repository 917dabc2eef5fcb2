// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

@Suite("Secrets in events")
struct SecretTests {
    /// All that is in a folder, file after file.
    private func bytes(in folder: URL) throws -> Data {
        let files = try FileManager.default.subpathsOfDirectory(atPath: folder.path)
        return files.reduce(into: Data()) { data, file in
            data += FileManager.default.contents(atPath: folder.path + "/" + file) ?? Data()
        }
    }

    @Test("A planted secret never reaches disk, index, log, answer or error")
    func planted() async throws {
        let (secret, named) = ("AKIAQZ7FODNN7PLANTED", "hunter2planted")
        try await withServer(isOpen: false, arguments: ["--log-access"]) { server, store in
            let key = try String(
                contentsOf: store.appendingPathComponent("admin.key"),
                encoding: .utf8
            ).trimmingCharacters(in: .newlines)
            let id = "018f6b1e-7c2a-7000-8000-000000000077"
            let good = #"""
                {"id":"\#(id)","type":"user.login","action":"with \#(secret)",
                 "actor":{"id":"\#(secret)","name":"\#(secret)","email":"\#(secret)"},
                 "resources":[{"type":"t","id":"\#(secret)"}],"external_id":"\#(secret)",
                 "source":{"ip":"\#(secret)","user_agent":"x \#(secret) y"},
                 "description":"\#(secret)","details":{"list":[{"db_password":"\#(named)"}],
                 "\#(secret)":1,"note":"\#(secret)"},
                 "change":{"before":{"apiKey":"\#(named)"},"after":{"n":["\#(secret)"]}}}
                """#
            let bad = [
                #"{"type":"x.\#(secret)","actor":{"id":"u"}}"#,
                #"{"type":"a.b","actor":{"id":"u"},"\#(secret)":1}"#,
                #"{"type":"a.b","actor":{"id":"u"},"outcome":"\#(secret)"}"#,
            ]
            for event in [good] + bad {
                let run = try await CairnBinary.run(
                    ["append", "-", "--server", server.url, "--api-key", key],
                    input: event
                )
                #expect(run.status == (event == good ? 0 : 2), "\(run.error)")
                #expect(!run.output.contains(secret) && !run.error.contains(secret), "\(run.error)")
            }
            let searched = try await CairnBinary.run(
                ["query", "--server", server.url, "--api-key", key, "-q", secret, "--json"]
            )
            #expect(searched.status == 0 && searched.output.isEmpty, "\(searched.error)")
            let shown = try await CairnBinary.run(
                ["show", id, "--server", server.url, "--api-key", key, "--json"]
            )
            #expect(shown.output.contains("standard/1"), "\(shown.output) \(shown.error)")
            for needle in [secret, named] {
                #expect(!shown.output.contains(needle))
                #expect(!server.log.contains(needle))
            }
            #expect(await server.stop() == 0)
            let kept = try bytes(in: store.deletingLastPathComponent())
            for needle in [secret, secret.lowercased(), named] {
                #expect(kept.range(of: Data(needle.utf8)) == nil, "\(needle)")
            }
            #expect(kept.range(of: Data("[REDACTED]".utf8)) != nil)
        }
    }

    @Test("A tenant's own rules hold, at a server and in a store, and bad ones are refused by name")
    func ownRules() async throws {
        try await withTemporaryFolder { folder in
            let file = folder.appendingPathComponent("rules.json")
            try Data(
                #"""
                {"tenants": {"default": {"name": "acme", "version": 2,
                  "names": {"member_no": "digest"}, "allow": ["token"]}}}
                """#.utf8
            ).write(to: file)
            let data = folder.appendingPathComponent("data").path
            let event = #"""
                {"type":"a.b","actor":{"id":"u"},"details":{"memberNo":"M-1","token":"kept"}}
                """#
            for _ in 0..<2 {
                let run = try await CairnBinary.run(
                    ["append", "-", "--data", data, "--redaction-rules", file.path],
                    input: event
                )
                #expect(run.status == 0, "\(run.error)")
            }
            let found = try await CairnBinary.run(["query", "--data", data, "--json"])
            let digests = found.lines.compactMap { line in
                line.firstMatch(of: /hmac:[0-9]{4}q[1-4]:[A-Za-z0-9_-]{22}/).map { String($0.0) }
            }
            #expect(digests.count == 2 && Set(digests).count == 1, "\(found.output)")
            #expect(found.output.contains(#""token":"kept""#) && found.output.contains("acme/2"))
            try Data(#"{"tenants": {"a": {"name": "x"}}}"#.utf8).write(to: file)
            let refused = try await CairnBinary.run(
                ["serve", "--data", data, "--redaction-rules", file.path, "--no-auth"]
            )
            #expect(refused.status == 2 && refused.error.contains("tenants.a.version"))
        }
    }
}
