// SPDX-License-Identifier: Apache-2.0

internal import Cairn
internal import CairnLedger

/// Shows callers records of their ledgers: what each may see, and noted as read.
///
/// Every dialect reads by it, so there is one way out.
struct RecordReader: Sendable {
    let configuration: ServerConfiguration
    let services: ServerServices

    /// What a page is asked for.
    struct Request {
        /// The question, before what the caller is not shown is left out.
        var query: RecordQuery
        /// How many records at most.
        var limit: Int
        /// Where to go on, as it was sent.
        var cursor: String?
        /// The size of the ledger that an earlier page saw, where pages have numbers.
        var size: UInt64?
        /// How many records are passed over, where pages have numbers.
        var skipped = 0
        /// Whether what the ledger records about itself is left out.
        var isOfEventsAlone = false
        /// Whether a page has as many records as are asked for, where there are so many: pages with
        /// numbers are counted by it.
        var isWhole = false
        /// What was asked, as the ledger's record of it says.
        var parameters: [(name: String, value: String)] = []
    }

    /// Records in the order of the question.
    struct Page {
        let records: [FoundRecord]
        /// Where the next page begins; nil if there is none.
        let next: String?
        /// The size of the ledger that the page and its successors see.
        let size: UInt64
    }

    // MARK: Pages

    /// A page of what a caller may see.
    ///
    /// - Throws: ``Problem`` for a cursor that is not one of this question.
    func page(_ asked: Request, for context: ServerContext) async throws -> Page {
        let principal = try context.caller()
        var query = asked.query
        query.filters += principal.narrowing.filters
        let ledger = try await services.ledgers.ledger(of: principal.tenant)
        let id = ledger.tenant.ledger
        var size = try await ledger.durableHead().size
        var place: PagePosition?
        if let text = asked.cursor {
            let cursor: Cursor
            do throws(Cursor.Invalid) {
                cursor = try services.cursors.decode(text, ledger: id, query: query)
            } catch {
                throw Problem(.invalidCursor, "Begin again without a cursor.")
            }
            guard cursor.size <= size else { throw Problem(.invalidCursor) }
            (size, place) = (cursor.size, cursor.place)
        } else if let pinned = asked.size {
            guard pinned <= size else {
                throw Problem.parameter("snapshot", "is more than the ledger's \(size) records")
            }
            size = pinned
        }
        let (records, end) = try await records(
            query,
            asked,
            of: principal.narrowing,
            in: id,
            size: size,
            after: place
        )
        var read = AccessTally.Read(.list)
        read.parameters = asked.parameters
        read.records = records.count
        read.client = context.client
        if !RecordReader.isOfLedgerItself(query, records) {
            try services.tally.note(read, by: principal)
        }
        let next = end.map {
            services.cursors.encode(Cursor(size: size, place: $0), ledger: id, query: query)
        }
        return Page(records: records, next: next, size: size)
    }

    /// The records of one page that a caller is shown, and where it ended if there is more.
    ///
    /// A page ends early where its records are large, so that no answer outgrows memory.
    private func records(
        _ query: RecordQuery,
        _ asked: Request,
        of narrowing: Narrowing,
        in ledger: LedgerID,
        size: UInt64,
        after place: PagePosition?
    ) async throws -> (records: [FoundRecord], end: PagePosition?) {
        var records: [FoundRecord] = []
        var (place, bytes, skipped) = (place, 0, 0)
        while records.count <= asked.limit, bytes < configuration.pageBytes {
            let wanted = min(64, asked.limit + 1 - records.count + asked.skipped - skipped)
            let part = try await services.index.page(
                query,
                in: ledger,
                size: size,
                after: place,
                limit: wanted
            )
            var shown = part.filter {
                narrowing.admits($0.record) && !(asked.isOfEventsAlone && $0.isOfLedgerItself)
            }[...]
            let passed = min(shown.count, asked.skipped - skipped)
            shown = shown.dropFirst(passed)
            skipped += passed
            records += shown
            guard part.count == wanted, let last = part.last else { return (records, nil) }
            place = last.place
            bytes += shown.reduce(0) { $0 + ($1.record.payload?.fields.byteCount ?? 0) }
        }
        if asked.isWhole, records.count <= asked.limit, !records.isEmpty {
            throw Problem.parameter(
                "page_size",
                "makes a page too large; ask for less, or by cursor"
            )
        }
        // The last shows that there is more; where there is no other, what was looked through ends.
        guard records.count > 1 else { return (records, place) }
        records.removeLast()
        return (records, records.last?.place)
    }

    /// Whether nothing was asked or shown but records of the ledger about itself.
    private static func isOfLedgerItself(_ query: RecordQuery, _ records: [FoundRecord]) -> Bool {
        guard records.isEmpty else { return records.allSatisfy(\.isOfLedgerItself) }
        let types = query.filters.first { $0.key == .type }?.values ?? []
        return !types.isEmpty && types.allSatisfy { $0.hasPrefix(EventType.reservedPrefix) }
    }

    // MARK: One record

    /// A record by its id, and the ledger it is in.
    ///
    /// - Throws: ``Problem`` of code ``Problem/Code/notFound`` for one that the caller is not shown.
    func record(
        _ text: String,
        for context: ServerContext
    ) async throws -> (found: FoundRecord, ledger: Ledger) {
        let principal = try context.caller()
        let ledger = try await services.ledgers.ledger(of: principal.tenant)
        guard let id = EventID(text) else { throw Problem(.notFound) }
        let ledgerID = ledger.tenant.ledger
        // A record of a commit that is not settled yet is nobody's to see.
        guard let index = try await services.store.indexes(of: [id], in: ledgerID)[id],
            try await index < ledger.durableHead().size
        else { throw Problem(.notFound) }
        let first = index == 0 ? 0 : index - 1
        let records = try await services.store.records(
            in: ledgerID,
            at: first..<index + 1,
            contents: true
        )
        guard let record = records.last, record.index == index, records.first?.index == first
        else { throw StoreError.corrupt("record \(index) is not in the store") }
        guard principal.narrowing.admits(record) else { throw Problem(.notFound) }
        let previous = index == 0 ? Chain.start(origin: ledger.tenant.origin) : records[0].chain
        return (FoundRecord(record: record, previousHash: previous), ledger)
    }

    /// Notes that a caller is shown a record or its proof.
    func note(
        _ operation: AccessTally.Read.Operation,
        of found: FoundRecord,
        for context: ServerContext
    ) throws {
        guard let leaf = try? Leaf(parsing: found.record.leaf), leaf.schema != .ledger else {
            return
        }
        var read = AccessTally.Read(operation)
        read.event = leaf.id
        read.records = 1
        read.client = context.client
        try services.tally.note(read, by: try context.caller())
    }
}

extension FoundRecord {
    /// The record's place in the order of queries.
    fileprivate var place: PagePosition {
        PagePosition(occurredAt: record.occurredAt, index: record.index)
    }

    /// Whether the ledger recorded it about itself.
    var isOfLedgerItself: Bool {
        (try? Leaf(parsing: record.leaf))?.schema == .ledger
    }
}
