// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

@Suite("What a visitor is shown, with the real binary")
struct ViewerCommandTests {
    @Test("A viewer token shows its part, ends when it is revoked, and its reads are recorded")
    func life() async throws {
        try await withTemporaryFolder { folder in
            let store = folder.appendingPathComponent("data")
            let server = try await RunningServer(store, isOpen: false)
            let key = try String(
                contentsOf: store.appendingPathComponent("admin.key"),
                encoding: .utf8
            ).trimmingCharacters(in: .newlines)
            let owner = ["CAIRN_API_KEY": key, "CAIRN_SERVER": server.url]
            for actor in ["ada", "bob"] {
                let event = #"{"type":"a.b","actor":{"id":"\#(actor)"}}"#
                let run = try await CairnBinary.run(["append", event], environment: owner)
                #expect(run.status == 0)
            }
            let made = try await CairnBinary.run(
                ["viewer", "create", "--actor-id", "ada", "--subject", "a page", "--json"],
                environment: owner
            )
            #expect(made.status == 0, "\(made.error)")
            let facts = try made.json()
            let viewer = [
                "CAIRN_API_KEY": try #require(facts["token"] as? String),
                "CAIRN_SERVER": server.url,
            ]
            let id = try #require(facts["id"] as? String)
            let page = try await CairnBinary.run(["query", "--json", "--all"], environment: viewer)
            #expect(page.lines.count == 1 && page.output.contains("ada"))
            let wide = try await CairnBinary.run(
                ["viewer", "create", "--scope", "keys:manage"],
                environment: owner
            )
            #expect(wide.status == 2)
            let revoke = try await CairnBinary.run(["viewer", "revoke", id], environment: owner)
            #expect(revoke.status == 0)
            let refused = try await CairnBinary.run(["query"], environment: viewer)
            #expect(refused.status == 2 && refused.error.contains("credential"))
            // The end of the server is the end of the minute.
            #expect(await server.stop() == 0)

            let query = { (type: String) in
                try await CairnBinary.run(
                    ["query", "--json", "--all", "--type", type, "--data", store.path]
                )
            }
            let reads = try await query("cairn.events.read")
            #expect(reads.lines.count == 1 && reads.output.contains(id), "\(reads.output)")
            #expect(reads.output.contains("a page"))
            #expect(try await query("cairn.access.refused").output.contains(id))
            #expect(try await query("cairn.viewer_token.*").lines.count == 2)
            let offline = try await CairnBinary.run(
                ["viewer", "create", "--type", "a.*", "--json", "--data", store.path]
            )
            let other = try #require(try offline.json()["id"] as? String)
            let end = ["viewer", "revoke", "--data", store.path]
            #expect(try await CairnBinary.run(end + [other]).status == 0)
            let none = String(repeating: "0", count: 32)
            #expect(try await CairnBinary.run(end + [none]).status == 2)
            let audit = try await CairnBinary.run(["audit", "--data", store.path])
            #expect(audit.status == 0, "\(audit.output)\(audit.error)")
        }
    }
}
