// SPDX-License-Identifier: Apache-2.0

internal import Cairn
internal import CairnLedger
internal import CairnLocal
internal import Foundation

/// What each step of the path costs, without HTTP: wall clock and CPU seconds of this process.
@main
struct Benchmarks {
    static func main() async throws {
        let arguments = CommandLine.arguments.dropFirst()
        let count = arguments.first.flatMap { Int($0) } ?? 20_000
        let names = Set(arguments.dropFirst())
        func wants(_ name: String) -> Bool { names.isEmpty || names.contains(name) }
        let events = SampleEvents.make(count)
        print("benchmark                      per second    us each   cpu us each")
        if wants("pure") { try PureBenchmarks.run(events) }
        for batch in [1, 64, 1024] where wants("store") {
            try await StoreBenchmarks.append(events, batch: batch)
        }
        if wants("access") { try await AccessBenchmarks.run(count) }
        if wants("read") { try await StoreBenchmarks.read(events) }
    }

    /// Runs `body` and prints what one of `count` cost.
    static func measure(
        _ name: String,
        _ count: Int,
        _ body: () async throws -> Void
    ) async rethrows {
        let clock = ContinuousClock()
        let cpu = cpuSeconds()
        let start = clock.now
        try await body()
        let took = start.duration(to: clock.now)
        let seconds = Double(took.components.seconds) + Double(took.components.attoseconds) / 1e18
        print(
            name.padding(toLength: 28, withPad: " ", startingAt: 0),
            String(
                format: "%12.0f %10.2f %12.2f",
                Double(count) / seconds,
                seconds / Double(count) * 1e6,
                (cpuSeconds() - cpu) / Double(count) * 1e6
            )
        )
    }

    private static func cpuSeconds() -> Double {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        return Double(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec)
            + Double(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6
    }
}
