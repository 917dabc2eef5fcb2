// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

@Suite("A server that is killed", .serialized)
struct CrashTests {
    @Test("Killed three times under load, it starts by itself and has every acknowledged event")
    func kills() async throws {
        try await withTemporaryFolder { folder in
            let store = folder.appendingPathComponent("data")
            var acknowledged: [String: Int] = [:]
            for round in 0..<3 {
                let server = try await RunningServer(store)
                let url = "\(server.url)/v1/events"
                let receipts = try await withThrowingTaskGroup(of: [String: Int].self) { group in
                    let (answers, answered) = AsyncStream<Void>.makeStream()
                    for worker in 0..<4 {
                        group.addTask {
                            try await CrashTests.load(url, "r\(round)w\(worker)", answered)
                        }
                    }
                    // Some time after the load has begun, however slow the machine is.
                    for await _ in answers.prefix(4) {}
                    try await Task.sleep(for: .milliseconds(100 + 100 * round))
                    server.signal(SIGKILL)
                    return try await group.reduce(into: [:]) { all, own in
                        all.merge(own) { first, _ in first }
                    }
                }
                #expect(await server.end() != 0)
                #expect(receipts.count >= 20)
                acknowledged.merge(receipts) { first, _ in first }
            }
            let last = try await RunningServer(store)
            let anew = try await HTTP.post("\(last.url)/v1/events", json: CrashTests.event("end"))
            #expect(anew.status == 201)
            #expect(await last.stop() == 0)
            let kept = try await CrashTests.kept(in: store)
            for (name, index) in acknowledged {
                #expect(kept[name] == index, "\(name) was acknowledged at \(index)")
            }
            let audit = try await CairnBinary.run("audit", "--data", store.path, "--index")
            #expect(audit.status == 0, "\(audit.output)\(audit.error)")
        }
    }

    private static func event(_ name: String) -> String {
        #"{"type":"a.b","actor":{"id":"\#(name)"}}"#
    }

    /// Sends bulks of five until one has no answer; the actors of what was acknowledged, and where
    /// it is.
    private static func load(
        _ url: String,
        _ name: String,
        _ answered: AsyncStream<Void>.Continuation
    ) async throws -> [String: Int] {
        defer { answered.yield() }
        var acknowledged: [String: Int] = [:]
        for number in 0..<100 {
            let names = (0..<5).map { "\(name)-\(number)-\($0)" }
            let events = names.map(event).joined(separator: ",")
            guard let answer = try? await HTTP.post(url, json: #"{"events":[\#(events)]}"#) else {
                break
            }
            let results = try answer.json()["results"] as? [[String: Any]] ?? []
            for (name, result) in zip(names, results) {
                let receipt = result["receipt"] as? [String: Any]
                acknowledged[name] = receipt?["index"] as? Int
            }
            answered.yield()
        }
        return acknowledged
    }

    /// Where each actor's event is in a stopped store.
    private static func kept(in store: URL) async throws -> [String: Int] {
        let all = try await CairnBinary.run(["query", "--data", store.path, "--all", "--json"])
        var kept: [String: Int] = [:]
        for line in all.lines {
            guard let name = line.firstMatch(of: /"actor":{[^}]*"id":"([^"]+)"/),
                let index = line.firstMatch(of: /"index":([0-9]+)/)
            else { continue }
            kept[String(name.1)] = Int(index.1)
        }
        return kept
    }
}
