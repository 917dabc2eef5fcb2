// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import AsyncHTTPClient
import Cairn
import CairnAPI
import Foundation
import Synchronization

/// Loads a server that runs on this machine.
struct BenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measure how many events a server on this machine takes.",
        discussion: """
            Sends made-up events of about 500 bytes, which stay in the ledger: use a store of its \
            own. Each connection sends its next request when the last is answered.

            With --tenants, so many tenants send at once, each over its own connections; with \
            --flood, one tenant sends single events at --quiet-rate, whether or not they are \
            answered, alone and then beside one that floods. Both need a key that makes tenants, \
            and leave the tenants bench-1, bench-2 and so on behind.

            Exits with 0; 2 if an option is wrong or the server is not on this machine; 3 if the \
            server cannot be reached or a request failed for another reason than a quota.
            """
    )

    @Option(help: ArgumentHelp("The server's address.", valueName: "url"))
    var server = PlaceOptions.defaultServer
    @Option(help: ArgumentHelp("The API key; also CAIRN_API_KEY.", valueName: "key"))
    var apiKey: String?
    @Option(help: "How many connections send at once, 1 to 1000; of each tenant.")
    var connections = 16
    @Option(help: "Events in one request, 1 to 1000.") var batch = 100
    @Option(help: "How long, 1 to 600 seconds; each phase of --flood.") var seconds = 10
    @Option(help: "What makes this run's events differ from another's.") var seed: UInt64 = 1
    @Option(help: "How many tenants send at once, 1 to 1000.") var tenants: Int?
    @Option(
        help: ArgumentHelp("Events a second of the tenant that floods.", valueName: "rate")
    )
    var flood: Int?
    @Option(
        help: ArgumentHelp("Events a second of the quiet tenant, 1 to 1000.", valueName: "rate")
    )
    var quietRate = 50
    @Flag(help: "Print the figures as JSON.") var json = false

    func validate() throws {
        for (name, value, range) in [
            ("connections", connections, 1...1000), ("batch", batch, 1...1000),
            ("seconds", seconds, 1...600), ("tenants", tenants ?? 1, 1...1000),
            ("flood", flood ?? 1, 1...1_000_000), ("quiet-rate", quietRate, 1...1000),
        ] where !range.contains(value) {
            throw ValidationError("--\(name) takes \(range.lowerBound) to \(range.upperBound)")
        }
        guard tenants == nil || flood == nil else {
            throw ValidationError("--tenants and --flood exclude each other")
        }
        guard let host = URLComponents(string: server)?.host, Settings.isLoopback(host) else {
            throw ValidationError("--server must be on this machine, such as http://127.0.0.1:8000")
        }
    }

    func run() async throws {
        let key = apiKey ?? ProcessInfo.processInfo.environment["CAIRN_API_KEY"]
        let hasFailed: Bool
        if flood == nil, tenants == nil {
            hasFailed = try await load([key])
        } else {
            let remote = try RemoteLedger(server: server, apiKey: key)
            do {
                hasFailed = try await BenchTenants(server: remote).withKeys(tenants ?? 2) { keys in
                    if let flood { return try await self.flood(keys, rate: flood) }
                    return try await load(keys)
                }
            } catch {
                try? await remote.close()
                throw error
            }
            try await remote.close()
        }
        if hasFailed { throw ExitCode(ExitStatus.unavailable.rawValue) }
    }

    /// Sends as fast as it is answered, with each key at once; returns whether a request failed.
    private func load(_ keys: [String?]) async throws -> Bool {
        let client = client(connections * keys.count)
        let bar = ProgressBar("events")
        let acknowledged = Mutex<UInt64>(0)
        let progress: @Sendable (UInt64) -> Void = { count in
            let all = acknowledged.withLock { sum in
                sum += count
                return sum
            }
            bar.update(all, of: nil)
        }
        let begun = ContinuousClock.now
        let results = await withTaskGroup(of: LoadResult.self) { group in
            for (number, key) in keys.enumerated() {
                let load = LoadRun(
                    post: post(client, key),
                    connections: connections,
                    batch: batch,
                    duration: .seconds(seconds),
                    seed: seed &+ UInt64(number) &* 0x1000_0000_0000
                )
                group.addTask { await load.run(progress: progress) }
            }
            return await group.reduce(into: [LoadResult]()) { $0.append($1) }
        }
        let elapsed = (ContinuousClock.now - begun) / .seconds(1)
        bar.finish()
        try await client.shutdown()
        var all = LoadResult()
        for result in results { all.add(result) }
        try requireAnswers(all)
        show(all, of: results, elapsed)
        return all.errors > 0
    }

    /// Lets one tenant flood beside another; returns whether a request failed.
    private func flood(_ keys: [String], rate: Int) async throws -> Bool {
        // Connections of their own, or the quiet one would wait for the other's here.
        let (quiet, flooding) = (client(1000), client(connections))
        let result = await FloodRun(
            quiet: SteadyRun(
                post: post(quiet, keys[0]),
                rate: Double(quietRate),
                batch: 1,
                underWay: 1000,
                duration: .seconds(seconds),
                seed: seed
            ),
            flood: SteadyRun(
                post: post(flooding, keys[1]),
                rate: Double(rate) / Double(batch),
                batch: batch,
                underWay: connections,
                duration: .seconds(seconds),
                seed: seed &+ 0x1000_0000_0000
            )
        ).run()
        try await quiet.shutdown()
        try await flooding.shutdown()
        try requireAnswers(result.alone)
        var report = BenchReport()
        report.add("quiet_requests", result.alone.requests + result.beside.requests)
        report.add("quiet_over_quota", result.alone.overQuota + result.beside.overQuota)
        report.add(result.alone.latency, prefix: "alone_")
        report.add(result.beside.latency, prefix: "beside_flood_")
        report.add("flood_requests", result.flood.requests)
        report.add("flood_over_quota", result.flood.overQuota)
        report.add("flood_events", result.flood.events)
        report.add(result.flood.latency, prefix: "flood_")
        let errors = result.alone.errors + result.beside.errors + result.flood.errors
        report.add("errors", errors)
        report.show(asJSON: json)
        return errors > 0
    }

    private func requireAnswers(_ result: LoadResult) throws(CommandFailure) {
        guard result.events > 0 else {
            throw .unavailable("\(server) acknowledged no event")
        }
    }

    private func show(_ result: LoadResult, of tenants: [LoadResult], _ elapsed: Double) {
        var report = BenchReport()
        report.add("events", result.events)
        report.add("events_per_second", Int((Double(result.events) / elapsed).rounded()))
        report.add("requests", result.requests)
        report.add("connections", connections)
        report.add("batch", batch)
        report.add("over_quota", result.overQuota)
        report.add("errors", result.errors)
        report.add("milliseconds", Int(elapsed * 1000))
        report.add(result.latency)
        if tenants.count > 1 {
            report.add("tenants", tenants.count)
            report.add(tenants, seconds: elapsed)
        }
        report.show(asJSON: json)
    }

    private func post(_ client: HTTPClient, _ key: String?) -> EventPost {
        let base = server.hasSuffix("/") ? String(server.dropLast()) : server
        return EventPost(client: client, url: base + Path.events, apiKey: key)
    }

    private func client(_ connections: Int) -> HTTPClient {
        var configuration = HTTPClient.Configuration()
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = connections
        configuration.connectionPool.retryConnectionEstablishment = false
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }
}
