// SPDX-License-Identifier: Apache-2.0

public import Cairn
internal import Logging
public import ServiceLifecycle

/// What an application records with.
///
/// One recorder serves a whole process. ``record(_:)`` says in its result what became of an event,
/// and the compiler makes the caller look. ``recordBestEffort(_:)`` is for the rest.
///
/// What waits in memory or on disk is sent while ``run()`` runs: as a service of a `ServiceGroup`,
/// as a task of the application's own, or by ``whileRunning(_:)``.
public final class AuditRecorder: Service {
    let options: RecorderOptions
    let delivery: Delivery
    let spool: Spool?
    let tally: Tally
    let queue: BoundedQueue<Event>
    let observers: Observers
    let stopping = Gate()
    /// Open once somebody runs the recorder.
    let running = Gate()
    let admission: Admission
    private let recentEvents: RecentEvents

    /// Records to a destination.
    ///
    /// What waits in the spool is read afterwards, off the caller's thread; that it cannot be is
    /// said of each event that should be kept there.
    ///
    /// - Throws: ``ClientError`` when the spool's folder cannot be used or is in use, and when a
    ///   spool is needed and not named.
    public init(
        to destination: any AuditDestination,
        options: RecorderOptions = RecorderOptions()
    ) throws(ClientError) {
        guard options.spool != nil || !options.durability.needsSpool else {
            throw ClientError(
                .invalidSetting,
                "events that are kept on disk while the server is away need a spool; name its "
                    + "folder in the options"
            )
        }
        self.options = options
        delivery = Delivery(destination: destination)
        tally = Tally()
        queue = BoundedQueue(limit: max(options.queuedEvents, 1), bytes: options.queuedBytes)
        recentEvents = RecentEvents(capacity: options.recentEvents, bytes: options.recentBytes)
        admission = Admission(options, tally: tally)
        observers = Observers(options, recent: recentEvents, tally: tally)
        var spool: Spool?
        if let wanted = options.spool {
            spool = try Spool(wanted, tally: tally, logger: options.logger)
        }
        self.spool = spool
    }

    // MARK: Recording

    /// Records an event, as durably as the policy for its type asks.
    ///
    /// The receipt says how far the event has come. A failure says that it is not recorded, or,
    /// where ``ClientError/mayBeRecorded`` is true, that nobody knows; the same event with the same
    /// id may be given again.
    public func record(_ event: Event) async -> Result<Receipt, ClientError> {
        let admitted: AdmittedEvent
        do throws(ClientError) {
            admitted = try admission.admit(event)
        } catch {
            return failed(error, event)
        }
        guard isTakenIn(admitted) else { return .success(receipt(admitted, .filtered)) }
        switch options.durability.durability(of: admitted.event.type) {
        case .bestEffort: return enqueue(admitted)
        case .failClosed: return await send(admitted.event, options.retry)
        case .failOpen: return await sendOrSpool(admitted)
        }
    }

    /// Records an event if it can be done: never waits, never fails, and counts what is lost.
    public func recordBestEffort(_ event: Event) {
        do throws(ClientError) {
            let admitted = try admission.admit(event)
            // The loss is counted where it happens.
            if isTakenIn(admitted) { _ = enqueue(admitted) }
        } catch {
            tally.add(\.lost)
            options.logger.warning(
                "an event is lost",
                metadata: ["type": "\(event.type)", "code": "\(error.code)"]
            )
        }
    }

    /// Whether no filter keeps an event out; then everybody who wants to know is told of it.
    private func isTakenIn(_ admitted: AdmittedEvent) -> Bool {
        guard admission.passes(admitted.event) else { return false }
        observers.see(admitted)
        return true
    }

    private func enqueue(_ admitted: AdmittedEvent) -> Result<Receipt, ClientError> {
        guard queue.offer(admitted.event, bytes: admitted.bytes) else {
            tally.add(\.lost)
            return .failure(
                ClientError(
                    .queueFull,
                    stopping.isOpen
                        ? "the recorder is stopped"
                        : "too many events wait in memory; see that run() runs and that the "
                            + "server keeps up"
                )
            )
        }
        tally.add(\.queued)
        return .success(receipt(admitted, .queued))
    }

    private func send(_ event: Event, _ policy: RetryPolicy) async -> Result<Receipt, ClientError> {
        let result = await delivery.append([event], policy)[0]
        switch result {
        case .success: tally.add(\.recorded)
        case .failure(let error): return failed(error, event)
        }
        return result
    }

    private func sendOrSpool(_ admitted: AdmittedEvent) async -> Result<Receipt, ClientError> {
        let event = admitted.event
        guard let spool else { preconditionFailure("the initialiser asks for a spool") }
        var mayBeRecorded = false
        // What waits goes first: a source's events stay in order.
        if await spool.isEmpty, !stopping.isOpen {
            switch await delivery.append([event], .once)[0] {
            case .success(let receipt):
                tally.add(\.recorded)
                return .success(receipt)
            case .failure(let error):
                if error.isFinal { return failed(error, event) }
                mayBeRecorded = error.mayBeRecorded
            }
        }
        do throws(ClientError) {
            // An event that may be recorded must stay as it was sent.
            try await spool.append(event, isNumbered: !mayBeRecorded)
        } catch {
            return failed(mayBeRecorded ? error.asMaybeRecorded : error, event)
        }
        tally.add(\.spooled)
        return .success(receipt(admitted, .spooled))
    }

    private func receipt(_ admitted: AdmittedEvent, _ standing: Receipt.Standing) -> Receipt {
        Receipt(id: admitted.id, standing: standing)
    }

    /// Counts and tells a failure that the caller is told of, too.
    private func failed(_ error: ClientError, _ event: Event) -> Result<Receipt, ClientError> {
        tally.add(\.failed)
        options.logger.error(
            "an event is not recorded",
            metadata: [
                "type": "\(event.type)", "id": "\(event.id?.text ?? "")", "code": "\(error.code)",
            ]
        )
        return .failure(error)
    }

    // MARK: Asking

    /// Asks the ledger; what is recorded is found, what waits is not.
    public func query(_ query: AuditQuery) async -> Result<Page, ClientError> {
        await delivery.destination.page(query)
    }

    /// The newest events that this process gave to the recorder, newest first, whatever became of
    /// them: a memory, not the log.
    public func recent(_ query: RecentQuery = RecentQuery()) -> [Event] {
        recentEvents.events(query)
    }

    /// The recent events counted, by default those of the last 24 hours.
    public func recentSummary(from: Timestamp? = nil, to: Timestamp? = nil) -> RecentSummary {
        let to = to ?? SystemSource.now()
        return recentEvents.summary(
            from: from ?? to.advanced(byMilliseconds: -86_400_000),
            to: to
        )
    }

    /// What was done with events since the recorder was made.
    public var counts: Counts { tally.now }

    /// How many events wait in memory.
    public var queuedEvents: Int { queue.count }

    /// How many events wait on disk.
    public var spooledEvents: Int {
        get async { await spool?.count ?? 0 }
    }
}
