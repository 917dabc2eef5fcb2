// SPDX-License-Identifier: Apache-2.0

internal import Cairn
internal import CairnLedger
internal import Testing

extension RecordIndexConformance {
    /// The start of manual clocks, and so many milliseconds.
    private static func time(_ milliseconds: Int64) -> Timestamp {
        ManualClock.start.advanced(byMilliseconds: milliseconds)
    }

    /// Ranges and orders.
    static let orders: [RecordIndexConformance] = [
        .init("Ranges of the caller's time hold their start and not their end") { store in
            var ledger = try await IndexedLedger(store)
            let base = ManualClock.start.nanoseconds
            let offsets: [Int64] = [0, 1, 2, 1_000_000, 1_000_001, -1]
            try await ledger.commit(
                offsets.map { offset in
                    { $0.occurredAt = Timestamp(nanoseconds: base + offset) }
                }
            )
            for (from, to, expected): (Int64?, Int64?, [UInt64]) in [
                (0, nil, [0, 1, 2, 3, 4]), (1, 2, [1]), (nil, 0, [5]), (nil, 1, [0, 5]),
                (2, 1_000_001, [2, 3]), (1, 1, []), (2, 1, []), (1_000_002, nil, []),
            ] {
                let found = try await ledger.find(
                    .ascending { query in
                        query.occurredFrom = from.map { Timestamp(nanoseconds: base + $0) }
                        query.occurredTo = to.map { Timestamp(nanoseconds: base + $0) }
                    }
                )
                #expect(found == expected, "\(from ?? -99)..<\(to ?? -99)")
            }
        },
        .init("Ranges of the server's time hold their start and not their end") { store in
            var ledger = try await IndexedLedger(store)
            for (count, stamp): (Int, Int64) in [(2, 0), (1, 0), (3, 1), (2, 500)] {
                try await ledger.commit(
                    receivedAt: time(stamp),
                    Array(repeating: { _ in }, count: count)
                )
            }
            for (from, to, expected): (Int64?, Int64?, [UInt64]) in [
                (0, 1, [0, 1, 2]), (1, nil, [3, 4, 5, 6, 7]), (1, 500, [3, 4, 5]),
                (nil, 501, [0, 1, 2, 3, 4, 5, 6, 7]), (2, 500, []), (501, nil, []),
            ] {
                let found = try await ledger.find(
                    .ascending { query in
                        query.receivedFrom = from.map(time)
                        query.receivedTo = to.map(time)
                    }
                )
                #expect(found == expected, "\(from ?? -99)..<\(to ?? -99)")
            }
        },
        .init("Ranges of positions hold their start and not their end") { store in
            var ledger = try await IndexedLedger(store)
            try await ledger.commit(Array(repeating: { _ in }, count: 6))
            for (from, to, expected): (UInt64?, UInt64?, [UInt64]) in [
                (0, nil, [0, 1, 2, 3, 4, 5]), (2, 4, [2, 3]), (nil, 1, [0]), (5, 99, [5]),
                (6, nil, []), (3, 3, []), (4, 2, []), (nil, 0, []),
            ] {
                let found = try await ledger.find(
                    .ascending {
                        $0.indexFrom = from
                        $0.indexTo = to
                    }
                )
                #expect(found == expected, "\(from ?? 99)..<\(to ?? 99)")
            }
        },
        .init("Records that come out of order of time are found in both orders") { store in
            var ledger = try await IndexedLedger(store)
            let times: [Int64] = [50, 10, 40, -20, 30]
            for offset in times {
                try await ledger.commit([{ $0.occurredAt = time(offset) }])
            }
            for (sort, isDescending, expected): (RecordQuery.Sort, Bool, [UInt64]) in [
                (.occurredAt, false, [3, 1, 4, 2, 0]), (.occurredAt, true, [0, 2, 4, 1, 3]),
                (.index, false, [0, 1, 2, 3, 4]), (.index, true, [4, 3, 2, 1, 0]),
            ] {
                let found = try await ledger.find(
                    .ascending {
                        $0.sort = sort
                        $0.isDescending = isDescending
                    }
                )
                #expect(found == expected, "\(sort), descending \(isDescending)")
            }
        },
        .init("Records of the same time are in order of index") { store in
            var ledger = try await IndexedLedger(store)
            let times: [Int64] = [5, 3, 5, 5, 3]
            try await ledger.commit(times.map { offset in { $0.occurredAt = time(offset) } })
            let up = try await ledger.find(.ascending { $0.sort = .occurredAt })
            #expect(up == [1, 4, 0, 2, 3])
            let down = try await ledger.find(RecordQuery())
            #expect(down == [3, 2, 0, 4, 1])
        },
        .init("Times before 1970 come before those after, to the nanosecond") { store in
            var ledger = try await IndexedLedger(store)
            let times: [Int64] = [0, -1, 1, -9_214_560_000_000_000_000, 9_214_646_399_999_999_999]
            try await ledger.commit(
                times.map { time in { $0.occurredAt = Timestamp(nanoseconds: time) } }
            )
            let found = try await ledger.find(.ascending { $0.sort = .occurredAt })
            #expect(found == [3, 1, 0, 2, 4])
        },
    ]

    /// Pages.
    static let pages: [RecordIndexConformance] = [
        .init("Pages of any length make the same answer as one page, in every order") { store in
            var ledger = try await IndexedLedger(store)
            var sampler = EventSampler(seed: 70)
            for count in [1, 4, 9] {
                try await ledger.commit(sampler.prepared(count))
            }
            // Many of the same time, so that a page ends within a tie.
            try await ledger.commit(Array(repeating: { _ in }, count: 6))
            for sort in [RecordQuery.Sort.occurredAt, .index] {
                for isDescending in [true, false] {
                    let query = RecordQuery.ascending {
                        $0.sort = sort
                        $0.isDescending = isDescending
                    }
                    let whole = try await ledger.pages(query, limit: 100)
                    #expect(whole.count == 20)
                    for limit in 1...20 {
                        let parts = try await ledger.pages(query, limit: limit)
                        #expect(parts == whole, "\(sort), \(isDescending), \(limit) at a time")
                    }
                }
            }
        },
        .init("Pages of a narrow query make the same answer as one page") { store in
            var ledger = try await IndexedLedger(store)
            try await ledger.commit(
                (0..<60).map { position in
                    {
                        $0.actor.id = "user-\(position % 3)"
                        $0.description = "number \(position % 5)"
                        $0.occurredAt = time(Int64(position * 7 % 20))
                    }
                }
            )
            let words = try #require(TextQuery(parsing: "number"))
            for isDescending in [true, false] {
                var query = RecordQuery()
                query.isDescending = isDescending
                query.text = words
                query.filters = [Filter(.actorID, ["user-1"])]
                query.occurredFrom = time(3)
                let whole = try await ledger.pages(query, limit: 100)
                #expect(whole.count > 10)
                for limit in [1, 2, 3, 7] {
                    let parts = try await ledger.pages(query, limit: limit)
                    #expect(parts == whole, "\(limit) at a time")
                }
            }
        },
        .init("The pinned size hides what was appended since") { store in
            var ledger = try await IndexedLedger(store)
            try await ledger.commit(Array(repeating: { _ in }, count: 5))
            let query = RecordQuery()
            let before = try await ledger.pages(query, limit: 2)
            try await ledger.commit([{ $0.occurredAt = time(99) }, { $0.occurredAt = time(-99) }])
            let pinned = try await ledger.pages(query, limit: 2, size: 5)
            #expect(pinned == before)
            let words = try #require(TextQuery(parsing: "ann"))
            let searched = try await ledger.pages(
                .ascending { $0.text = words },
                limit: 2,
                size: 5
            )
            #expect(searched.map(\.record.index) == [0, 1, 2, 3, 4])
            let now = try await ledger.pages(query, limit: 2)
            #expect(now.map(\.record.index) == [5, 4, 3, 2, 1, 0, 6])
            let none = try await ledger.pages(query, limit: 2, size: 0)
            #expect(none.isEmpty)
        },
        .init("A found record is whole, with the chain before it") { store in
            var ledger = try await IndexedLedger(store)
            var sampler = EventSampler(seed: 71)
            try await ledger.commit(sampler.prepared(8))
            let found = try await ledger.pages(.ascending(), limit: 3)
            #expect(found.map(\.record) == ledger.reference.records)
            let chains =
                [Chain.start(origin: Tenant.example.origin)]
                + ledger.reference.records.dropLast().map(\.chain)
            #expect(found.map(\.previousHash) == chains)
        },
        .init("A record is in the next answer after its commit, whatever the question") { store in
            var ledger = try await IndexedLedger(store)
            for round: UInt64 in 0..<40 {
                try await ledger.commit([
                    {
                        $0.actor.id = "user-\(round)"
                        $0.description = "word\(round)"
                        $0.type = .sample("type\(round).x")
                        $0.occurredAt = time(Int64(round * 13 % 40))
                    }
                ])
                let byActor = try await ledger.find(Filter(.actorID, ["user-\(round)"]))
                let byType = try await ledger.find(Filter(.type, ["type\(round).*"]))
                let byWord = try await ledger.find(text: "word\(round)")
                #expect([byActor, byType, byWord] == [[round], [round], [round]])
                let earlier = try await ledger.find(text: "word\(round / 2)")
                #expect(earlier == [round / 2])
                let newest = try await ledger.find(
                    .ascending { $0.isDescending = true },
                    limit: 1
                )
                #expect(newest == [round])
            }
        },
        .init("A ledger that is empty or unknown answers every question with nothing") { store in
            let unknown = try await store.page(
                RecordQuery(),
                in: Tenant.other.ledger,
                size: 9,
                after: nil,
                limit: 9
            )
            #expect(unknown.isEmpty)
            let ledger = try await IndexedLedger(store)
            let all = try await ledger.find(RecordQuery())
            #expect(all.isEmpty)
            let words = try await ledger.find(text: "word*")
            #expect(words.isEmpty)
        },
    ]
}
