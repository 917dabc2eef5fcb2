// SPDX-License-Identifier: Apache-2.0

internal import Cairn
internal import CairnLedger
internal import Testing

extension RecordIndexConformance {
    /// Statistics and the index's check of itself.
    static let counts: [RecordIndexConformance] = [
        .init("A ledger without records counts nothing") { store in
            try await store.create(.example)
            let statistics = try await store.statistics(
                in: Tenant.example.ledger,
                from: nil,
                to: nil
            )
            #expect(statistics == Statistics())
        },
        .init("Statistics equal a count of the records, in whatever range") { store in
            var ledger = try await IndexedLedger(store)
            var sampler = EventSampler(seed: 80)
            for count in [1, 50, 30, 2, 67] {
                try await ledger.commit(sampler.prepared(count))
            }
            let records = ledger.reference.records
            let start = ManualClock.start.milliseconds
            let hour: Int64 = 3_600_000
            let edges: [Int64?] = [
                nil, start, start - 1, start - 30 * hour - 977, start / hour * hour,
                start / (24 * hour) * 24 * hour, start - 72 * hour + 1_234_567, start + 99 * hour,
            ]
            for from in edges {
                for to in edges {
                    let (lower, upper) = (
                        from.map { Timestamp(milliseconds: $0) },
                        to.map { Timestamp(nanoseconds: $0 * 1_000_000 + 1) }
                    )
                    let found = try await store.statistics(
                        in: Tenant.example.ledger,
                        from: lower,
                        to: upper
                    )
                    #expect(
                        found == slowCount(records, from: lower, to: upper),
                        "\(from ?? 0)..<\(to ?? 0)"
                    )
                }
            }
        },
        .init("A range of time that begins or ends at a record holds its start, not its end") {
            store in
            var ledger = try await IndexedLedger(store)
            let times = [-1, 0, 1, 3_600_000_000_000, 86_400_000_000_000].map {
                Timestamp(nanoseconds: $0)
            }
            try await ledger.commit(times.map { time in { $0.occurredAt = time } })
            for from in times {
                for to in times {
                    let found = try await store.statistics(
                        in: Tenant.example.ledger,
                        from: from,
                        to: to
                    )
                    let expected = times.filter { from <= $0 && $0 < to }.count
                    #expect(found.total == UInt64(expected), "\(from)..<\(to)")
                    let days = Set(times.filter { from <= $0 && $0 < to }.map(\.day))
                    #expect(Set(found.byDay.keys) == days)
                }
            }
        },
        .init("The ten actors with most records come first, ties by the bytes of the id") { store in
            var ledger = try await IndexedLedger(store)
            let counts = [
                ("z", 3), ("a", 3), ("B", 3), ("é", 2), ("b", 2), ("c", 2), ("d", 2), ("e", 2),
                ("f", 1), ("g", 1), ("h", 1), ("i", 1), ("j", 4),
            ]
            for (name, count) in counts {
                try await ledger.commit(Array(repeating: { $0.actor.id = name }, count: count))
            }
            let found = try await store.statistics(in: Tenant.example.ledger, from: nil, to: nil)
            #expect(
                found.topActors.map(\.id) == ["j", "B", "a", "z", "b", "c", "d", "e", "é", "f"]
            )
            #expect(found.topActors.map(\.count) == [4, 3, 3, 3, 2, 2, 2, 2, 2, 1])
            #expect(found.otherActors == 3)
            #expect(found.distinctActors == 13)
        },
        .init("Two ledgers are counted apart") { store in
            var ours = try await IndexedLedger(store)
            var theirs = try await IndexedLedger(store, .other)
            try await ours.commit([{ _ in }, { _ in }])
            try await theirs.commit([{ $0.actor.id = "bob" }])
            let found = try await store.statistics(in: Tenant.other.ledger, from: nil, to: nil)
            #expect(found.total == 1)
            #expect(found.topActors == [.init(id: "bob", count: 1)])
        },
        .init("Names that differ in bytes are counted apart") { store in
            var ledger = try await IndexedLedger(store)
            try await ledger.commit(
                ["a\u{0}b", "a", "A", "A"].map { name in { $0.actor.id = name } }
            )
            let found = try await store.statistics(in: Tenant.example.ledger, from: nil, to: nil)
            #expect(
                found.topActors == [
                    .init(id: "A", count: 2), .init(id: "a", count: 1),
                    .init(id: "a\u{0}b", count: 1),
                ]
            )
        },
        .init("A check of a good index finds nothing") { store in
            let unused = try await IndexedLedger(store, .other)
            var ledger = try await IndexedLedger(store)
            var sampler = EventSampler(seed: 81)
            for count in [1, 3, 120, 1, 1, 40] {
                try await ledger.commit(sampler.prepared(count))
                let fault = try await store.check(in: Tenant.example.ledger) { _ in }
                #expect(fault == nil)
            }
            let none = try await store.check(in: unused.reference.tenant.ledger) { _ in }
            #expect(none == nil)
        },
    ]

    /// Counts by looking at each record's texts, one after the other.
    private static func slowCount(
        _ records: [StoredRecord],
        from: Timestamp?,
        to: Timestamp?
    ) -> Statistics {
        let inside = records.filter { record in
            (from.map { $0 <= record.occurredAt } ?? true)
                && (to.map { record.occurredAt < $0 } ?? true)
        }
        func count(_ path: FieldPath.Known) -> [String: UInt64] {
            let texts = inside.compactMap { $0.payload?.fields.text(path) }
            return Dictionary(texts.map { ($0, 1) }, uniquingKeysWith: +)
        }
        var statistics = Statistics()
        statistics.total = UInt64(inside.count)
        statistics.byType = count(.type)
        statistics.byCategory = count(.category)
        statistics.byOutcome = count(.outcome)
        statistics.bySeverity = count(.severity)
        statistics.byRisk = count(.risk)
        statistics.byDay = Dictionary(
            inside.map { ($0.occurredAt.day, 1) },
            uniquingKeysWith: +
        )
        let actors = count(.actorID).sorted {
            $0.value == $1.value
                ? $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) : $0.value > $1.value
        }
        statistics.topActors = actors.prefix(10).map { .init(id: $0.key, count: $0.value) }
        statistics.otherActors = actors.dropFirst(10).reduce(0) { $0 + $1.value }
        statistics.distinctActors = UInt64(actors.count)
        return statistics
    }
}
