// SPDX-License-Identifier: Apache-2.0

internal import Cairn
package import CairnLedger
internal import Testing

/// A store under test that also answers queries.
package typealias RecordIndexUnderTest = LedgerStore & RecordIndex & Directory

/// One thing every index must do, as an argument for a parameterised test.
///
/// What is right is decided by the records themselves: by ``RecordQuery/matches(_:)`` where a case
/// compares with the memory store, and by the case's own list of indexes everywhere else.
package struct RecordIndexConformance: Sendable, CustomTestStringConvertible {
    /// The promise, as a sentence.
    package let testDescription: String
    /// Checks the promise against a fresh, empty store.
    package let check: @Sendable (any RecordIndexUnderTest) async throws -> Void

    /// States a promise and how it is checked.
    package init(
        _ testDescription: String,
        check: @escaping @Sendable (any RecordIndexUnderTest) async throws -> Void
    ) {
        self.testDescription = testDescription
        self.check = check
    }

    /// Every promise an index makes.
    package static let all: [RecordIndexConformance] =
        filters + details + texts + orders + pages + counts + agreement
}

/// Events of a case while they are committed to the store under test.
struct IndexedLedger {
    private(set) var reference: ReferenceLedger
    private var sampler = EventSampler(seed: 500)
    private let store: any RecordIndexUnderTest

    init(_ store: any RecordIndexUnderTest, _ tenant: Tenant = .example) async throws {
        self.store = store
        reference = ReferenceLedger(tenant)
        try await store.create(tenant)
    }

    /// Commits events that each closure makes of a plain one, in one batch.
    mutating func commit(
        receivedAt: Timestamp = ManualClock.start,
        _ changes: [(inout Event) -> Void]
    ) async throws {
        let events = changes.map { change in
            var event = Event(type: .sample("a.b"), actor: .init(id: "ann"))
            event.id = sampler.eventID()
            event.occurredAt = ManualClock.start
            change(&event)
            return sampler.prepare(event)
        }
        try await commit(events, receivedAt: receivedAt)
    }

    /// Commits prepared events in one batch.
    mutating func commit(
        _ events: [PreparedEvent],
        receivedAt: Timestamp = ManualClock.start
    ) async throws {
        let before = reference.head
        let batch = reference.append(events, receivedAt: receivedAt)
        try await store.commit(batch, expecting: before)
    }

    /// The indexes that a query finds, in its order, in the whole ledger.
    func find(_ query: RecordQuery, limit: Int = 1000) async throws -> [UInt64] {
        let found = try await store.page(
            query,
            in: reference.tenant.ledger,
            size: reference.head.size,
            after: nil,
            limit: limit
        )
        return found.map(\.record.index)
    }

    /// The indexes that filters find, in ascending order.
    func find(_ filters: Filter...) async throws -> [UInt64] {
        try await find(.ascending { $0.filters = filters })
    }

    /// The indexes that a text finds, in ascending order.
    func find(text: String) async throws -> [UInt64] {
        let parsed = try #require(TextQuery(parsing: text))
        return try await find(.ascending { $0.text = parsed })
    }

    /// All pages of a query, `limit` at a time.
    func pages(
        _ query: RecordQuery,
        limit: Int,
        size: UInt64? = nil
    ) async throws
        -> [FoundRecord]
    {
        var all: [FoundRecord] = []
        var place: PagePosition?
        while true {
            let page = try await store.page(
                query,
                in: reference.tenant.ledger,
                size: size ?? reference.head.size,
                after: place,
                limit: limit
            )
            #expect(page.count <= limit)
            guard let last = page.last?.record else { return all }
            all += page
            try #require(all.count <= reference.records.count)
            place = PagePosition(occurredAt: last.occurredAt, index: last.index)
        }
    }
}

extension RecordQuery {
    /// A query in order of index, with whatever conditions.
    package static func ascending(_ change: (inout RecordQuery) -> Void = { _ in }) -> RecordQuery {
        var query = RecordQuery()
        query.sort = .index
        query.isDescending = false
        change(&query)
        return query
    }
}
