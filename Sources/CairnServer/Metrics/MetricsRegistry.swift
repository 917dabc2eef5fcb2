// SPDX-License-Identifier: Apache-2.0

package import Metrics
internal import Synchronization

/// Keeps what is counted and writes it in the text format of Prometheus.
///
/// A series is made once for a name and its labels, and found again after that.
package final class MetricsRegistry: MetricsFactory, Sendable {
    private enum Kind: String {
        case counter
        case gauge
        case histogram
    }

    private struct Family {
        let kind: Kind
        var values: [String: MetricValue] = [:]
        var histograms: [String: MetricHistogram] = [:]
    }

    private let families = Mutex<[String: Family]>([:])

    /// Begins with nothing counted.
    package init() {}

    // MARK: Making

    /// Makes or finds a counter of whole numbers.
    package func makeCounter(
        label: String,
        dimensions: [(String, String)]
    ) -> any CounterHandler {
        value(.counter, label, dimensions)
    }

    /// Makes or finds a counter.
    package func makeFloatingPointCounter(
        label: String,
        dimensions: [(String, String)]
    ) -> any FloatingPointCounterHandler {
        value(.counter, label, dimensions)
    }

    /// Makes or finds a gauge.
    package func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        value(.gauge, label, dimensions)
    }

    /// Makes or finds a histogram of numbers, or a gauge where nothing is to be summed up.
    package func makeRecorder(
        label: String,
        dimensions: [(String, String)],
        aggregate: Bool
    ) -> any RecorderHandler {
        aggregate
            ? histogram(label, dimensions, bounds: MetricHistogram.countBounds)
            : value(.gauge, label, dimensions)
    }

    /// Makes or finds a histogram of seconds.
    package func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        histogram(label, dimensions, bounds: MetricHistogram.secondsBounds)
    }

    /// Keeps the series: a counter that goes back would be read as a restart.
    package func destroyCounter(_ handler: any CounterHandler) {}
    /// Keeps the series.
    package func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) {}
    /// Keeps the series.
    package func destroyMeter(_ handler: any MeterHandler) {}
    /// Keeps the series.
    package func destroyRecorder(_ handler: any RecorderHandler) {}
    /// Keeps the series.
    package func destroyTimer(_ handler: any TimerHandler) {}

    private func value(
        _ kind: Kind,
        _ label: String,
        _ dimensions: [(String, String)]
    ) -> MetricValue {
        let key = MetricsRegistry.labels(dimensions)
        return families.withLock { families in
            let name = MetricsRegistry.name(label)
            if let value = families[name]?.values[key] { return value }
            let value = MetricValue()
            families[name, default: Family(kind: kind)].values[key] = value
            return value
        }
    }

    private func histogram(
        _ label: String,
        _ dimensions: [(String, String)],
        bounds: [Double]
    ) -> MetricHistogram {
        let key = MetricsRegistry.labels(dimensions)
        return families.withLock { families in
            let name = MetricsRegistry.name(label)
            if let histogram = families[name]?.histograms[key] { return histogram }
            let histogram = MetricHistogram(bounds: bounds)
            families[name, default: Family(kind: .histogram)].histograms[key] = histogram
            return histogram
        }
    }

    // MARK: Writing

    /// All series, in the text format of Prometheus, version 0.0.4.
    package var exposition: String {
        let families = families.withLock { $0 }
        var text = ""
        for (name, family) in families.sorted(by: { $0.key < $1.key }) {
            text += "# HELP \(name) \(MetricsRegistry.help(of: name))\n"
            text += "# TYPE \(name) \(family.kind.rawValue)\n"
            for (labels, value) in family.values.sorted(by: { $0.key < $1.key }) {
                let suffix = labels.isEmpty ? "" : "{\(labels)}"
                text += "\(name)\(suffix) \(MetricsRegistry.number(value.current))\n"
            }
            for (labels, histogram) in family.histograms.sorted(by: { $0.key < $1.key }) {
                histogram.append(name: name, labels: labels, to: &text)
            }
        }
        return text
    }

    /// Writes a number as Prometheus reads it, whole ones without a fraction.
    static func number(_ value: Double) -> String {
        if let whole = Int64(exactly: value) { return "\(whole)" }
        return value.isNaN ? "NaN" : value.isInfinite ? (value < 0 ? "-Inf" : "+Inf") : "\(value)"
    }

    private static func name(_ label: String) -> String {
        let mapped = label.unicodeScalars.map { scalar -> Character in
            switch scalar {
            case "a"..."z", "A"..."Z", "0"..."9", "_", ":": Character(scalar)
            default: "_"
            }
        }
        guard let first = mapped.first, !first.isNumber else { return "_" + String(mapped) }
        return String(mapped)
    }

    private static func labels(_ dimensions: [(String, String)]) -> String {
        dimensions.map { key, value in
            var escaped = ""
            for scalar in value.unicodeScalars {
                switch scalar {
                case "\\": escaped += "\\\\"
                case "\"": escaped += "\\\""
                case "\n": escaped += "\\n"
                default: escaped.unicodeScalars.append(scalar)
                }
            }
            return "\(name(key))=\"\(escaped)\""
        }.joined(separator: ",")
    }
}
