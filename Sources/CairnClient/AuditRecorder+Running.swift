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
    /// What waits on disk stays there for the next time. A second call returns at once.
    public func run() async {
        guard running.open() else { return }
        await withGracefulShutdownHandler {
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await self.delivery.destination.run() }
                await work()
                group.cancelAll()
            }
        } onGracefulShutdown: {
            self.stop()
        }
        await close()
    }

    /// Runs for as long as `body` does, then sends what is left and closes.
    public func whileRunning<Value>(
        isolation: isolated (any Actor)? = #isolation,
        _ body: (AuditRecorder) async throws -> Value
    ) async rethrows -> Value {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await self.run() }
            do {
                let value = try await body(self)
                stop()
                try await group.waitForAll()
                return value
            } catch {
                // What was recorded before the failure is sent all the same.
                stop()
                try? await group.waitForAll()
                throw error
            }
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

    // MARK: Working

    /// Sends and tells what comes until the recorder is stopped, and then what is left, as far as
    /// the time for that goes.
    private func work() async {
        await run {
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await self.sendQueued() }
                group.addTask { await self.observers.run() }
                group.addTask {
                    await self.run {
                        await self.drain()
                    } until: {
                        await self.stopping.wait()
                    }
                }
            }
        } until: {
            await self.stopping.wait()
            // Cancellation is the end of waiting.
            try? await Task.sleep(for: self.options.shutdownLimit)
        }
    }

    /// Runs `work`, and cancels it when `end` comes first.
    private func run(
        _ work: @escaping @Sendable () async -> Void,
        until end: @escaping @Sendable () async -> Void
    ) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask(operation: work)
            group.addTask(operation: end)
            await group.next()
            group.cancelAll()
        }
    }

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
}
