// SPDX-License-Identifier: Apache-2.0

/// A caller of append and its events, until each has an outcome.
///
/// Confined to its ledger's actor.
final class Waiter {
    /// The caller's events.
    let events: [PreparedEvent]
    /// How many of them batches have taken.
    var taken = 0
    /// How to wake the caller: to hear its outcomes, or to lead.
    var continuation: CheckedContinuation<Void, Never>?
    private var outcomes: [AppendOutcome?]
    private var open: Int

    init(_ events: [PreparedEvent]) {
        self.events = events
        outcomes = Array(repeating: nil, count: events.count)
        open = events.count
    }

    var isSettled: Bool { open == 0 }

    /// Settles one event, once.
    func settle(_ position: Int, _ outcome: AppendOutcome) {
        precondition(outcomes[position] == nil, "an event has one outcome")
        outcomes[position] = outcome
        open -= 1
    }

    /// The outcomes, in order of the events, once all are there.
    var settledOutcomes: [AppendOutcome] {
        precondition(isSettled, "not every event has its outcome")
        return outcomes.compactMap { $0 }
    }
}

/// One event that a batch has taken, and whose it is.
struct TakenEvent {
    let waiter: Waiter
    let position: Int

    var event: PreparedEvent { waiter.events[position] }

    func settle(_ outcome: AppendOutcome) {
        waiter.settle(position, outcome)
    }
}
