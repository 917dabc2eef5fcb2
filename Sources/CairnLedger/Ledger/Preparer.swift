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
    private let redaction: RedactionPolicy
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
        redaction: RedactionPolicy = .standard,
        clock: ServerClock,
        random fill: @escaping @Sendable (UnsafeMutableRawBufferPointer) -> Void
    ) {
        self.limits = limits
        self.registry = registry
        self.redaction = redaction
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

    /// Prepares a valid event of a tenant, written by a principal.
    ///
    /// Secrets are taken out of it. An event without an id gets `fallbackID`, which may be recorded
    /// already, or a new one.
    ///
    /// - Throws: ``InvalidEvent`` for a reserved type, for a time too far ahead, and for a secret
    ///   where none can be taken out.
    package func prepare(
        _ event: Event,
        of tenant: String,
        by principal: Principal? = nil,
        fallbackID: EventID? = nil,
        dialect: WireDialect? = nil
    ) throws(InvalidEvent) -> PreparedEvent {
        guard !event.type.isReserved else {
            throw InvalidEvent(
                field: "type",
                code: .reserved,
                message: "types that begin with cairn. are reserved"
            )
        }
        let now = clock.now()
        var (event, dialect, facts) = (event, dialect, nil as RedactionFacts?)
        if let redactor = redaction.redactor(of: tenant),
            let redacted = try redactor.redact(
                event,
                rest: dialect?.rest,
                key: redaction.key(of: tenant, at: now)
            )
        {
            event = redacted.event
            dialect?.rest = redacted.rest
            facts = RedactionFacts(rules: redactor.rules.text, paths: redacted.paths)
        }
        return try prepare(
            event,
            schema: .event,
            facts: EventFacts(
                now: now,
                principalID: principal?.id,
                principalSubject: principal?.subject,
                dialect: dialect,
                redaction: facts
            ),
            fallbackID: fallbackID,
            isReader: principal?.scopes.contains(.eventsRead) ?? true
        )
    }

    /// Prepares a record of the ledger about itself.
    ///
    /// What it tells of callers, such as what they searched for, may hold a secret, too.
    package func prepare(ledgerEvent event: Event) throws(InvalidEvent) -> PreparedEvent {
        let redacted = try redaction.shapes?.redact(event)
        return try prepare(
            redacted?.event ?? event,
            schema: .ledger,
            facts: EventFacts(
                now: clock.now(),
                redaction: redacted.map {
                    RedactionFacts(rules: RedactionRules.shapes.text, paths: $0.paths)
                }
            )
        )
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
