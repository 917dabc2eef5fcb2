// SPDX-License-Identifier: Apache-2.0

package import Cairn

/// The server's clocks: the wall's, which can be wrong, and a continuous one, which cannot step.
package struct ServerClock: Sendable {
    /// The wall clock.
    package let now: @Sendable () -> Timestamp
    /// Milliseconds of a clock that only goes forward.
    package let continuousMilliseconds: @Sendable () -> Int64

    /// Joins two clocks.
    package init(
        now: @escaping @Sendable () -> Timestamp,
        continuousMilliseconds: @escaping @Sendable () -> Int64
    ) {
        self.now = now
        self.continuousMilliseconds = continuousMilliseconds
    }
}

/// Refuses stamps from a clock that stepped: a wrong year must not poison a ledger.
package struct ClockGuard: Sendable {
    /// How far the clock may be behind the newest stamp.
    package static let behindMilliseconds: Int64 = 10_000
    /// How far the clock may jump ahead of the continuous clock.
    package static let jumpMilliseconds: Int64 = 600_000

    /// How far wall and continuous clock were apart when the guard began or was last accepted.
    private var offset: Int64

    /// Begins with clocks that are held to be right.
    package init(_ clock: ServerClock) {
        offset = clock.now().milliseconds - clock.continuousMilliseconds()
    }

    /// The stamp for records sequenced now, or nil while the clock is not to be trusted.
    ///
    /// Slow corrections are followed: only a jump within one look is refused.
    package mutating func stamp(_ clock: ServerClock, after last: Int64) -> Int64? {
        let wall = clock.now().milliseconds
        let current = wall - clock.continuousMilliseconds()
        guard current - offset <= ClockGuard.jumpMilliseconds else { return nil }
        guard last <= wall + ClockGuard.behindMilliseconds else { return nil }
        offset = current
        return max(wall, last)
    }
}
