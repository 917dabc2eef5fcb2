// SPDX-License-Identifier: Apache-2.0

package import Cairn

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// The SDK's one source of time and randomness.
package enum SystemSource {
    /// The wall clock.
    package static func now() -> Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
    }

    /// Milliseconds of a clock that goes on while the machine sleeps and never steps.
    package static func continuousMilliseconds() -> Int64 {
        var time = timespec()
        #if canImport(Darwin)
        clock_gettime(CLOCK_MONOTONIC_RAW, &time)
        #else
        clock_gettime(CLOCK_BOOTTIME, &time)
        #endif
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }

    /// Fills a buffer from the system's cryptographic generator.
    package static func fillRandom(_ buffer: UnsafeMutableRawBufferPointer) {
        var generator = SystemRandomNumberGenerator()
        var rest = buffer[...]
        while !rest.isEmpty {
            withUnsafeBytes(of: generator.next() as UInt64) { word in
                let piece = word.prefix(rest.count)
                UnsafeMutableRawBufferPointer(rebasing: rest).copyBytes(from: piece)
                rest = rest.dropFirst(piece.count)
            }
        }
    }

    /// So many random bytes.
    package static func randomBytes(_ count: Int) -> [UInt8] {
        var generator = SystemRandomNumberGenerator()
        return (0..<count).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
    }

    /// A number from 0 to 1, for jitter.
    static func fraction() -> Double {
        Double.random(in: 0...1)
    }
}

extension Duration {
    /// Whole milliseconds.
    package var milliseconds: Int64 {
        components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000
    }
}
