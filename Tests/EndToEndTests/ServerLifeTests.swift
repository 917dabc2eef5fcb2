// SPDX-License-Identifier: Apache-2.0
import Foundation
import Synchronization
import Testing

/// How many events were acknowledged, of all workers together.
private final class Load: Sendable {
    let acknowledged = Mutex(0)
}

@Suite("The life of a server", .serialized)
struct ServerLifeTests {
    @Test("It says once where it listens, and loudly that there is no authentication")
    func listens() async throws {
        try await withServer { server, _ in
            let lines = server.log.split(separator: "\n")
            #expect(lines.filter { $0.contains("listening on") }.count == 1)
            #expect(server.log.contains("there is no authentication"))
            let health = try await HTTP.get("\(server.url)/health")
            #expect(health.status == 200)
        }
    }

    @Test("SIGTERM under load loses nothing that was acknowledged")
    func terminationUnderLoad() async throws {
        try await withServer { server, store in
            let url = "\(server.url)/v1/events"
            let load = Load()
            let names = await withTaskGroup(of: Set<String>.self) { group in
                for worker in 0..<8 {
                    group.addTask {
                        await ServerLifeTests.load(url, worker: worker, load)
                    }
                }
                // The load is there once some are acknowledged, however busy the machine is.
                for _ in 0..<300 where load.acknowledged.withLock({ $0 <= 80 }) {
                    try? await Task.sleep(for: .milliseconds(100))
                }
                server.signal(SIGTERM)
                return await group.reduce(into: Set()) { $0.formUnion($1) }
            }
            #expect(await server.end() == 0)
            #expect(names.count > 8)
            let all = try await CairnBinary.run([
                "query", "--data", store.path, "--all", "--json",
            ])
            let kept = Set(
                all.lines.compactMap {
                    $0.firstMatch(of: /"id":"(w[0-9]+-[0-9]+)"/).map { String($0.1) }
                }
            )
            #expect(names.subtracting(kept).isEmpty)
            let audit = try await CairnBinary.run("audit", "--data", store.path, "--index")
            #expect(audit.status == 0, "\(audit.output)\(audit.error)")
        }
    }

    /// Sends events until one is not acknowledged, and returns the actors of those that are.
    fileprivate static func load(
        _ url: String,
        worker: Int,
        _ load: Load
    ) async -> Set<String> {
        var acknowledged: Set<String> = []
        for number in 0..<10_000 {
            let name = "w\(worker)-\(number)"
            let event = #"{"type":"a.b","actor":{"id":"\#(name)"}}"#
            // An answer that does not come is none.
            guard let answer = try? await HTTP.post(url, json: event), answer.status == 201 else {
                break
            }
            acknowledged.insert(name)
            load.acknowledged.withLock { $0 += 1 }
        }
        return acknowledged
    }

    @Test("A ledger that was published and is gone from the store is named by an audit")
    func removedLedger() async throws {
        try await withTemporaryFolder { folder in
            let store = folder.appendingPathComponent("data")
            let server = try await RunningServer(store)
            let answer = try await HTTP.post(
                "\(server.url)/v1/events",
                json: #"{"type":"a.b","actor":{"id":"u"}}"#
            )
            #expect(answer.status == 201)
            #expect(await server.stop() == 0)
            let whole = try await CairnBinary.run("audit", "--data", store.path)
            #expect(whole.status == 0, "\(whole.output)\(whole.error)")
            for suffix in ["", "-wal", "-shm"] {
                try? FileManager.default.removeItem(
                    at: store.appendingPathComponent("cairn.db\(suffix)")
                )
            }
            let fresh = try await RunningServer(store)
            #expect(await fresh.stop() == 0)
            let audit = try await CairnBinary.run("audit", "--data", store.path)
            #expect(audit.status == 1, "\(audit.output)\(audit.error)")
            #expect(audit.output.contains("missing"))
        }
    }

    @Test("A restart keeps every record, the ledger's name and its key")
    func restart() async throws {
        try await withTemporaryFolder { folder in
            let store = folder.appendingPathComponent("data")
            let first = try await RunningServer(store)
            for number in 0..<3 {
                let answer = try await HTTP.post(
                    "\(first.url)/v1/events",
                    json: #"{"type":"a.b","actor":{"id":"u-\#(number)"}}"#
                )
                #expect(answer.status == 201)
            }
            let before = try await HTTP.get("\(first.url)/v1/ledger").body
            let events = try await HTTP.get("\(first.url)/v1/events").body
            #expect(await first.stop() == 0)
            let second = try await RunningServer(store)
            #expect(try await HTTP.get("\(second.url)/v1/ledger").body == before)
            #expect(try await HTTP.get("\(second.url)/v1/events").body == events)
            #expect(await second.stop() == 0)
            let audit = try await CairnBinary.run(["audit", "--data", store.path, "--json"])
            #expect(audit.status == 0)
            #expect(try audit.json()["checked"] as? Int == 3)
        }
    }

    @Test("A second server on a store ends with 3 and says that the store is in use")
    func storeInUse() async throws {
        try await withServer { _, store in
            let second = try await CairnBinary.run(
                "serve",
                "--no-auth",
                "--port",
                "0",
                "--data",
                store.path
            )
            #expect(second.status == 3)
            #expect(second.error.contains("in use"))
            let import_ = try await CairnBinary.run("append", "--data", store.path, "{}")
            #expect(import_.status == 3)
        }
    }

    @Test("An audit beside a running server finds nothing wrong")
    func auditBesideServer() async throws {
        try await withServer { server, store in
            let sent = try await HTTP.post(
                "\(server.url)/v1/events",
                json: #"{"type":"a.b","actor":{"id":"u"}}"#
            )
            #expect(sent.status == 201)
            let audit = try await CairnBinary.run("audit", "--data", store.path)
            #expect(audit.status == 0, "\(audit.output)\(audit.error)")
        }
    }

    @Test("With --no-auth it starts on no other address than loopback")
    func authentication() async throws {
        try await withTemporaryFolder { folder in
            let store = folder.appendingPathComponent("data").path
            for host in ["0.0.0.0", "::", "192.0.2.1", "example.com", "127.0.0.1.example.com"] {
                let open = try await CairnBinary.run(
                    "serve",
                    "--no-auth",
                    "--host",
                    host,
                    "--port",
                    "0",
                    "--data",
                    store
                )
                #expect(open.status == 2, "\(host)")
                #expect(open.error.contains("loopback"))
            }
            #expect(!FileManager.default.fileExists(atPath: store))
        }
    }

    @Test("A server that is not there ends a command with 3")
    func unreachable() async throws {
        let run = try await CairnBinary.run("query", "--server", "http://127.0.0.1:1")
        #expect(run.status == 3)
        #expect(run.error.contains("cannot be reached"))
    }

    @Test("The load command measures a server on this machine, and no other")
    func bench() async throws {
        try await withServer { server, _ in
            let run = try await CairnBinary.run([
                "bench", "--server", server.url, "--seconds", "1", "--connections", "2",
                "--batch", "20", "--json",
            ])
            #expect(run.status == 0)
            let figures = try run.json()
            let events = try #require(figures["events"] as? Int)
            #expect(events > 0)
            let ledger = try await HTTP.get("\(server.url)/v1/ledger").json()
            #expect(ledger["size"] as? Int == events)
        }
        let remote = try await CairnBinary.run("bench", "--server", "http://192.0.2.1:8000")
        #expect(remote.status == 2)
    }

    @Test("The load command drives several tenants at once, and one beside another that floods")
    func benchTenants() async throws {
        try await withServer(
            isOpen: false,
            arguments: ["--quota-events-per-second", "100"]
        ) { server, store in
            let file = store.appendingPathComponent("admin.key")
            let owner = try String(contentsOf: file, encoding: .utf8)
            let place = ["--server", server.url, "--seconds", "1", "--batch", "20", "--json"]
            let environment = [
                "CAIRN_API_KEY": owner.trimmingCharacters(in: .whitespacesAndNewlines)
            ]
            let several = try await CairnBinary.run(
                ["bench", "--tenants", "3", "--connections", "1"] + place,
                environment: environment
            )
            #expect(several.status == 0, "\(several.error)")
            let figures = try several.json()
            #expect(figures["tenants"] as? Int == 3)
            #expect(figures["tenant_events_per_second_least"] as? Int ?? 0 > 0)
            let flood = try await CairnBinary.run(
                ["bench", "--flood", "1000"] + place,
                environment: environment
            )
            #expect(flood.status == 0, "\(flood.error)")
            let sides = try flood.json()
            #expect(sides["quiet_over_quota"] as? Int == 0)
            #expect(sides["quiet_requests"] as? Int ?? 0 > 2)
            #expect(sides["flood_over_quota"] as? Int ?? 0 > 0)
            #expect(sides["beside_flood_p99_us"] as? Int ?? 0 > 0)
            // Its keys are gone, and its tenants are used again.
            let keys = try await CairnBinary.run(
                ["key", "list", "--tenant", "bench-1", "--server", server.url, "--json"],
                environment: environment
            )
            #expect(keys.lines.count == 2)
            #expect(keys.lines.allSatisfy { $0.contains("revoked_at") })
        }
    }
}
