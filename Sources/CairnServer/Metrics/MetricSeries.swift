// SPDX-License-Identifier: Apache-2.0

internal import Metrics
internal import Synchronization

/// One number that is counted or set.
final class MetricValue: CounterHandler, FloatingPointCounterHandler, MeterHandler,
    RecorderHandler
{
    private let value = Mutex<Double>(0)

    /// The number now.
    var current: Double { value.withLock { $0 } }

    func increment(by amount: Int64) {
        value.withLock { $0 += Double(amount) }
    }

    func increment(by amount: Double) {
        value.withLock { $0 += amount }
    }

    func decrement(by amount: Double) {
        value.withLock { $0 -= amount }
    }

    func set(_ number: Int64) {
        value.withLock { $0 = Double(number) }
    }

    func set(_ number: Double) {
        value.withLock { $0 = number }
    }

    func record(_ number: Int64) {
        set(number)
    }

    func record(_ number: Double) {
        set(number)
    }

    func reset() {
        set(0.0)
    }
}

/// Counts numbers by size.
final class MetricHistogram: TimerHandler, RecorderHandler {
    /// The bounds of what is timed, in seconds.
    static let secondsBounds = [
        0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
    ]
    /// The bounds of what is counted.
    static let countBounds = (0...14).map { Double(1 << $0) }

    private struct Counts {
        var buckets: [UInt64]
        var sum = 0.0
    }

    private let bounds: [Double]
    private let counts: Mutex<Counts>

    init(bounds: [Double]) {
        self.bounds = bounds
        counts = Mutex(Counts(buckets: Array(repeating: 0, count: bounds.count + 1)))
    }

    func recordNanoseconds(_ duration: Int64) {
        record(Double(duration) / 1_000_000_000)
    }

    func record(_ number: Int64) {
        record(Double(number))
    }

    func record(_ number: Double) {
        let bucket = bounds.firstIndex { number <= $0 } ?? bounds.count
        counts.withLock {
            $0.buckets[bucket] += 1
            $0.sum += number
        }
    }

    /// Writes the cumulative buckets, the sum and the count.
    func append(name: String, labels: String, to text: inout String) {
        let counts = counts.withLock { $0 }
        let prefix = labels.isEmpty ? "" : "\(labels),"
        let suffix = labels.isEmpty ? "" : "{\(labels)}"
        var total: UInt64 = 0
        for (position, count) in counts.buckets.enumerated() {
            total += count
            let bound =
                position < bounds.count ? MetricsRegistry.number(bounds[position]) : "+Inf"
            text += "\(name)_bucket{\(prefix)le=\"\(bound)\"} \(total)\n"
        }
        text += "\(name)_sum\(suffix) \(MetricsRegistry.number(counts.sum))\n"
        text += "\(name)_count\(suffix) \(total)\n"
    }
}
