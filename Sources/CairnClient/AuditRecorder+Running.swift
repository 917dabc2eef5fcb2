// SPDX-License-Identifier: Apache-2.0

internal import Cairn
internal import Logging
internal import ServiceLifecycle

extension AuditRecorder {
    /// The most events that are sent together.
    private static let bulkEvents = 200

    /// Sends what waits until the recorder is stopped, then what is left in memory, and closes the
    /// destination and the spool.
    ///
    /// What waits on disk stays there for the next time.
    public func run() async {
        await withGracefulShutdownHandler {
            await withTaskGroup(of: Bool.self) { group in
                group.addTask {
                    await self.sendQueued()
                    return true
                }
                group.addTask {
                    await self.observers.run()
                    return true
                }
                group.addTask {
                    await self.untilStopping { await self.drain() }
                    return true
                }
                group.addTask {
                    await self.stopping.wait()
                    // Cancellation is the end of waiting.
                    try? await Task.sleep(for: self.options.shutdownLimit)
                    return false
                }
                var running = 3
                for await isWork in group {
                    if isWork { running -= 1 }
                    if running == 0 || !isWork { group.cancelAll() }
                }
            }
        } onGracefulShutdown: {
            self.stop()
        }
        stop()
        await close()
    }

    /// Runs for as long as `body` does, then sends what is left and closes.
    public func whileRunning<Value>(
        _ body: (AuditRecorder) async throws -> Value
    ) async rethrows -> Value {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await self.run() }
            defer { stop() }
            return try await body(self)
        }
    }

    /// Takes no more events into memory, and lets ``run()`` end.
    public func stop() {
        stopping.open()
        queue.finish()
        observers.finish()
    }

    /// Closes the destination and the spool; for a recorder that was never run.
    public func close() async {
        stop()
        let left = await queue.take(upTo: .max).count
        if left > 0 {
            tally.add(\.lost, left)
            options.logger.warning("events are lost", metadata: ["count": "\(left)"])
        }
        await delivery.destination.close()
        await spool?.close()
    }

    // MARK: Memory

    private func sendQueued() async {
        while true {
            let events = await queue.take(upTo: AuditRecorder.bulkEvents)
            guard !events.isEmpty else { return }
            for (event, result) in zip(events, await delivery.append(events, options.retry)) {
                switch result {
                case .success: tally.add(\.recorded)
                case .failure(let error):
                    tally.add(\.lost)
                    options.logger.warning(
                        "an event is lost",
                        metadata: [
                            "type": "\(event.type)", "id": "\(event.id?.text ?? "")",
                            "code": "\(error.code)",
                        ]
                    )
                }
            }
        }
    }

    /// Runs `work`, and cancels it when the recorder is stopped.
    private func untilStopping(_ work: @escaping @Sendable () async -> Void) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask(operation: work)
            group.addTask { await self.stopping.wait() }
            await group.next()
            group.cancelAll()
        }
    }
}
