// SPDX-License-Identifier: Apache-2.0

import Cairn
import CairnClient
import Synchronization

/// A ledger in memory that can be away, lose its answers, or refuse what some actors do.
///
/// As a real one, it records an id once: the same event again is known, another one is refused.
final class MemoryDestination: AuditDestination {
    struct State {
        var events: [Event] = []
        var known: [EventID: Event] = [:]
        var isAway = false
        var losesAnswers = false
        var refused: Set<String> = []
        /// Actors whose events it cannot take now.
        var unavailable: Set<String> = []
        var bulks: [Int] = []
    }

    let state = Mutex(State())

    /// The events in the order they were recorded.
    var events: [Event] { state.withLock(\.events) }

    /// Goes away, or comes back.
    func goAway(_ isAway: Bool) {
        state.withLock { $0.isAway = isAway }
    }

    func append(_ events: [Event]) async -> [Result<Receipt, ClientError>] {
        state.withLock { state in
            state.bulks.append(events.count)
            return events.map { record($0, &state) }
        }
    }

    private func record(_ event: Event, _ state: inout State) -> Result<Receipt, ClientError> {
        guard !state.isAway, !state.unavailable.contains(event.actor.id), let id = event.id else {
            return .failure(ClientError(.unavailable, "away"))
        }
        if state.refused.contains(event.actor.id) {
            return .failure(ClientError(.invalidEvent, "refused"))
        }
        if let known = state.known[id] {
            guard known == event else { return .failure(ClientError(.conflict, "taken")) }
        } else {
            state.known[id] = event
            state.events.append(event)
        }
        guard !state.losesAnswers else {
            return .failure(ClientError(.timedOut, "no answer", mayBeRecorded: true))
        }
        let zero = Digest.sha256([])
        return .success(
            Receipt(
                id: id,
                position: Receipt.Position(
                    index: UInt64(state.events.count - 1),
                    receivedAt: .epoch,
                    leafHash: zero,
                    previousHash: zero,
                    hash: zero,
                    origin: "cairn.example/memory"
                )
            )
        )
    }

    func page(_ query: AuditQuery) async -> Result<Page, ClientError> {
        .failure(ClientError(.unavailable, "a memory answers no questions"))
    }

    func close() async {}
}
