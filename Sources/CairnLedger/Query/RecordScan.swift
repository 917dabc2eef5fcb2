// SPDX-License-Identifier: Apache-2.0

internal import Cairn

/// Goes through the records of a ledger that match a query, in order of their index, a part at a time.
///
/// It sees the ledger at one size, whatever is appended meanwhile, and holds no more than one part.
package struct RecordScan: Sendable {
    /// How many records are read at once at most.
    private static let partRecords = 512
    /// How many records the index is asked for, first and at most: how large they are is not known.
    private static let foundRecords = (first: 16, most: 64)
    /// How many bytes of content end a part.
    private static let partBytes = 1 << 20

    private let query: RecordQuery
    private let narrowing: Narrowing
    private let tenant: Tenant
    private let store: any LedgerStore
    private let index: any RecordIndex
    /// The size of the ledger that is gone through.
    package let size: UInt64
    private var next: UInt64
    private var place: PagePosition?
    private var previous: Digest?
    private var isDone = false
    private var limit = RecordScan.foundRecords.first

    /// Goes through what a caller may see; the query's order does not matter.
    package init(
        _ query: RecordQuery,
        for narrowing: Narrowing,
        of tenant: Tenant,
        size: UInt64,
        store: any LedgerStore,
        index: any RecordIndex
    ) {
        var query = query
        query.filters += narrowing.filters
        (query.sort, query.isDescending) = (.index, false)
        self.query = query
        self.narrowing = narrowing
        self.tenant = tenant
        self.size = size
        self.store = store
        self.index = index
        next = min(query.indexFrom ?? 0, size)
    }

    /// The next records, perhaps none; nil at the end.
    package mutating func part() async throws(StoreError) -> [FoundRecord]? {
        guard !isDone else { return nil }
        return try await query.hasConditions ? found() : read()
    }

    /// Gives part after part to `body`, and reads the next one meanwhile.
    package func forEachPart(_ body: ([FoundRecord]) async throws -> Void) async throws {
        var next = try await advanced()
        while let part = next.part {
            let scan = next.scan
            async let ahead = scan.advanced()
            try await body(part)
            next = try await ahead
        }
    }

    /// The next records, and the scan behind them.
    package func advanced() async throws(StoreError) -> (scan: RecordScan, part: [FoundRecord]?) {
        var scan = self
        let part = try await scan.part()
        return (scan, part)
    }

    /// Asks the index, where it has less to read than there is.
    private mutating func found() async throws(StoreError) -> [FoundRecord] {
        let part = try await index.page(
            query,
            in: tenant.ledger,
            size: size,
            after: place,
            limit: limit
        )
        // A search that was called off is no search that came to its end.
        guard !Task.isCancelled else { throw .unavailable(CancellationError()) }
        isDone = part.count < limit
        let bytes = part.reduce(0) { $0 + ($1.record.payload?.fields.byteCount ?? 0) }
        if bytes > RecordScan.partBytes {
            limit = max(limit / 4, 1)
        } else if bytes < RecordScan.partBytes / 2 {
            limit = min(limit * 2, RecordScan.foundRecords.most)
        }
        if let last = part.last?.record {
            place = PagePosition(occurredAt: last.occurredAt, index: last.index)
        }
        return part.filter { narrowing.admits($0.record) && isOfSchema($0.record) }
    }

    /// Reads record after record.
    private mutating func read() async throws(StoreError) -> [FoundRecord] {
        let end = min(query.indexTo ?? size, size)
        guard next < end else {
            isDone = true
            return []
        }
        // The chain before the first record is that of the one before it.
        let first = previous == nil && next > 0 ? next - 1 : next
        let last = min(next + UInt64(RecordScan.partRecords), end)
        var records = try await store.records(
            in: tenant.ledger,
            at: first..<last,
            contents: true,
            upTo: RecordScan.partBytes
        )[...]
        guard !records.isEmpty, records.map(\.index) == Array(first..<first + UInt64(records.count))
        else {
            throw .corrupt("records between \(first) and \(last) are not in the store")
        }
        if first < next, let before = records.popFirst() { previous = before.chain }
        var chain = previous ?? Chain.start(origin: tenant.origin)
        let part = records.map { record in
            defer { chain = record.chain }
            return FoundRecord(record: record, previousHash: chain)
        }
        previous = chain
        next += UInt64(part.count)
        return query.schema == nil ? part : part.filter { isOfSchema($0.record) }
    }

    /// Whether a record stands for what is asked for, which no index knows.
    private func isOfSchema(_ record: StoredRecord) -> Bool {
        guard let schema = query.schema else { return true }
        return (try? Leaf(parsing: record.leaf))?.schema == schema
    }
}

extension RecordQuery {
    /// Whether anything but positions is asked for.
    fileprivate var hasConditions: Bool {
        !filters.isEmpty || text != nil || occurredFrom != nil || occurredTo != nil
            || receivedFrom != nil || receivedTo != nil
    }
}
