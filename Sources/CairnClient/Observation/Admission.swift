// SPDX-License-Identifier: Apache-2.0

internal import Cairn
internal import CairnAPI
internal import Synchronization

/// An event as it is sent, under the id it keeps.
struct AdmittedEvent: Sendable {
    let id: EventID
    let event: Event
    /// How long its body is.
    let bytes: Int
}

/// What every event goes through before it goes anywhere: secrets are taken out, what it needs is
/// filled in, its limits are checked, and filters are asked.
final class Admission: Sendable {
    private let redactor: Redactor?
    private let key: RedactionKey?
    private let filters: [@Sendable (Event) throws -> Bool]
    private let hasSpool: Bool
    private let tally: Tally
    private let ids = Mutex(EventIDGenerator())

    init(_ options: RecorderOptions, tally: Tally) {
        switch options.redaction {
        case .rules(let rules, let key):
            redactor = Redactor(rules)
            self.key = key
        case .off:
            redactor = nil
            key = nil
        }
        filters = options.filters
        hasSpool = options.spool != nil
        self.tally = tally
    }

    /// The event as it is sent.
    ///
    /// It has an id and a time, so that it stays the same event however late and however often it
    /// is sent. The caller's value is never changed.
    ///
    /// - Throws: ``ClientError`` of ``ClientError/Code/invalidEvent`` naming the member.
    func admit(_ event: Event) throws(ClientError) -> AdmittedEvent {
        var admitted = event
        do throws(InvalidEvent) {
            if let redacted = try redactor?.redact(event, key: key) {
                admitted = redacted.event
                tally.add(\.redacted)
            }
            let now = SystemSource.now()
            admitted.occurredAt = admitted.occurredAt ?? now
            let id = admitted.id ?? makeID(at: now)
            admitted.id = id
            guard !admitted.type.isReserved else {
                throw InvalidEvent(
                    field: "type",
                    code: .reserved,
                    message: "types that begin with cairn. are reserved"
                )
            }
            // What the server would read is what is checked, its depth and size as well.
            let bytes = EventBody.bytes(of: admitted)
            return AdmittedEvent(
                id: id,
                event: try EventBody.event(parsing: bytes, limits: limits(for: admitted)),
                bytes: bytes.count
            )
        } catch {
            throw ClientError(.invalidEvent, "the event breaks a rule: \(error)")
        }
    }

    /// What the server allows, less the room of a number that the spool may add.
    private func limits(for event: Event) -> Limits {
        var limits = Limits()
        if hasSpool, event.externalID == nil { limits.eventBytes -= Spool.numberBytes }
        return limits
    }

    /// Draws an id that nothing has yet.
    func makeID(at now: Timestamp) -> EventID {
        ids.withLock { ids in
            var generator = SystemRandomNumberGenerator()
            return ids.next(milliseconds: now.milliseconds, using: &generator)
        }
    }

    /// Whether all filters let an event through.
    func passes(_ event: Event) -> Bool {
        for filter in filters {
            do {
                guard try filter(event) else {
                    tally.add(\.filtered)
                    return false
                }
            } catch {
                // A filter that fails must not be a way to leave events out.
                tally.add(\.filterFailures)
            }
        }
        return true
    }
}
