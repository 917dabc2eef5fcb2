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
        let bytes: Int
    }

    private struct State {
        /// Those before the first are forgotten; they go when they are as many as the others.
        var seen: [Seen?] = []
        var first = 0
        var bytes = 0
        var count = 0

        var kept: [Seen] { seen[first...].compactMap { $0 } }

        mutating func forgetOldest() {
            bytes -= seen[first]?.bytes ?? 0
            seen[first] = nil
            first += 1
            guard first * 2 >= seen.count else { return }
            seen.removeFirst(first)
            first = 0
        }
    }

    private let capacity: Int
    private let limitBytes: Int
    private let state = Mutex(State())

    /// Remembers so many, of so many bytes.
    init(capacity: Int, bytes: Int) {
        self.capacity = max(capacity, 0)
        limitBytes = max(bytes, 0)
    }

    /// Remembers an event.
    func add(_ admitted: AdmittedEvent) {
        let event = admitted.event
        guard let time = event.occurredAt else { return }
        state.withLock { state in
            state.seen.append(
                Seen(event: event, time: time, number: state.count, bytes: admitted.bytes)
            )
            state.bytes += admitted.bytes
            state.count += 1
            while state.seen.count - state.first > capacity || state.bytes > limitBytes {
                state.forgetOldest()
            }
        }
    }

    /// The newest events that match, newest first.
    func events(_ query: RecentQuery) -> [Event] {
        let seen = state.withLock(\.kept).filter { query.matches($0.event, at: $0.time) }
        return seen.sorted { ($0.time, $0.number) > ($1.time, $1.number) }
            .prefix(max(query.limit, 0)).map(\.event)
    }

    /// Counts the events from one instant to another, both counted.
    func summary(from: Timestamp, to: Timestamp) -> RecentSummary {
        let (kept, count) = state.withLock { ($0.kept, $0.count) }
        var summary = RecentSummary(from: from, to: to, forgotten: count - kept.count)
        for seen in kept where seen.time >= from && seen.time <= to {
            summary.total += 1
            summary.byType[seen.event.type.text, default: 0] += 1
            summary.byOutcome[seen.event.effectiveOutcome, default: 0] += 1
            summary.bySeverity[seen.event.effectiveSeverity, default: 0] += 1
        }
        return summary
    }
}
