// SPDX-License-Identifier: Apache-2.0

/// Counts durations so that any quantile is known within 2 percent, in little memory.
struct LatencyHistogram: Sendable {
    /// Sub-buckets of each power of two.
    private static let detail = 64

    private var counts = [UInt64](repeating: 0, count: 40 * LatencyHistogram.detail)
    /// How many durations were counted.
    private(set) var count: UInt64 = 0
    /// The longest, in microseconds.
    private(set) var maximum: UInt64 = 0

    /// Counts a duration.
    mutating func record(microseconds: UInt64) {
        counts[min(LatencyHistogram.bucket(microseconds), counts.count - 1)] += 1
        count += 1
        maximum = max(maximum, microseconds)
    }

    /// Adds what another counted.
    mutating func add(_ other: LatencyHistogram) {
        for (bucket, count) in other.counts.enumerated() {
            counts[bucket] += count
        }
        count += other.count
        maximum = max(maximum, other.maximum)
    }

    /// The least duration, in microseconds, that this share of all does not exceed.
    func quantile(_ share: Double) -> UInt64 {
        guard count > 0 else { return 0 }
        let rank = UInt64((Double(count) * share).rounded(.up))
        var seen: UInt64 = 0
        for (bucket, count) in counts.enumerated() {
            seen += count
            if seen >= max(rank, 1) { return min(LatencyHistogram.upperBound(bucket), maximum) }
        }
        return maximum
    }

    private static func bucket(_ value: UInt64) -> Int {
        guard value >= UInt64(detail) else { return Int(value) }
        // Of a value with more than six bits, the first seven say which bucket.
        let shift = UInt64.bitWidth - value.leadingZeroBitCount - 7
        return (shift + 1) * detail + Int(value >> UInt64(shift)) - detail
    }

    private static func upperBound(_ bucket: Int) -> UInt64 {
        guard bucket >= detail else { return UInt64(bucket) }
        let shift = bucket / detail - 1
        return (UInt64(bucket % detail + detail + 1) << UInt64(shift)) - 1
    }
}
