// SPDX-License-Identifier: Apache-2.0

import Cairn
import CairnClient
import CairnEmbedded
import CairnTesting
import Foundation
import Testing

@Suite("A ledger in the application's own process")
struct EmbeddedTests {
    /// Gives a folder of its own to `body` and removes it afterwards.
    private func withFolder(_ body: (String) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("cairn-embedded-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try await body(folder.appendingPathComponent("audit").path)
    }

    private func event(_ actor: String, _ type: String = "data.update") throws -> Event {
        Event(type: try EventType(type), actor: Event.Actor(id: actor))
    }

    @Test("What was recorded is there after a restart, and the store's own tool holds it good")
    func restart() async throws {
        try await withFolder { folder in
            let first = try await EmbeddedLedger(at: folder)
            let origin = first.origin
            let recorder = try AuditRecorder(to: first)
            var ids: [EventID] = []
            try await recorder.whileRunning { recorder in
                for number in 0..<20 {
                    let receipt = try await recorder.record(event("\(number)")).get()
                    #expect(receipt.standing == .recorded)
                    #expect(receipt.position?.index == UInt64(number))
                    ids.append(receipt.id)
                }
                let audit = try await first.audit().get()
                #expect(audit.holds && audit.checked == 20)
            }
            let second = try await EmbeddedLedger(at: folder)
            #expect(second.origin == origin)
            #expect(second.verifierKey == first.verifierKey)
            let again = try AuditRecorder(to: second)
            let page = try await again.query(AuditQuery(limit: 100)).get()
            #expect(page.records.sorted { $0.index < $1.index }.map(\.id) == ids)
            #expect(page.ledgerSize == 20)
            await again.close()
            let output = folder + "-output"
            let tool = try BuiltProgram.start(
                "cairn",
                ["audit", "--data", folder, "--index"],
                output: output,
                error: output
            )
            let status = await tool.end()
            #expect(status == 0, "\((try? String(contentsOfFile: output, encoding: .utf8)) ?? "")")
        }
    }

    @Test("The same event is one record, and another one under its id is refused")
    func idempotent() async throws {
        try await withFolder { folder in
            let recorder = try AuditRecorder(to: try await EmbeddedLedger(at: folder))
            var event = try event("ada")
            event.id = EventID("018f6b1e-7c2a-7000-8000-000000000001")
            event.occurredAt = try Timestamp.parse("2026-01-01T00:00:00Z").timestamp
            let first = try await recorder.record(event).get()
            #expect(try await recorder.record(event).get() == first)
            event.action = "another"
            guard case .failure(let error) = await recorder.record(event) else {
                Issue.record("recorded")
                return
            }
            #expect(error.code == .conflict)
            await recorder.close()
        }
    }

    @Test("D-001-19, D-004-09: pages neither shift nor repeat, and the last one says that it is it")
    func pages() async throws {
        try await withFolder { folder in
            let recorder = try AuditRecorder(to: try await EmbeddedLedger(at: folder))
            let time = try Timestamp.parse("2026-01-01T00:00:00Z").timestamp
            for number in 0..<12 {
                var event = try event("\(number)")
                // All at one instant: the order is still total.
                event.occurredAt = time
                _ = try await recorder.record(event).get()
            }
            var query = AuditQuery(from: time, limit: 4)
            var seen: [String] = []
            var pages = 0
            while true {
                let page = try await recorder.query(query).get()
                seen += page.records.compactMap { $0.event?.actor.id }
                pages += 1
                var late = try event("late")
                late.occurredAt = time.advanced(byMilliseconds: 1)
                _ = try await recorder.record(late).get()
                guard let next = query.next(after: page) else { break }
                query = next
            }
            #expect(pages == 3)
            #expect(seen == (0..<12).reversed().map { "\($0)" })
            for limit in [0, 1001, -1] {
                guard case .failure(let error) = await recorder.query(AuditQuery(limit: limit))
                else {
                    Issue.record("answered")
                    return
                }
                #expect(error.code == .invalidQuery)
            }
            await recorder.close()
        }
    }

    @Test("Every condition of a question holds of every record in the answer")
    func conditions() async throws {
        try await withFolder { folder in
            let recorder = try AuditRecorder(to: try await EmbeddedLedger(at: folder))
            for number in 0..<12 {
                var event = try event("\(number % 2)", number < 6 ? "data.read" : "user.login")
                event.outcome = number % 3 == 0 ? .denied : .success
                event.resources = [Event.Resource(type: "account", id: "\(number)")]
                event.details = CanonicalJSON(["plan": number % 4 == 0 ? "gold" : "tin"])
                event.description = "the number \(number)"
                _ = try await recorder.record(event).get()
            }
            func count(_ change: (inout AuditQuery) -> Void) async throws -> Int {
                var query = AuditQuery()
                change(&query)
                return try await recorder.query(query).get().records.count
            }
            #expect(try await count { $0.types = ["data.*"] } == 6)
            #expect(try await count { $0.types = ["data.read", "user.login"] } == 12)
            #expect(try await count { $0.outcomes = [.denied] } == 4)
            #expect(try await count { $0.actorIDs = ["1"] } == 6)
            #expect(try await count { $0.resourceIDs = ["7"] } == 1)
            #expect(try await count { $0.details = ["plan": "gold"] } == 3)
            #expect(try await count { $0.text = "number 11" } == 1)
            #expect(try await count { ($0.types, $0.actorIDs) = (["data.read"], ["0"]) } == 3)
            await recorder.close()
        }
    }

    @Test("A folder is for one process at a time, and a key that is gone is not made anew")
    func folder() async throws {
        try await withFolder { folder in
            let ledger = try await EmbeddedLedger(at: folder)
            do throws(ClientError) {
                _ = try await EmbeddedLedger(at: folder)
                Issue.record("two have the folder")
            } catch {
                #expect(error.code == .inUse)
            }
            await ledger.close()
            try FileManager.default.removeItem(atPath: folder + "/signing.key")
            do throws(ClientError) {
                _ = try await EmbeddedLedger(at: folder)
                Issue.record("a new key signs for an old ledger")
            } catch {
                #expect(error.code == .invalidSetting)
            }
        }
    }

    @Test("A secret that reaches the ledger is taken out there, too, and the record says so")
    func redaction() async throws {
        try await withFolder { folder in
            var options = RecorderOptions()
            options.redaction = .off
            let recorder = try AuditRecorder(
                to: try await EmbeddedLedger(at: folder),
                options: options
            )
            var event = try event("ada")
            event.details = CanonicalJSON(["password": "hunter2"])
            _ = try await recorder.record(event).get()
            let record = try #require(try await recorder.query(AuditQuery()).get().records.first)
            #expect(record.json["details"]?["password"] == "[REDACTED]")
            #expect(record.json["redaction"]?["paths"] == ["details.password"])
            await recorder.close()
        }
    }

    @Test("Many tasks that record at once lose and double nothing")
    func many() async throws {
        try await withFolder { folder in
            let ledger = try await EmbeddedLedger(at: folder)
            let recorder = try AuditRecorder(to: ledger)
            try await recorder.whileRunning { recorder in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for task in 0..<16 {
                        group.addTask {
                            for number in 0..<25 {
                                let event = Event(
                                    type: try EventType("data.update"),
                                    actor: Event.Actor(id: "\(task)-\(number)")
                                )
                                _ = try await recorder.record(event).get()
                            }
                        }
                    }
                    try await group.waitForAll()
                }
                let page = try await recorder.query(AuditQuery(limit: 1000)).get()
                #expect(Set(page.records.compactMap { $0.event?.actor.id }).count == 400)
                #expect(page.ledgerSize == 400)
                #expect(try await ledger.audit().get().holds)
            }
        }
    }
}
