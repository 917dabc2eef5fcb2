// SPDX-License-Identifier: Apache-2.0

internal import Cairn
internal import Logging
internal import Synchronization

/// Tells everybody who wants to know of an event, off the path of whoever records it.
final class Observers: Sendable {
    private struct Desk: Sendable {
        let handler: AuditHandler
        let queue: BoundedQueue<Event>
    }

    private let recent: RecentEvents
    private let desks: [Desk]
    private let eventLogger: Logger?
    private let logger: Logger
    private let tally: Tally

    init(_ options: RecorderOptions, recent: RecentEvents, tally: Tally) {
        self.recent = recent
        desks = options.handlers.map {
            Desk(
                handler: $0,
                queue: BoundedQueue(limit: max($0.queuedEvents, 1), bytes: $0.queuedBytes)
            )
        }
        eventLogger = options.eventLogger
        logger = options.logger
        self.tally = tally
    }

    /// Passes an event on; takes no longer than to put it down.
    func see(_ admitted: AdmittedEvent) {
        let event = admitted.event
        recent.add(admitted)
        for desk in desks where !desk.queue.offer(event, bytes: admitted.bytes) {
            tally.add(\.handlerDrops)
        }
        guard let eventLogger else { return }
        eventLogger.log(
            level: event.effectiveSeverity.level,
            "AUDIT",
            metadata: [
                "id": "\(event.id?.text ?? "")", "type": "\(event.type)",
                "outcome": "\(event.effectiveOutcome.rawValue)",
            ]
        )
    }

    /// Takes nothing more in.
    func finish() {
        for desk in desks { desk.queue.finish() }
    }

    /// Runs the handlers until nothing more comes and all is told, or the task is cancelled.
    func run() async {
        await withTaskGroup(of: Void.self) { group in
            for desk in desks {
                group.addTask {
                    while let event = await desk.queue.take(upTo: 1).first {
                        await self.tell(desk.handler, event)
                    }
                }
            }
        }
    }

    /// Tells a handler of an event, and goes on when it is done or was let go of.
    private func tell(_ handler: AuditHandler, _ event: Event) async {
        let error = Mutex<(any Error)?>(nil)
        let ended = Gate()
        // A group would wait for a handler that does not heed cancellation, and the recorder with
        // it: its spool would never be closed.
        let work = Task {
            do {
                try await handler.handle(event)
            } catch let thrown {
                error.withLock { $0 = thrown }
            }
            ended.open()
        }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await ended.wait() }
            // Cancellation is the end of waiting.
            group.addTask { try? await Task.sleep(for: handler.limit) }
            await group.next()
            group.cancelAll()
        }
        var metadata: Logger.Metadata = [
            "handler": "\(handler.name)", "id": "\(event.id?.text ?? "")",
        ]
        if ended.isOpen {
            guard let error = error.withLock({ $0 }) else { return }
            tally.add(\.handlerFailures)
            metadata["error"] = "\(type(of: error))"
            return logger.warning("a handler failed", metadata: metadata)
        }
        work.cancel()
        guard !Task.isCancelled else { return }
        tally.add(\.handlerTimeouts)
        logger.warning("a handler took too long", metadata: metadata)
        // It holds up itself alone, until the recorder ends.
        await ended.wait()
    }
}

extension Event {
    /// How it ended, as the ledger will have it.
    var effectiveOutcome: Outcome { outcome ?? .success }

    /// How much it matters, as the ledger will have it.
    var effectiveSeverity: Severity {
        severity ?? EventTypeRegistry.standard.defaultSeverity(of: type)
    }
}

extension Severity {
    /// The level of a line about an event of this severity.
    fileprivate var level: Logger.Level {
        switch self {
        case .debug: .debug
        case .info: .info
        case .warning: .warning
        case .error: .error
        case .critical: .critical
        }
    }
}
