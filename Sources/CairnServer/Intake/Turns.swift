// SPDX-License-Identifier: Apache-2.0

internal import NIOCore
internal import Synchronization

/// Lets a few long pieces of work run at once and the others wait, in order of coming.
///
/// Threads are as many as cores. Without turns, bulks of one caller would take them all, and
/// everybody else's requests would wait until they are read.
final class Turns: Sendable {
    private struct State {
        var free: Int
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state: Mutex<State>

    /// Lets half of the cores be taken, unless another number is given.
    init(_ count: Int = max(1, System.coreCount / 2)) {
        state = Mutex(State(free: count))
    }

    /// Runs `body` when it is its turn; what it does should be bounded.
    func take<Value, Failure: Error>(
        _ body: () async throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        await begin()
        defer { end() }
        return try await body()
    }

    /// How many wait for their turn.
    var waiting: Int { state.withLock { $0.waiting.count } }

    private func begin() async {
        await withCheckedContinuation { continuation in
            let isFree = state.withLock { state in
                guard state.free > 0 else {
                    state.waiting.append(continuation)
                    return false
                }
                state.free -= 1
                return true
            }
            if isFree { continuation.resume() }
        }
    }

    private func end() {
        let next = state.withLock { state -> CheckedContinuation<Void, Never>? in
            guard !state.waiting.isEmpty else {
                state.free += 1
                return nil
            }
            return state.waiting.removeFirst()
        }
        next?.resume()
    }
}
