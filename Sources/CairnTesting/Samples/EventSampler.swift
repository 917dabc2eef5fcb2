// SPDX-License-Identifier: Apache-2.0

package import Cairn
package import CairnLedger

/// Makes valid events that follow from a seed: few values for each member, so that queries find
/// some, and now and then the bytes that break naive code.
package struct EventSampler: Sendable {
    /// Types that events have.
    package static let types = [
        "user.login", "user.logout", "User.login", "userx.seen", "user", "document.read",
        "document.updated", "payment.refund:eu", "a-b_c",
    ]
    /// Words that descriptions are made of.
    package static let words = [
        "alpha", "beta", "Straße", "naïve", "café", "cafe\u{301}", "Ωmega", "Їжак", "東京", "x86",
        "42", "über-cool", "O'Brien", "snake_case", "nul\u{0}led", "emoji😀here", "İstanbul",
    ]
    /// Values that details have.
    package static let values = [
        "red", "Red", "green", "1", "true", "null", "a b", "é", "e\u{301}", "\u{0}", "\"q\"", "",
    ]

    /// The draws.
    package var generator: SeededGenerator

    /// Begins with a seed.
    package init(seed: UInt64) {
        generator = SeededGenerator(seed: seed)
    }

    /// An event with whatever members.
    package mutating func event() -> Event {
        var event = Event(type: .sample(generator.pick(Self.types)), actor: actor())
        event.id = eventID()
        if !generator.oneIn(3) { event.action = generator.pick(["opened", "closed", "Öffnen"]) }
        if !generator.oneIn(3) { event.outcome = generator.pick(Outcome.allCases) }
        if generator.oneIn(2) { event.severity = generator.pick(Severity.allCases) }
        if generator.oneIn(2) { event.risk = generator.pick(Risk.allCases) }
        event.occurredAt = time()
        if generator.oneIn(4) { event.occurredOffset = "+02:00" }
        if !generator.oneIn(4) {
            event.resources = (0..<generator.below(4)).map { _ in resource() }
        }
        if generator.oneIn(2) { event.source.ip = "192.0.2.\(generator.below(4))" }
        if generator.oneIn(3) { event.source.userAgent = "agent/\(generator.below(3))" }
        if generator.oneIn(3) { event.source.requestID = "req-\(generator.below(9))" }
        if generator.oneIn(2) { event.description = sentence() }
        if !generator.oneIn(3) { event.details = document() }
        if generator.oneIn(4) { event.before = document() }
        if generator.oneIn(4) { event.after = document() }
        if generator.oneIn(3) { event.externalID = "ext-\(generator.below(20))" }
        return event
    }

    /// An event that is ready to be sequenced.
    package mutating func prepared() -> PreparedEvent {
        prepare(event())
    }

    /// So many events that are ready to be sequenced.
    package mutating func prepared(_ count: Int) -> [PreparedEvent] {
        (0..<count).map { _ in prepared() }
    }

    /// Makes an event ready as a server does whose clock shows `now`.
    package mutating func prepare(
        _ event: Event,
        now: Timestamp = ManualClock.start
    ) -> PreparedEvent {
        PreparedEvent(
            id: event.id ?? eventID(),
            isFresh: event.id == nil,
            fields: event.fields(EventFacts(now: now), registry: .standard),
            seed: Seed(using: &generator),
            occurredAt: event.occurredAt ?? now
        )
    }

    /// An id of version 4.
    package mutating func eventID() -> EventID {
        EventID(version4From: generator.bytes(16))
    }

    /// A time within some days of the start of manual clocks, often one that others have too.
    package mutating func time() -> Timestamp {
        let step = generator.oneIn(2) ? Int64(43_200_000) : 977_777
        let range = Int(6 * 86_400_000 / step)
        let offset = Int64(generator.below(range)) * step - 5 * 86_400_000
        let nanoseconds = generator.oneIn(4) ? Int64(generator.below(1_000_000)) : 0
        let base = ManualClock.start.milliseconds + offset
        return Timestamp(nanoseconds: base * 1_000_000 + nanoseconds)
    }

    private mutating func actor() -> Event.Actor {
        var actor = Event.Actor(id: "user-\(min(generator.below(16), generator.below(16)))")
        if generator.oneIn(2) { actor.type = generator.pick(["user", "service"]) }
        if generator.oneIn(2) { actor.name = generator.pick(["Zoë Ångström", "Ann B", "东京"]) }
        if generator.oneIn(3) { actor.email = "\(actor.id)@example.com" }
        if generator.oneIn(3) { actor.sessionID = "s-\(generator.below(5))" }
        return actor
    }

    private mutating func resource() -> Event.Resource {
        Event.Resource(
            type: generator.pick(["document", "account"]),
            id: generator.oneIn(5) ? nil : "r-\(generator.below(12))",
            name: generator.oneIn(2) ? sentence() : nil
        )
    }

    private mutating func sentence() -> String {
        (0...generator.below(5)).map { _ in generator.pick(Self.words) }.joined(separator: " ")
    }

    private mutating func document() -> CanonicalJSON {
        var object = JSONObject()
        for _ in 0..<generator.below(4) {
            object[generator.pick(["color", "size", "a.b", "é", "tags"])] = value(depth: 0)
        }
        return JSONValue.object(object).canonical
    }

    private mutating func value(depth: Int) -> JSONValue {
        switch generator.below(depth < 2 ? 7 : 4) {
        case 0, 1: .string(generator.pick(Self.values))
        case 2: .number(JSONNumber(generator.below(3)))
        case 3: generator.pick([.bool(true), .bool(false), .null])
        case 4: .string(sentence())
        case 5: .array((0..<generator.below(4)).map { _ in value(depth: depth + 1) })
        default: .object(["b": value(depth: depth + 1), "n": value(depth: depth + 1)])
        }
    }
}

extension EventType {
    /// A type that a test wrote.
    package static func sample(_ text: String) -> EventType {
        do throws(InvalidEventType) {
            return try EventType(text)
        } catch {
            preconditionFailure("\(text): \(error)")
        }
    }
}
