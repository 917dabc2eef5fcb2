// SPDX-License-Identifier: Apache-2.0

package import Cairn

/// Reads a ledger for whoever may see all of it or a part: pages, and a record by its id.
///
/// Servers, commands and programs with a ledger of their own all read by it.
package struct LedgerReader: Sendable {
    /// Why a page cannot be given.
    package enum Refusal: Error, Equatable {
        /// The cursor is not one of this question.
        case cursor
        /// The size that is asked for is more than the ledger's, which is given.
        case ahead(UInt64)
        /// The records of a page that must be whole are too large together.
        case pageTooLarge
    }

    /// What a page is asked for.
    package struct Request: Sendable {
        /// The question, before what its caller is not shown is left out.
        package var query: RecordQuery
        /// How many records at most.
        package var limit: Int
        /// Where to go on, as it was given.
        package var cursor: String?
        /// What the caller is shown.
        package var narrowing = Narrowing()
        /// The size of the ledger that an earlier page saw, where pages have numbers.
        package var size: UInt64?
        /// How many records are passed over, where pages have numbers.
        package var skipped = 0
        /// Whether what the ledger records about itself is left out.
        package var isOfEventsAlone = false
        /// Whether a page has as many records as are asked for, where there are so many: pages with
        /// numbers are counted by it.
        package var isWhole = false

        /// Asks for the first records.
        package init(query: RecordQuery, limit: Int, cursor: String? = nil) {
            self.query = query
            self.limit = limit
            self.cursor = cursor
        }
    }

    /// Records in the order of the question.
    package struct Page: Sendable {
        /// The records.
        package let records: [FoundRecord]
        /// Where the next page begins; nil if there is none.
        package let next: String?
        /// The size of the ledger that the page and its successors see.
        package let size: UInt64
    }

    private let store: any LedgerStore
    private let index: any RecordIndex
    private let cursors: CursorCodec
    private let pageBytes: Int

    /// Reads from a store and its index; a page ends early after so many bytes of fields.
    package init(
        store: any LedgerStore,
        index: any RecordIndex,
        cursors: CursorCodec,
        pageBytes: Int = 8 << 20
    ) {
        self.store = store
        self.index = index
        self.cursors = cursors
        self.pageBytes = pageBytes
    }

    // MARK: Pages

    /// A page of what a caller may see.
    ///
    /// - Throws: ``Refusal``, and what the store says.
    package func page(_ asked: Request, in ledger: Ledger) async throws -> Page {
        var asked = asked
        asked.query.filters += asked.narrowing.filters
        let id = ledger.tenant.ledger
        var size = try await ledger.durableHead().size
        var place: PagePosition?
        if let text = asked.cursor {
            guard let cursor = try? cursors.decode(text, ledger: id, query: asked.query),
                cursor.size <= size
            else { throw Refusal.cursor }
            (size, place) = (cursor.size, cursor.place)
        } else if let pinned = asked.size {
            guard pinned <= size else { throw Refusal.ahead(size) }
            size = pinned
        }
        let (records, end) = try await records(asked, in: id, size: size, after: place)
        let next = end.map {
            cursors.encode(Cursor(size: size, place: $0), ledger: id, query: asked.query)
        }
        return Page(records: records, next: next, size: size)
    }

    /// The records of one page that a caller is shown, and where it ended if there is more.
    ///
    /// A page ends early where its records are large, so that no answer outgrows memory.
    private func records(
        _ asked: Request,
        in ledger: LedgerID,
        size: UInt64,
        after place: PagePosition?
    ) async throws -> (records: [FoundRecord], end: PagePosition?) {
        var records: [FoundRecord] = []
        var (place, bytes, skipped) = (place, 0, 0)
        while records.count <= asked.limit, bytes < pageBytes {
            let wanted = min(64, asked.limit + 1 - records.count + asked.skipped - skipped)
            let part = try await index.page(
                asked.query,
                in: ledger,
                size: size,
                after: place,
                limit: wanted
            )
            var shown = part.filter {
                asked.narrowing.admits($0.record) && !(asked.isOfEventsAlone && $0.isOfLedgerItself)
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
            throw Refusal.pageTooLarge
        }
        // The last shows that there is more; where there is no other, what was looked through ends.
        guard records.count > 1 else { return (records, place) }
        records.removeLast()
        return (records, records.last?.place)
    }

    // MARK: One record

    /// A record by its id; nil for one that is not there, or that the caller is not shown.
    package func record(
        _ id: EventID,
        in ledger: Ledger,
        for narrowing: Narrowing = Narrowing()
    ) async throws -> FoundRecord? {
        let ledgerID = ledger.tenant.ledger
        // A record of a commit that is not settled yet is nobody's to see.
        guard let index = try await store.indexes(of: [id], in: ledgerID)[id],
            try await index < ledger.durableHead().size
        else { return nil }
        let first = index == 0 ? 0 : index - 1
        let records = try await store.records(
            in: ledgerID,
            at: first..<index + 1,
            contents: true
        )
        guard let record = records.last, record.index == index, records.first?.index == first
        else { throw StoreError.corrupt("record \(index) is not in the store") }
        guard narrowing.admits(record) else { return nil }
        let previous = index == 0 ? Chain.start(origin: ledger.tenant.origin) : records[0].chain
        return FoundRecord(record: record, previousHash: previous)
    }
}

extension FoundRecord {
    /// The record's place in the order of queries.
    fileprivate var place: PagePosition {
        PagePosition(occurredAt: record.occurredAt, index: record.index)
    }

    /// Whether the ledger recorded it about itself.
    package var isOfLedgerItself: Bool {
        (try? Leaf(parsing: record.leaf))?.schema == .ledger
    }
}
