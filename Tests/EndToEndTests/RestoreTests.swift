// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

@Suite("A store that went back", .serialized)
struct RestoreTests {
    private func append(_ count: Int, to server: RunningServer) async throws {
        for number in 0..<count {
            let answer = try await HTTP.post(
                "\(server.url)/v1/events",
                json: #"{"type":"a.b","actor":{"id":"u-\#(number)"}}"#
            )
            #expect(answer.status == 201)
        }
    }

    @Test("It refuses writes, fails the audit, and goes on once the restore is accepted")
    func restore() async throws {
        try await withTemporaryFolder { folder in
            let files = FileManager.default
            let store = folder.appendingPathComponent("data")
            let backup = folder.appendingPathComponent("backup")
            let first = try await RunningServer(store)
            try await append(3, to: first)
            #expect(await first.stop() == 0)
            try files.copyItem(at: store, to: backup)
            let second = try await RunningServer(store)
            try await append(2, to: second)
            #expect(await second.stop() == 0)
            try files.removeItem(at: store)
            try files.moveItem(at: backup, to: store)

            let audit = try await CairnBinary.run("audit", "--data", store.path)
            #expect(audit.status == 1)
            #expect(audit.output.contains("truncated"))
            let third = try await RunningServer(store)
            let refused = try await HTTP.post(
                "\(third.url)/v1/events",
                json: #"{"type":"a.b","actor":{"id":"u"}}"#
            )
            #expect(refused.status == 503)
            #expect(await third.stop() == 0)

            let accepted = try await CairnBinary.run([
                "ledger", "accept-restore", "--data", store.path, "--reason",
                "disk lost, restored by ops", "--json",
            ])
            #expect(accepted.status == 0, "\(accepted.error)")
            #expect(try accepted.json()["index"] as? Int == 3)
            let again = try await CairnBinary.run([
                "ledger", "accept-restore", "--data", store.path, "--reason", "again",
            ])
            #expect(again.status == 2)

            let fourth = try await RunningServer(store)
            try await append(1, to: fourth)
            let found = try await HTTP.get(
                "\(fourth.url)/v1/events?type=cairn.ledger.restore_accepted"
            )
            #expect(found.body.contains("disk lost, restored by ops"))
            #expect(await fourth.stop() == 0)
            let whole = try await CairnBinary.run("audit", "--data", store.path, "--index")
            #expect(whole.status == 0, "\(whole.output)")
        }
    }
}
