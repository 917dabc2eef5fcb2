// SPDX-License-Identifier: Apache-2.0

package import Cairn
internal import Synchronization

/// Makes events ready to be sequenced: fills in defaults, makes ids and seeds, commits to fields.
///
/// Runs outside any ledger, on the caller's thread.
package final class Preparer: Sendable {
    /// The limits that events keep to.
    package let limits: Limits
    private let registry: EventTypeRegistry
    private let clock: ServerClock
    private let draws: Mutex<Draws>

    private struct Draws {
        var ids = EventIDGenerator()
        var generator: BufferedGenerator
    }

    /// Draws ids and seeds from `fill`, which must be cryptographically random.
    package init(
        limits: Limits = Limits(),
        registry: EventTypeRegistry = .standard,
        clock: ServerClock,
        random fill: @escaping @Sendable (UnsafeMutableRawBufferPointer) -> Void
    ) {
        self.limits = limits
        self.registry = registry
        self.clock = clock
        draws = Mutex(Draws(generator: BufferedGenerator(fill: fill)))
    }

    /// Draws an id that nothing has yet.
    package func makeID() -> EventID {
        let milliseconds = clock.now().milliseconds
        return draws.withLock { draws in
            draws.ids.next(milliseconds: milliseconds, using: &draws.generator)
        }
    }

    /// Prepares a valid event, written by a principal.
    ///
    /// An event without an id gets `fallbackID`, which may be recorded already, or a new one.
    ///
    /// - Throws: ``InvalidEvent`` for a reserved type and for a time too far ahead.
    package func prepare(
        _ event: Event,
        by principal: Principal? = nil,
        fallbackID: EventID? = nil,
        dialect: String? = nil
    ) throws(InvalidEvent) -> PreparedEvent {
        guard !event.type.isReserved else {
            throw InvalidEvent(
                field: "type",
                code: .reserved,
                message: "types that begin with cairn. are reserved"
            )
        }
        return try prepare(
            event,
            schema: .event,
            facts: EventFacts(
                now: clock.now(),
                principalID: principal?.id,
                principalSubject: principal?.subject,
                dialect: dialect
            ),
            fallbackID: fallbackID,
            isReader: principal?.scopes.contains(.eventsRead) ?? true
        )
    }

    /// Prepares a record of the ledger about itself.
    package func prepare(ledgerEvent event: Event) throws(InvalidEvent) -> PreparedEvent {
        try prepare(event, schema: .ledger, facts: EventFacts(now: clock.now()))
    }

    private func prepare(
        _ event: Event,
        schema: Leaf.Schema,
        facts: EventFacts,
        fallbackID: EventID? = nil,
        isReader: Bool = true
    ) throws(InvalidEvent) -> PreparedEvent {
        if let occurredAt = event.occurredAt,
            occurredAt > facts.now.advanced(byMilliseconds: limits.aheadMilliseconds)
        {
            throw InvalidEvent(
                field: "occurred_at",
                code: .inFuture,
                message: "is more than \(limits.aheadMilliseconds / 60_000) minutes ahead"
            )
        }
        let (id, seed) = draws.withLock { draws in
            let id =
                event.id ?? fallbackID
                ?? draws.ids.next(milliseconds: facts.now.milliseconds, using: &draws.generator)
            return (id, Seed(using: &draws.generator))
        }
        return PreparedEvent(
            id: id,
            isFresh: event.id == nil && fallbackID == nil,
            fields: event.fields(facts, registry: registry),
            seed: seed,
            occurredAt: event.occurredAt ?? facts.now,
            schema: schema,
            isReader: isReader
        )
    }
}

/// Random words out of a buffer that is filled a page at a time and wiped as it is used.
private struct BufferedGenerator: RandomNumberGenerator {
    private let fill: @Sendable (UnsafeMutableRawBufferPointer) -> Void
    private var words = [UInt64](repeating: 0, count: 512)
    private var used: Int

    init(fill: @escaping @Sendable (UnsafeMutableRawBufferPointer) -> Void) {
        self.fill = fill
        used = words.count
    }

    mutating func next() -> UInt64 {
        if used == words.count {
            words.withUnsafeMutableBytes { fill($0) }
            used = 0
        }
        defer { used += 1 }
        let word = words[used]
        words[used] = 0
        return word
    }
}
