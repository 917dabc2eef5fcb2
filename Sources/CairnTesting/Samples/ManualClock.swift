// SPDX-License-Identifier: Apache-2.0

package import Cairn
package import CairnLedger
internal import Synchronization

/// A server's clocks that only a test moves.
package final class ManualClock: Sendable {
    /// When manual clocks begin unless a test says otherwise: 2026-01-23T14:30:00.123Z.
    package static let start = Timestamp(milliseconds: 1_769_178_600_123)

    private let times: Mutex<(wall: Int64, continuous: Int64)>

    /// Begins at a time of the wall clock; the continuous clock begins at 1 000 ms.
    package init(_ start: Timestamp = ManualClock.start) {
        times = Mutex((wall: start.milliseconds, continuous: 1000))
    }

    /// What the wall clock shows.
    package var now: Timestamp {
        times.withLock { Timestamp(milliseconds: $0.wall) }
    }

    /// Lets time pass, on both clocks.
    package func advance(milliseconds: Int64) {
        times.withLock {
            $0.wall += milliseconds
            $0.continuous += milliseconds
        }
    }

    /// Puts the wall clock forward, or back, while no time passes.
    package func step(milliseconds: Int64) {
        times.withLock { $0.wall += milliseconds }
    }

    /// The clocks as a server takes them.
    package var server: ServerClock {
        ServerClock(
            now: { self.now },
            continuousMilliseconds: { self.times.withLock { $0.continuous } }
        )
    }
}
