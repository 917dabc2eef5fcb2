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
            own. Each connection sends its next request when the last is answered. Exits with 0; \
            2 if an option is wrong or the server is not on this machine; 3 if the server cannot \
            be reached or a request failed.
            """
    )

    @Option(help: ArgumentHelp("The server's address.", valueName: "url"))
    var server = LedgerOptions.defaultServer
    @Option(help: ArgumentHelp("The API key; also CAIRN_API_KEY.", valueName: "key"))
    var apiKey: String?
    @Option(help: "How many connections send at once, 1 to 1000.") var connections = 16
    @Option(help: "Events in one request, 1 to 1000.") var batch = 100
    @Option(help: "How long, 1 to 600 seconds.") var seconds = 10
    @Option(help: "What makes this run's events differ from another's.") var seed: UInt64 = 1
    @Flag(help: "Print the figures as JSON.") var json = false

    func validate() throws {
        guard (1...1000).contains(connections) else {
            throw ValidationError("--connections takes 1 to 1000")
        }
        guard (1...1000).contains(batch) else { throw ValidationError("--batch takes 1 to 1000") }
        guard (1...600).contains(seconds) else {
            throw ValidationError("--seconds takes 1 to 600")
        }
        guard let host = URLComponents(string: server)?.host, Settings.isLoopback(host) else {
            throw ValidationError("--server must be on this machine, such as http://127.0.0.1:8000")
        }
    }

    func run() async throws {
        var configuration = HTTPClient.Configuration()
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = connections
        configuration.connectionPool.retryConnectionEstablishment = false
        let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        let base = server.hasSuffix("/") ? String(server.dropLast()) : server
        let load = LoadRun(
            url: base + Path.events,
            apiKey: apiKey ?? ProcessInfo.processInfo.environment["CAIRN_API_KEY"],
            connections: connections,
            batch: batch,
            duration: .seconds(seconds),
            seed: seed
        )
        let bar = ProgressBar("events")
        let acknowledged = Mutex<UInt64>(0)
        let begun = ContinuousClock.now
        let result = await load.run(client) { count in
            let all = acknowledged.withLock { sum in
                sum += count
                return sum
            }
            bar.update(all, of: nil)
        }
        let elapsed = (ContinuousClock.now - begun) / .seconds(1)
        bar.finish()
        try await client.shutdown()
        guard result.events > 0 else {
            throw CommandFailure.unavailable("\(server) acknowledged no event")
        }
        show(result, elapsed)
        if result.errors > 0 { throw ExitCode(ExitStatus.unavailable.rawValue) }
    }

    private func show(_ result: LoadResult, _ elapsed: Double) {
        let rate = Int((Double(result.events) / elapsed).rounded())
        let quantiles: [(name: String, value: UInt64)] = [
            ("p50", result.latency.quantile(0.5)), ("p99", result.latency.quantile(0.99)),
            ("p999", result.latency.quantile(0.999)), ("max", result.latency.maximum),
        ]
        if json {
            var object: JSONObject = [
                "events": .number(JSONNumber(result.events)),
                "requests": .number(JSONNumber(result.requests)),
                "errors": .number(JSONNumber(result.errors)),
                "milliseconds": .number(JSONNumber(Int(elapsed * 1000))),
                "events_per_second": .number(JSONNumber(rate)),
                "connections": .number(JSONNumber(connections)),
                "batch": .number(JSONNumber(batch)),
            ]
            for (name, value) in quantiles {
                object["\(name)_us"] = .number(JSONNumber(value))
            }
            Terminal.write(JSONValue.object(object).line)
            return
        }
        var facts: [(name: String, value: String)] = [
            ("events", "\(result.events)"), ("events/s", "\(rate)"),
            ("requests", "\(result.requests) of \(batch) over \(connections) connections"),
            ("errors", "\(result.errors)"),
        ]
        facts += quantiles.map { ($0.name, BenchCommand.milliseconds($0.value)) }
        Terminal.write(Table.facts(facts))
    }

    private static func milliseconds(_ microseconds: UInt64) -> String {
        let fraction = String(microseconds % 1000 + 1000).dropFirst()
        return "\(microseconds / 1000).\(fraction) ms"
    }
}
