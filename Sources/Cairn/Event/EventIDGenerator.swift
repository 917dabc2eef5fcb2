// SPDX-License-Identifier: Apache-2.0

/// Makes event ids of version 7, each greater than the one before.
///
/// The generator reads no clock and holds no randomness: the caller gives both. Ids of one
/// millisecond are ordered by a counter in `rand_a` (RFC 9562 6.2, method 1), which starts at
/// random in the lower half of its 12 bits. When it overflows, or when the clock stands still or
/// goes back, the ids go on from the last time used.
public struct EventIDGenerator: Sendable {
    /// The time in the last id, in milliseconds since 1970.
    private var lastMilliseconds: UInt64?
    /// The counter in the last id, 12 bits.
    private var counter: UInt16 = 0

    /// Creates a generator that has made no id yet.
    public init() {}

    /// Makes the next id, for a clock that shows this many milliseconds since 1970.
    ///
    /// A clock before 1970 counts as 1970. The 62 bits of `rand_b` are drawn anew for every id.
    public mutating func next(
        milliseconds: Int64,
        using generator: inout some RandomNumberGenerator
    ) -> EventID {
        precondition(milliseconds < 1 << 48, "the time of an id has 48 bits")
        let now = UInt64(clamping: milliseconds)
        let time: UInt64
        if let last = lastMilliseconds, now <= last {
            time = counter < 0xFFF ? last : last + 1
        } else {
            time = now
        }
        if time == lastMilliseconds {
            counter += 1
        } else {
            counter = UInt16(truncatingIfNeeded: generator.next()) & 0x7FF
            lastMilliseconds = time
        }
        return EventID(version7At: time, counter: counter, random: generator.next())
    }
}
