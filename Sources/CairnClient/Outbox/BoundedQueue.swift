// SPDX-License-Identifier: Apache-2.0

internal import Synchronization

/// What waits in memory for one consumer: never more than a limit, and nobody who adds waits.
final class BoundedQueue<Element: Sendable>: Sendable {
    private struct State {
        var items: [(element: Element, bytes: Int)] = []
        var bytes = 0
        var consumer: CheckedContinuation<Void, Never>?
        var isFinished = false
    }

    private let limit: Int
    private let limitBytes: Int
    private let state = Mutex(State())

    /// Holds at most so many, and so many bytes.
    init(limit: Int, bytes: Int = .max) {
        precondition(limit > 0, "a queue holds something")
        self.limit = limit
        limitBytes = bytes
    }

    /// Adds one at the end; false when there is no room, or when nothing more is taken in.
    func offer(_ element: Element, bytes: Int = 0) -> Bool {
        let (isTaken, consumer) = state.withLock { state in
            guard !state.isFinished, state.items.count < limit,
                bytes <= limitBytes - state.bytes
            else {
                return (false, nil as CheckedContinuation<Void, Never>?)
            }
            state.items.append((element, bytes))
            state.bytes += bytes
            return (true, state.consumer.take())
        }
        consumer?.resume()
        return isTaken
    }

    /// Takes the first of those that wait, and waits for one if there is none.
    ///
    /// Nothing is taken once the queue is finished and empty, and when the task is cancelled.
    func take(upTo most: Int) async -> [Element] {
        while true {
            let (taken, isOver) = state.withLock { state in
                let taken = state.items.prefix(most)
                state.bytes -= taken.reduce(0) { $0 + $1.bytes }
                state.items.removeFirst(taken.count)
                return (taken.map(\.element), state.isFinished)
            }
            if !taken.isEmpty || isOver || Task.isCancelled { return taken }
            await waitForMore()
        }
    }

    /// Takes nothing more in; what waits can still be taken.
    func finish() {
        let consumer = state.withLock { state in
            state.isFinished = true
            return state.consumer.take()
        }
        consumer?.resume()
    }

    /// How many wait.
    var count: Int { state.withLock { $0.items.count } }

    private func waitForMore() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isReady = state.withLock { state in
                    guard state.items.isEmpty, !state.isFinished, !Task.isCancelled else {
                        return true
                    }
                    state.consumer = continuation
                    return false
                }
                if isReady { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.consumer.take() }?.resume()
        }
    }
}

/// Closed at first, opened once; whoever waits goes on then.
final class Gate: Sendable {
    private struct State {
        var isOpen = false
        var next = 0
        var waiting: [Int: CheckedContinuation<Void, Never>] = [:]
    }

    private let state = Mutex(State())

    /// Whether it was opened.
    var isOpen: Bool { state.withLock(\.isOpen) }

    /// Lets everybody through, now and from now on; returns whether it was closed before.
    @discardableResult
    func open() -> Bool {
        let (waiting, isFirst) = state.withLock { state in
            defer { (state.waiting, state.isOpen) = ([:], true) }
            return (state.waiting, !state.isOpen)
        }
        for continuation in waiting.values { continuation.resume() }
        return isFirst
    }

    /// Waits until it is open, or the task is cancelled.
    func wait() async {
        let ticket = state.withLock { state in
            state.next += 1
            return state.next
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isReady = state.withLock { state in
                    guard !state.isOpen, !Task.isCancelled else { return true }
                    state.waiting[ticket] = continuation
                    return false
                }
                if isReady { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.waiting.removeValue(forKey: ticket) }?.resume()
        }
    }
}
