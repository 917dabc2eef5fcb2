// SPDX-License-Identifier: Apache-2.0

internal import HummingbirdCore
internal import Synchronization

/// How many connections are open, counted as they come and go.
final class OpenConnections: Sendable {
    private let value = Atomic(0)

    /// The number now.
    var count: Int { value.load(ordering: .relaxed) }

    func add(_ change: Int) {
        value.wrappingAdd(change, ordering: .relaxed)
    }
}

/// Takes no more connections than are allowed at once, and counts them.
struct CountedConnections: AvailableConnectionsDelegate {
    private let open: OpenConnections
    private let limit: Int

    init(_ open: OpenConnections, limit: Int) {
        self.open = open
        self.limit = limit
    }

    mutating func connectionOpened() { open.add(1) }

    mutating func connectionClosed() { open.add(-1) }

    func isAcceptingNewConnections() -> Bool { open.count < limit }
}
