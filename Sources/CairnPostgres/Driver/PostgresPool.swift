// SPDX-License-Identifier: Apache-2.0

internal import CairnLedger
internal import Synchronization

/// A bounded number of connections, which are opened when they are first needed.
///
/// Whoever finds none waits in a queue that is bounded, too: beyond it the answer is "unavailable",
/// at once.
final class PostgresPool: Sendable {
    private typealias Waiter = CheckedContinuation<PostgresConnection?, Never>

    private struct State {
        var idle: [PostgresConnection] = []
        var open = 0
        var waiting: [(number: UInt64, waiter: Waiter)] = []
        var taken: UInt64 = 0
        var isClosed = false
    }

    /// Says that every connection is in use and enough wait for one.
    struct Exhausted: Error {}

    /// How many may wait for a connection.
    static let waitingCount = 1_000

    let target: String
    private let limit: Int
    /// How long each may wait.
    private let waitingTime: Duration
    private let onNotice: @Sendable (String) -> Void
    private let state = Mutex(State())

    init(
        _ target: String,
        connections limit: Int,
        waitingTime: Duration = .seconds(30),
        onNotice: @escaping @Sendable (String) -> Void = { _ in }
    ) {
        self.target = target
        self.limit = limit
        self.waitingTime = waitingTime
        self.onNotice = onNotice
    }

    /// Runs `body` on a connection of its own, on that connection's thread.
    ///
    /// `isWrite` says that a statement may have been carried out though no answer came.
    func use<Value: Sendable>(
        isWrite: Bool = false,
        _ body: @Sendable (isolated PostgresConnection) throws -> Value
    ) async throws(StoreError) -> Value {
        let connection = try await take()
        do {
            let value = try await body(connection)
            await give(back: connection)
            return value
        } catch let failure as PostgresFailure {
            await give(back: connection)
            throw StoreError(failure, isWritten: isWrite)
        } catch let error as StoreError {
            await give(back: connection)
            throw error
        } catch {
            await give(back: connection)
            throw .unavailable(error)
        }
    }

    /// Closes every connection; those in use when they are given back.
    func close() async {
        let (idle, waiting) = state.withLock { state in
            state.isClosed = true
            defer { (state.idle, state.waiting) = ([], []) }
            return (state.idle, state.waiting)
        }
        for (_, waiter) in waiting { waiter.resume(returning: nil) }
        for connection in idle { await connection.close() }
    }

    private enum Next {
        case found(PostgresConnection)
        case new
        case wait
        case refused
    }

    private func take() async throws(StoreError) -> PostgresConnection {
        let next = state.withLock { state -> Next in
            guard !state.isClosed else { return .refused }
            if let connection = state.idle.popLast() { return .found(connection) }
            guard state.open >= limit else {
                state.open += 1
                return .new
            }
            return state.waiting.count < Self.waitingCount ? .wait : .refused
        }
        switch next {
        case .found(let connection):
            // What was closed at rest is no loss: nothing was asked of it.
            return await connection.isAlive ? connection : try await reopen(connection)
        case .new: return try await open()
        case .refused: throw .unavailable(Exhausted())
        case .wait:
            let given = await waitForOne()
            guard let given else { throw .unavailable(Exhausted()) }
            return await given.isAlive ? given : try await reopen(given)
        }
    }

    /// Waits in the queue, but not for ever.
    private func waitForOne() async -> PostgresConnection? {
        let number = state.withLock { state in
            state.taken += 1
            return state.taken
        }
        return await withTaskGroup(of: Void.self) { group in
            group.addTask {
                try? await Task.sleep(for: self.waitingTime)
                self.endWait(number)
            }
            let given = await withCheckedContinuation { continuation in
                let given = state.withLock { state -> PostgresConnection?? in
                    guard !state.isClosed else { return .some(nil) }
                    if let connection = state.idle.popLast() { return connection }
                    // A place may have been given up since there was none.
                    if state.open < limit {
                        state.open += 1
                        return PostgresConnection(onNotice: onNotice)
                    }
                    state.waiting.append((number, continuation))
                    return nil
                }
                if let given { continuation.resume(returning: given) }
            }
            group.cancelAll()
            return given
        }
    }

    /// Tells one that waited long enough that there is none.
    private func endWait(_ number: UInt64) {
        let waiter = state.withLock { state -> Waiter? in
            guard let place = state.waiting.firstIndex(where: { $0.number == number }) else {
                return nil
            }
            return state.waiting.remove(at: place).waiter
        }
        waiter?.resume(returning: nil)
    }

    private func open() async throws(StoreError) -> PostgresConnection {
        try await reopen(PostgresConnection(onNotice: onNotice))
    }

    /// Opens a connection that is closed, or gives its place up.
    private func reopen(
        _ connection: PostgresConnection
    ) async throws(StoreError)
        -> PostgresConnection
    {
        await connection.close()
        do throws(PostgresFailure) {
            try await connection.open(target)
            return connection
        } catch {
            giveUp()
            throw StoreError(error, isWritten: false)
        }
    }

    /// One connection less; somebody who waits tries to open one in its place.
    private func giveUp() {
        let waiter = state.withLock { state -> Waiter? in
            guard !state.waiting.isEmpty else {
                state.open -= 1
                return nil
            }
            return state.waiting.removeFirst().waiter
        }
        waiter?.resume(returning: PostgresConnection(onNotice: onNotice))
    }

    private func give(back connection: PostgresConnection) async {
        let isGood = await connection.isOpen
        guard isGood else {
            await connection.close()
            giveUp()
            return
        }
        let (waiter, isClosed) = state.withLock { state in
            guard !state.isClosed else {
                return (nil as Waiter?, true)
            }
            guard !state.waiting.isEmpty else {
                state.idle.append(connection)
                return (nil, false)
            }
            return (state.waiting.removeFirst().waiter, false)
        }
        waiter?.resume(returning: connection)
        if isClosed { await connection.close() }
    }
}
