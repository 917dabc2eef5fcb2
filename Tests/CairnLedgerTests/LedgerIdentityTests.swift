// SPDX-License-Identifier: Apache-2.0

import Cairn
import CairnLedger
import CairnTesting
import Testing

@Suite("Ids and their content")
struct LedgerIdentityTests {
    /// Events of one id, the first of which is recorded, and what the second gets.
    struct Pair: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let isSame: Bool
        let first: @Sendable (inout Event) -> Void
        let second: @Sendable (inout Event) -> Void

        init(
            _ testDescription: String,
            isSame: Bool,
            first: @escaping @Sendable (inout Event) -> Void = { _ in },
            second: @escaping @Sendable (inout Event) -> Void = { _ in }
        ) {
            self.testDescription = testDescription
            self.isSame = isSame
            self.first = first
            self.second = second
        }
    }

    static func document(_ text: String) -> CanonicalJSON? { try? CanonicalJSON(parsing: text) }

    static let pairs: [Pair] = [
        .init("the same event", isSame: true),
        .init(
            "members in another order, other escapes, other layout of numbers",
            isSame: true,
            first: { $0.details = document(#"{"a":1.50,"é":"x/y"}"#) },
            second: { $0.details = document(#"{ "\u00e9" : "x\/y", "a" : 15e-1 }"#) }
        ),
        .init("another type", isSame: false, second: { $0.type = .sample("user.logout") }),
        .init("another actor", isSame: false, second: { $0.actor.id = "bob" }),
        .init("one more member", isSame: false, second: { $0.risk = .low }),
        .init("one member less", isSame: false, first: { $0.risk = .low }),
        .init(
            "a default spelled out is another content",
            isSame: false,
            second: { $0.severity = .info }
        ),
        .init(
            "an empty list is not no list",
            isSame: false,
            second: { $0.resources = [] }
        ),
        .init(
            "a composed letter is not a decomposed one",
            isSame: false,
            first: { $0.description = "é" },
            second: { $0.description = "e\u{301}" }
        ),
        .init(
            "another time",
            isSame: false,
            first: { $0.occurredAt = ManualClock.start },
            second: { $0.occurredAt = ManualClock.start.advanced(byMilliseconds: 1) }
        ),
        .init(
            "a value where the other has null",
            isSame: false,
            first: { $0.details = document(#"{"a":null}"#) },
            second: { $0.details = document("{}") }
        ),
    ]

    private func event(_ sampler: inout EventSampler) -> Event {
        var event = Event(type: .sample("user.login"), actor: .init(id: "ann"))
        event.id = sampler.eventID()
        return event
    }

    @Test(
        "Across batches the same content gets the first receipt, other content a conflict",
        arguments: pairs
    )
    func acrossBatches(pair: Pair) async throws {
        try await withLedger { setting in
            var sampler = EventSampler(seed: 20)
            var (first, second) = (event(&sampler), event(&sampler))
            second.id = first.id
            pair.first(&first)
            pair.second(&second)
            let receipt = try await setting.ledger.record(sampler.prepare(first))
            _ = try await setting.ledger.record(sampler.prepared())
            // The second comes later: what the server fills in differs, and does not count.
            setting.clock.advance(milliseconds: 5000)
            let again = try await setting.ledger.append(
                sampler.prepare(second, now: setting.clock.now)
            )
            #expect(again.word == (pair.isSame ? "known" : "conflict"))
            #expect(again.receipt == receipt)
            try await expectSound(setting, size: 2)
        }
    }

    @Test(
        "Within a batch the same content gets the first receipt, other content a conflict",
        arguments: pairs
    )
    func withinBatch(pair: Pair) async throws {
        try await withLedger { setting in
            var sampler = EventSampler(seed: 21)
            var (first, second) = (event(&sampler), event(&sampler))
            second.id = first.id
            pair.first(&first)
            pair.second(&second)
            let outcomes = await setting.ledger.append([
                sampler.prepared(), sampler.prepare(first), sampler.prepare(second),
                sampler.prepared(), sampler.prepare(first),
            ])
            let expected = pair.isSame ? "known" : "conflict"
            #expect(
                outcomes.map(\.word) == ["recorded", "recorded", expected, "recorded", "known"]
            )
            #expect(outcomes.compactMap { $0.receipt?.index } == [0, 1, 1, 2, 1])
            #expect(outcomes[2].receipt == outcomes[1].receipt)
            try await expectSound(setting, size: 3)
        }
    }

    @Test("An event by another principal or dialect has the same content")
    func principalDoesNotCount() async throws {
        try await withLedger { setting in
            var sampler = EventSampler(seed: 22)
            let sent = event(&sampler)
            func prepared(_ facts: EventFacts) throws -> PreparedEvent {
                PreparedEvent(
                    id: try #require(sent.id),
                    isFresh: false,
                    fields: sent.fields(facts, registry: .standard),
                    seed: Seed(using: &sampler.generator),
                    occurredAt: facts.now
                )
            }
            let now = ManualClock.start
            let receipt = try await setting.ledger.record(prepared(EventFacts(now: now)))
            let again = try await setting.ledger.append(
                prepared(
                    EventFacts(
                        now: now,
                        principalID: "key-1",
                        principalSubject: "ann",
                        dialect: WireDialect("logs")
                    )
                )
            )
            #expect(again.word == "known")
            #expect(again.receipt == receipt)
        }
    }

    @Test("A batch of nothing but known events commits nothing")
    func onlyKnown() async throws {
        try await withLedger { setting in
            var sampler = EventSampler(seed: 23)
            let events = sampler.prepared(3)
            let first = await setting.ledger.append(events)
            let again = await setting.ledger.append(events.reversed())
            #expect(again.map(\.word) == ["known", "known", "known"])
            #expect(again.compactMap(\.receipt) == first.compactMap(\.receipt).reversed())
            #expect(setting.store.batchSizes == [3])
        }
    }

    @Test("A known event gets its first receipt after a restart too")
    func afterRestart() async throws {
        try await withLedger { setting in
            var sampler = EventSampler(seed: 24)
            let events = sampler.prepared(4)
            let first = await setting.ledger.append(events)
            let reopened = try await setting.reopened()
            let again = await reopened.append(events)
            #expect(again.map(\.word) == Array(repeating: "known", count: 4))
            #expect(again.compactMap(\.receipt) == first.compactMap(\.receipt))
        }
    }

    @Test("An id whose content is gone says so, with the first receipt")
    func contentGone() async throws {
        try await withLedger { setting in
            var sampler = EventSampler(seed: 25)
            let event = sampler.prepared()
            let receipt = try await setting.ledger.record(event)
            setting.memory.tamper(with: setting.tenant.ledger) {
                $0.records[0] = $0.records[0]?.replacing(payload: .some(nil))
            }
            let again = try await setting.ledger.append(event)
            #expect(again.word == "content unavailable")
            #expect(again.receipt == receipt)
        }
    }

    @Test("An id made here that is taken after all is noticed, and is no second record")
    func freshIDThatIsTaken() async throws {
        try await withLedger { setting in
            var sampler = EventSampler(seed: 26)
            let event = sampler.prepared()
            let receipt = try await setting.ledger.record(event)
            let fresh = PreparedEvent(
                id: event.id,
                isFresh: true,
                fields: sampler.prepared().fields,
                seed: event.seed,
                occurredAt: event.occurredAt
            )
            let outcomes = await setting.ledger.append([sampler.prepared(), fresh])
            #expect(outcomes.map(\.word) == ["recorded", "conflict"])
            #expect(outcomes[1].receipt == receipt)
            try await expectSound(setting, size: 2)
        }
    }
}
