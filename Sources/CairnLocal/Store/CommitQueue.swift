// SPDX-License-Identifier: Apache-2.0

internal import CairnLedger
internal import Synchronization

/// Batches that wait for the writer.
final class CommitQueue: Sendable {
    struct Item: Sendable {
        let batch: Batch
        let head: Head
        let number: Int64
        let pending: [PendingRecord]
        let continuation: CheckedContinuation<Result<Void, StoreError>, Never>
    }

    private struct State {
        var items: [Item] = []
        var isDraining = false
    }

    private let state = Mutex(State())

    /// Adds a batch; true when the caller must see to the draining.
    func add(_ item: Item) -> Bool {
        state.withLock { state in
            state.items.append(item)
            defer { state.isDraining = true }
            return !state.isDraining
        }
    }

    /// What one transaction takes: all that waits, one batch a ledger.
    func take() -> [Item] {
        state.withLock { state in
            defer { state.items.removeAll(keepingCapacity: true) }
            return state.items
        }
    }

    /// Whether the draining goes on, because something waits.
    func goesOn() -> Bool {
        state.withLock { state in
            state.isDraining = !state.items.isEmpty
            return state.isDraining
        }
    }
}
