// SPDX-License-Identifier: Apache-2.0

/// Lets one after another do what takes several steps; an actor's own, as the rest of its state.
final class Turn {
    private var isTaken = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    /// Waits until nobody else has the turn, and takes it.
    func begin(isolation: isolated (any Actor)? = #isolation) async {
        while isTaken { await withCheckedContinuation { waiting.append($0) } }
        isTaken = true
    }

    /// Gives the turn to whoever waits.
    func end() {
        isTaken = false
        waiting.forEach { $0.resume() }
        waiting = []
    }
}
