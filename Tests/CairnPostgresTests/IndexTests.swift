// SPDX-License-Identifier: Apache-2.0

import Cairn
import CairnLedger
import CairnTesting
import Foundation
import Synchronization
import Testing

@testable import CairnPostgres

@Suite("The index in PostgreSQL", .enabled(if: PostgresServer.programs != nil))
struct IndexTests {
    /// More records than are counted at a time, so that blocks, counts and the rest are all asked.
    private static let size = 5_000

    /// Commits sampled events, and counts what can be counted.
    private static func fill(
        _ store: PostgresStore,
        _ tenant: Tenant = .example
    ) async throws -> ReferenceLedger {
        var sampler = EventSampler(seed: 40)
        var reference = ReferenceLedger(tenant)
        try await store.create(tenant)
        while reference.records.count < size {
            let before = reference.head
            try await store.commit(reference.append(sampler.prepared(500)), expecting: before)
        }
        try await store.tidy()
        try await store.rollDue()
        return reference
    }

    @Test("It agrees with the records when some blocks are full and others are not")
    func agreement() async throws {
        try await withPostgresStore { store in
            let promise = RecordIndexConformance.agreement(events: Self.size, queries: 40) {
                try await store.tidy()
                try await store.rollDue()
            }
            try await promise.check(store)
            let counted = try await store.text("SELECT size::text FROM rolled")
            #expect(counted == "4096")
            let fault = try await store.check(in: Tenant.example.ledger) { _ in }
            #expect(fault == nil)
        }
    }

    @Test("Statistics of what is counted and what is not are those of the records")
    func statistics() async throws {
        try await withPostgresStore { store in
            let reference = try await Self.fill(store)
            let times = reference.records.map(\.occurredAt).sorted()
            let ranges: [(Timestamp?, Timestamp?)] = [
                (nil, nil), (times[100], nil), (nil, times[4000]), (times[300], times[4400]),
                (times[8], times[9]),
            ]
            for (from, to) in ranges {
                var expected = Statistics()
                var actors: [String: UInt64] = [:]
                for record in reference.records {
                    if let from, record.occurredAt < from { continue }
                    if let to, record.occurredAt >= to { continue }
                    record.payload.map { expected.count($0.fields, actors: &actors) }
                }
                expected.rank(actors)
                let found = try await store.statistics(
                    in: Tenant.example.ledger,
                    from: from,
                    to: to
                )
                #expect(found == expected)
                #expect(expected.total > 0 || from == times[8])
            }
        }
    }

    /// Each changes the index in another way.
    private static let changes = [
        "UPDATE search SET terms = '' WHERE idx = 17", "DELETE FROM search WHERE idx = 4999",
        "UPDATE search SET occurred_at = occurred_at + 1 WHERE idx = 4500",
        "UPDATE blocks SET low = low + 1 WHERE number = 2",
        "DELETE FROM blocks WHERE number = 3",
        "UPDATE counts SET count = count + 1 WHERE dimension = 1",
        "DELETE FROM counts WHERE dimension = 6", "DELETE FROM types",
        "UPDATE rolled SET size = 0", "INSERT INTO blocks SELECT ledger, 9, 0, 0 FROM rolled",
        "INSERT INTO search SELECT ledger, 5000, 0, '' FROM rolled",
    ]

    @Test("An index that was changed is found out, whatever was changed, and is made anew")
    func changed() async throws {
        let server = try PostgresServer.running()
        let original = try server.database()
        let filled = PostgresStore(original)
        try await filled.migrate()
        _ = try await Self.fill(filled)
        let ledger = Tenant.example.ledger
        let none = try await filled.check(in: ledger) { _ in }
        #expect(none == nil)
        await filled.close()
        for change in Self.changes {
            let store = PostgresStore(try server.database(like: original))
            try await store.run(change)
            let fault = try await store.check(in: ledger) { _ in }
            #expect(fault != nil, "\(change)")
            await store.close()
        }
        let store = PostgresStore(original)
        for change in Self.changes {
            try await store.run(change)
        }
        try await store.reindex(ledger) { _, _ in }
        let after = try await store.check(in: ledger) { _ in }
        #expect(after == nil)
        await store.close()
    }

    @Test("A record with more words than the index takes is found by any of them")
    func overflow() async throws {
        try await withPostgresStore { store in
            try await store.create(.example)
            var event = Event(type: .sample("a.b"), actor: .init(id: "ann"))
            func text(_ letter: String) -> JSONValue {
                .array((0..<40_000).map { .string("\(letter)\($0)") })
            }
            event.details = JSONValue.object(["words": text("x")]).canonical
            event.before = JSONValue.object(["words": text("y")]).canonical
            event.after = JSONValue.object(["words": text("z")]).canonical
            var sampler = EventSampler(seed: 3)
            var reference = ReferenceLedger()
            let before = reference.head
            let batch = reference.append([sampler.prepare(event)] + sampler.prepared(5))
            try await store.commit(batch, expecting: before)
            for word in ["x0", "x39999", "y20000", "z0", "z39999"] {
                var query = RecordQuery()
                query.text = TextQuery(parsing: word)
                let found = try await store.page(
                    query,
                    in: Tenant.example.ledger,
                    size: 6,
                    after: nil,
                    limit: 10
                )
                #expect(found.map(\.record.index) == [0], "\(word)")
            }
            let fault = try await store.check(in: Tenant.example.ledger) { _ in }
            #expect(fault == nil)
        }
    }

    // MARK: Plans

    /// Every question a page or a statistic asks, of each kind.
    private static var queries: [RecordQuery] {
        var conditions: [RecordQuery] = [RecordQuery()]
        for filter in [
            Filter(.actorType, ["user"]), Filter(.actorID, ["user-3"]), Filter(.type, ["user.*"]),
            Filter(.outcome, ["success", "failure"]), Filter(.details("color"), ["red"]),
            .resource(type: "account", id: "r-3"),
        ] {
            var query = RecordQuery()
            query.filters = [filter]
            conditions.append(query)
        }
        for text in ["user", "us*", "\"user login\""] {
            var query = RecordQuery()
            query.text = TextQuery(parsing: text)
            conditions.append(query)
        }
        var narrowed = RecordQuery()
        narrowed.receivedFrom = ManualClock.start
        narrowed.indexTo = 4900
        conditions.append(narrowed)
        return conditions.flatMap { query in
            [RecordQuery.Sort.occurredAt, .index].flatMap { sort in
                [true, false].map { isDescending in
                    var query = query
                    (query.sort, query.isDescending) = (sort, isDescending)
                    return query
                }
            }
        }
    }

    @Test(
        "No question reads a table from one end to the other",
        .enabled(if: PostgresServer.explains)
    )
    func plans() async throws {
        let plans = Mutex<[String]>([])
        let target = try PostgresServer.running().database()
        let plain = PostgresStore(target)
        try await plain.migrate()
        _ = try await Self.fill(plain)
        try await plain.run("ANALYZE")
        let settings = [
            "session_preload_libraries=auto_explain", "auto_explain.log_min_duration=0",
            "auto_explain.log_level=notice", "auto_explain.log_analyze=on",
        ]
        let options = settings.map { "-c%20" + $0.replacing("=", with: "%3D") }
        let store = PostgresStore("\(target)?options=\(options.joined(separator: "%20"))") { plan in
            plans.withLock { $0.append(plan) }
        }
        let ledger = Tenant.example.ledger
        for query in Self.queries {
            let found = try await store.page(query, in: ledger, size: 5000, after: nil, limit: 50)
            guard let last = found.last?.record else { continue }
            let place = PagePosition(occurredAt: last.occurredAt, index: last.index)
            _ = try await store.page(query, in: ledger, size: 5000, after: place, limit: 50)
        }
        _ = try await store.statistics(in: ledger, from: nil, to: nil)
        _ = try await store.records(in: ledger, at: 100..<200, contents: true)
        _ = try await store.leafHashes(in: ledger, at: 256..<512)
        _ = try await store.head(of: ledger)
        _ = try await store.lastIndex(in: ledger)
        await store.close()
        await plain.close()

        let seen = plans.withLock { $0 }
        #expect(seen.count > 200)
        #expect(seen.contains { $0.contains("Bitmap Index Scan on search_by_term") })
        #expect(seen.contains { $0.contains("search_by_time") })
        for plan in seen {
            #expect(!plan.contains("Seq Scan"), "\(plan)")
            // What a plan reads and throws away is what a few blocks hold, not the half of it all.
            for part in plan.components(separatedBy: "Rows Removed by Filter: ").dropFirst() {
                let count = Int(part.prefix { $0.isNumber }) ?? .max
                #expect(count < Self.size / 2, "\(plan)")
            }
        }
    }
}
