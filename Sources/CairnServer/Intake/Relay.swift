// SPDX-License-Identifier: Apache-2.0

internal import Synchronization

/// Hands what one task makes to one other task, which takes all that is there at once.
///
/// The maker waits while too much is there, so that memory is bounded; the taker waits while there
/// is nothing.
final class Relay<Element: Sendable>: Sendable {
    private struct State {
        var elements: [Element] = []
        var isFinished = false
        var failure: (any Error)?
        var maker: CheckedContinuation<Void, Never>?
        var taker: CheckedContinuation<Void, Never>?

        mutating func wakeMaker() -> CheckedContinuation<Void, Never>? {
            defer { maker = nil }
            return maker
        }

        mutating func wakeTaker() -> CheckedContinuation<Void, Never>? {
            defer { taker = nil }
            return taker
        }
    }

    private let limit: Int
    private let state = Mutex(State())

    /// Lets so many elements wait.
    init(limit: Int) {
        self.limit = limit
    }

    /// Hands an element over, once there is room; returns false when nobody takes any more.
    func send(_ element: Element) async -> Bool {
        await withCheckedContinuation { continuation in
            let isFree = state.withLock { state in
                guard state.elements.count >= limit, !state.isFinished else { return true }
                state.maker = continuation
                return false
            }
            if isFree { continuation.resume() }
        }
        let (isTaken, taker) = state.withLock { state in
            guard !state.isFinished else {
                return (false, nil as CheckedContinuation<Void, Never>?)
            }
            state.elements.append(element)
            return (true, state.wakeTaker())
        }
        taker?.resume()
        return isTaken
    }

    /// All elements that are there, at least one; nil after the last.
    ///
    /// - Throws: what ``finish(throwing:)`` was given, after the last element.
    func next() async throws -> [Element]? {
        await withCheckedContinuation { continuation in
            let isFree = state.withLock { state in
                guard state.elements.isEmpty, !state.isFinished else { return true }
                state.taker = continuation
                return false
            }
            if isFree { continuation.resume() }
        }
        let (elements, maker, failure) = state.withLock { state in
            let elements = state.elements
            state.elements = []
            return (elements, state.wakeMaker(), state.failure)
        }
        maker?.resume()
        if elements.isEmpty, let failure { throw failure }
        return elements.isEmpty ? nil : elements
    }

    /// Says that no element follows, from either side; only the first failure counts.
    func finish(throwing failure: (any Error)? = nil) {
        let (maker, taker) = state.withLock { state in
            if !state.isFinished {
                state.isFinished = true
                state.failure = failure
            }
            return (state.wakeMaker(), state.wakeTaker())
        }
        maker?.resume()
        taker?.resume()
    }
}
