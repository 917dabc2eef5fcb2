// SPDX-License-Identifier: Apache-2.0
import Cairn

/// Figures of a load run, in order, for people and for programs.
struct BenchReport {
    private var facts: [(name: String, value: UInt64, isTime: Bool)] = []

    /// Adds a number.
    mutating func add(_ name: String, _ value: some BinaryInteger) {
        facts.append((name, UInt64(value), false))
    }

    /// Adds a time in microseconds.
    mutating func add(_ name: String, microseconds: UInt64) {
        facts.append((name, microseconds, true))
    }

    /// Adds how long requests took.
    mutating func add(_ latency: LatencyHistogram, prefix: String = "") {
        add(prefix + "p50", microseconds: latency.quantile(0.5))
        add(prefix + "p99", microseconds: latency.quantile(0.99))
        add(prefix + "p999", microseconds: latency.quantile(0.999))
        add(prefix + "max", microseconds: latency.maximum)
    }

    /// Adds the least, the middle and the greatest of what tenants got.
    mutating func add(_ results: [LoadResult], seconds: Double) {
        let rates = results.map { UInt64((Double($0.events) / seconds).rounded()) }.sorted()
        let slowest = results.map { $0.latency.quantile(0.99) }.sorted()
        add("tenant_events_per_second_least", rates.first ?? 0)
        add("tenant_events_per_second_median", rates[rates.count / 2])
        add("tenant_events_per_second_most", rates.last ?? 0)
        add("tenant_p99_least", microseconds: slowest.first ?? 0)
        add("tenant_p99_median", microseconds: slowest[slowest.count / 2])
        add("tenant_p99_most", microseconds: slowest.last ?? 0)
    }

    /// Prints the figures.
    func show(asJSON: Bool) {
        guard asJSON else {
            Terminal.write(
                Table.facts(
                    facts.map { fact in
                        let name = String(fact.name.map { $0 == "_" ? " " : $0 })
                        return (
                            name,
                            fact.isTime ? BenchReport.milliseconds(fact.value) : "\(fact.value)"
                        )
                    }
                )
            )
            return
        }
        var object = JSONObject()
        for (name, value, isTime) in facts {
            object[isTime ? name + "_us" : name] = .number(JSONNumber(value))
        }
        Terminal.write(JSONValue.object(object).line)
    }

    private static func milliseconds(_ microseconds: UInt64) -> String {
        let fraction = String(microseconds % 1000 + 1000).dropFirst()
        return "\(microseconds / 1000).\(fraction) ms"
    }
}
