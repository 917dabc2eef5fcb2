// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

@Suite("From the first event to its proof", .serialized)
struct FirstEventTests {
    private static let event =
        #"{"type":"user.login","actor":{"id":"ada"},"details":{"n":12345678901234567890}}"#

    @Test("An event sent over HTTP comes back with a proof that holds offline")
    func proofHoldsOffline() async throws {
        try await withServer { server, store in
            let sent = try await HTTP.post("\(server.url)/v1/events", json: Self.event)
            #expect(sent.status == 201)
            let receipt = try sent.json()
            let id = try #require(receipt["id"] as? String)
            let record = try await HTTP.get("\(server.url)/v1/events/\(id)")
            #expect(record.body.contains(#""n":12345678901234567890"#))
            let ledger = try await HTTP.get("\(server.url)/v1/ledger").json()
            let key = try #require(ledger["public_key"] as? String)
            let proof = try await HTTP.get("\(server.url)/v1/events/\(id)/proof")
            let file = store.deletingLastPathComponent().appendingPathComponent("proof.json")
            try Data(proof.body.utf8).write(to: file)

            #expect(await server.stop() == 0)
            let verified = try await CairnBinary.run("verify", file.path, "--key", key)
            #expect(verified.status == 0)
            #expect(verified.output.contains("holds: record 0"))

            let forged = proof.body.replacingOccurrences(of: #""ada""#, with: #""eve""#)
                .replacingOccurrences(of: #"\"ada\""#, with: #"\"eve\""#)
            #expect(forged != proof.body)
            try Data(forged.utf8).write(to: file)
            let refuted = try await CairnBinary.run("verify", file.path, "--key", key, "--json")
            #expect(refuted.status == 1)
            #expect(try refuted.json()["verdict"] as? String == "fails")
        }
    }

    @Test("What append records, query finds and show proves, at a server and in a store")
    func appendQueryShow() async throws {
        try await withServer { server, store in
            try await appendQueryShow(["--server", server.url])
            #expect(await server.stop() == 0)
            try await appendQueryShow(["--data", store.path])
        }
    }

    private func appendQueryShow(_ place: [String]) async throws {
        let actor = "actor-\(UUID().uuidString)"
        let appended = try await cairn(
            ["append", "--type", "report.export", "--actor", actor, "--json"] + place
        )
        #expect(appended.status == 0)
        let id = try #require(try appended.json()["id"] as? String)
        let found = try await cairn(["query", "--actor-id", actor, "--json"] + place)
        #expect(found.status == 0)
        #expect(try found.json()["id"] as? String == id)
        try await withTemporaryFolder { folder in
            let file = folder.appendingPathComponent("x.tlog-proof").path
            let leaf = folder.appendingPathComponent("x.leaf").path
            let shown = try await cairn(
                ["show", id, "--json", "--tlog-proof", file, "--leaf", leaf] + place
            )
            #expect(shown.status == 0)
            #expect(try shown.json()["verdict"] as? String == "holds")
            let facts = try await cairn(["ledger", "show", "--json"] + place)
            let key = try #require(try facts.json()["public_key"] as? String)
            let verified = try await cairn(["verify", file, "--leaf", leaf, "--key", key])
            #expect(verified.status == 0)
            let whole = try await cairn(["verify", "--json"] + place)
            #expect(whole.status == 0)
            #expect(try whole.json()["verdict"] as? String == "holds")
        }
    }

    private func cairn(_ arguments: [String]) async throws -> CommandRun {
        try await CairnBinary.run(arguments)
    }

    @Test("A page at a time gives every record once, in order")
    func allPages() async throws {
        try await withTemporaryFolder { folder in
            let store = folder.appendingPathComponent("data").path
            let lines = (0..<2345).map { #"{"type":"a.b","actor":{"id":"u-\#($0)"}}"# }
            let imported = try await CairnBinary.run(
                ["import", "--data", store, "-"],
                input: lines.joined(separator: "\n")
            )
            #expect(imported.output == "accepted 2345, known already 0, rejected 0\n")
            let all = try await CairnBinary.run([
                "query", "--data", store, "--all", "--json", "--sort", "index", "--order", "asc",
            ])
            let actors = all.lines.compactMap {
                $0.firstMatch(of: /"id":"(u-[0-9]+)"/).map { String($0.1) }
            }
            #expect(actors == (0..<2345).map { "u-\($0)" })
        }
    }
}
