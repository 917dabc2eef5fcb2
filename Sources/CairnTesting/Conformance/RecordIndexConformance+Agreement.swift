// SPDX-License-Identifier: Apache-2.0

internal import Cairn
internal import CairnLedger
internal import Testing

extension RecordIndexConformance {
    /// Agreement with the records themselves on whatever is asked.
    static let agreement = [agreement(events: 500, queries: 200)]

    /// Agreement with the records themselves on so many random queries over so many events.
    ///
    /// `settle` lets the store do what it does beside commits, before it is asked.
    package static func agreement(
        events count: Int,
        queries: Int,
        settle: @escaping @Sendable () async throws -> Void = {}
    ) -> RecordIndexConformance {
        RecordIndexConformance(
            "The index agrees with the records on \(queries) random queries over \(count) events"
        ) { store in
            let seed: UInt64 = 90
            var sampler = EventSampler(seed: seed)
            var ledger = try await IndexedLedger(store)
            while ledger.reference.records.count < count {
                let size = ledger.reference.records.count
                let more = min(count - size, sampler.generator.pick([1, 1, 3, 17, 90]))
                try await ledger.commit(
                    sampler.prepared(more),
                    receivedAt: ManualClock.start.advanced(byMilliseconds: Int64(size))
                )
            }
            try await settle()
            let memory = MemoryStore()
            try memory.create(.example)
            try memory.commit(
                Batch(
                    ledger: Tenant.example.ledger,
                    records: ledger.reference.records,
                    tiles: [],
                    head: ledger.reference.head
                ),
                expecting: .empty(origin: Tenant.example.origin)
            )
            var nonEmpty = 0
            for number in 0..<queries {
                let query = sampler.query()
                let size =
                    UInt64(sampler.generator.oneIn(4) ? sampler.generator.below(count + 1) : count)
                let limit = sampler.generator.pick([1, 10, 1000])
                let expected = memory.page(
                    query,
                    in: Tenant.example.ledger,
                    size: size,
                    after: nil,
                    limit: limit
                )
                let found = try await store.page(
                    query,
                    in: Tenant.example.ledger,
                    size: size,
                    after: nil,
                    limit: limit
                )
                #expect(
                    found.map(\.record.index) == expected.map(\.record.index),
                    "seed \(seed), query \(number): \(query)"
                )
                #expect(found == expected, "seed \(seed), query \(number)")
                if !expected.isEmpty { nonEmpty += 1 }

                guard let last = expected.last?.record, expected.count == limit else { continue }
                let place = PagePosition(occurredAt: last.occurredAt, index: last.index)
                let rest = memory.page(
                    query,
                    in: Tenant.example.ledger,
                    size: size,
                    after: place,
                    limit: limit
                )
                let next = try await store.page(
                    query,
                    in: Tenant.example.ledger,
                    size: size,
                    after: place,
                    limit: limit
                )
                #expect(
                    next.map(\.record.index) == rest.map(\.record.index),
                    "seed \(seed), query \(number), second page: \(query)"
                )
            }
            // Questions that find nothing would prove nothing.
            #expect(nonEmpty > queries * 2 / 5)
        }
    }
}
