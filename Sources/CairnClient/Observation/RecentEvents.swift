// SPDX-License-Identifier: Apache-2.0

public import Cairn
internal import Synchronization

/// A question to the memory of recent events; conditions all hold.
public struct RecentQuery: Sendable, Hashable {
    /// The kind of event.
    public var type: String?
    /// Who did it.
    public var actorID: String?
    /// The sort of what it was done to.
    public var resourceType: String?
    /// The first instant.
    public var from: Timestamp?
    /// The last instant, which counts.
    public var to: Timestamp?
    /// How many events at most.
    public var limit = 100

    /// Asks for the newest.
    public init() {}

    func matches(_ event: Event, at time: Timestamp) -> Bool {
        if let type, event.type.text != type { return false }
        if let actorID, event.actor.id != actorID { return false }
        if let resourceType,
            event.resources?.contains(where: { $0.type == resourceType }) != true
        {
            return false
        }
        if let from, time < from { return false }
        if let to, time > to { return false }
        return true
    }
}

/// The recent events counted.
public struct RecentSummary: Sendable, Hashable {
    /// The first instant that counts.
    public let from: Timestamp
    /// The last instant that counts.
    public let to: Timestamp
    /// How many events there are.
    public internal(set) var total = 0
    /// How many of each kind.
    public internal(set) var byType: [String: Int] = [:]
    /// How many ended how.
    public internal(set) var byOutcome: [Outcome: Int] = [:]
    /// How many matter how much.
    public internal(set) var bySeverity: [Severity: Int] = [:]
    /// How many events of any time were forgotten to make room, so that these are not all.
    public let forgotten: Int
}

/// The newest events, as they were recorded; the oldest are forgotten, and counted.
final class RecentEvents: Sendable {
    private struct Seen {
        let event: Event
        let time: Timestamp
        let number: Int
    }

    private struct State {
        /// Overwritten from the oldest on once it is full.
        var ring: [Seen] = []
        var count = 0
    }

    private let capacity: Int
    private let state = Mutex(State())

    /// Remembers so many.
    init(capacity: Int) {
        self.capacity = max(capacity, 0)
    }

    /// Remembers an event.
    func add(_ event: Event) {
        guard let time = event.occurredAt else { return }
        state.withLock { state in
            let seen = Seen(event: event, time: time, number: state.count)
            if state.ring.count < capacity {
                state.ring.append(seen)
            } else if capacity > 0 {
                state.ring[state.count % capacity] = seen
            }
            state.count += 1
        }
    }

    /// The newest events that match, newest first.
    func events(_ query: RecentQuery) -> [Event] {
        let seen = state.withLock(\.ring).filter { query.matches($0.event, at: $0.time) }
        return seen.sorted { ($0.time, $0.number) > ($1.time, $1.number) }
            .prefix(max(query.limit, 0)).map(\.event)
    }

    /// Counts the events from one instant to another, both counted.
    func summary(from: Timestamp, to: Timestamp) -> RecentSummary {
        let (ring, count) = state.withLock { ($0.ring, $0.count) }
        var summary = RecentSummary(from: from, to: to, forgotten: count - ring.count)
        for seen in ring where seen.time >= from && seen.time <= to {
            summary.total += 1
            summary.byType[seen.event.type.text, default: 0] += 1
            summary.byOutcome[seen.event.effectiveOutcome, default: 0] += 1
            summary.bySeverity[seen.event.effectiveSeverity, default: 0] += 1
        }
        return summary
    }
}
