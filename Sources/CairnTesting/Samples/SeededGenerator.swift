// SPDX-License-Identifier: Apache-2.0

/// SplitMix64: a generator whose every draw follows from its seed, so that a failure repeats.
package struct SeededGenerator: RandomNumberGenerator, Sendable {
    private var state: UInt64

    /// Begins with a seed.
    package init(seed: UInt64) {
        state = seed
    }

    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// A number below `bound`.
    package mutating func below(_ bound: Int) -> Int {
        Int(next() % UInt64(bound))
    }

    /// True once in so many draws, on average.
    package mutating func oneIn(_ count: Int) -> Bool {
        below(count) == 0
    }

    /// One of the values, of which there is at least one.
    package mutating func pick<Value>(_ values: [Value]) -> Value {
        values[below(values.count)]
    }

    /// So many bytes.
    package mutating func bytes(_ count: Int) -> [UInt8] {
        (0..<count).map { _ in UInt8(truncatingIfNeeded: next()) }
    }
}
