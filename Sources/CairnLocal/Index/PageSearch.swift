// SPDX-License-Identifier: Apache-2.0

internal import Cairn
internal import CairnLedger
internal import GRDB

/// Finds the places of one page, from the tail in memory and the index in the file.
struct PageSearch {
    let db: Database
    let ledger: Int64
    let query: RecordQuery
    let expression: TermExpression?
    let pending: [PendingRecord]
    /// The places that may be in the answer: position ranges and the pinned size.
    let places: Range<Int64>
    /// The expression in FTS5's language, if there is one.
    let match: String?
    /// Whether the query itself narrows the places, beyond the pinned size.
    let isNarrowed: Bool

    /// At most `limit` candidates after a place, in the query's order.
    func candidates(
        after place: PagePosition?,
        limit: Int,
        blocks: inout TimeBlocks
    ) throws -> [PageCandidate] {
        guard !places.isEmpty else { return [] }
        var best = BestCandidates(
            limit: limit,
            query: query,
            after: place.map {
                PageCandidate(
                    place: Place.of(ledger, $0.index),
                    occurredAt: $0.occurredAt.nanoseconds
                )
            }
        )
        for record in pending where places.contains(record.place) {
            if expression?.matches(record.terms) ?? true {
                best.offer(PageCandidate(place: record.place, occurredAt: record.occurredAt))
            }
        }
        switch (expression, query.sort) {
        case (nil, .occurredAt) where !isNarrowed: try offerByTime(&best)
        case (_, .index): try walk(best.narrowed(places)) { best.offer($0) }
        case (_, .occurredAt): try offerByBlocks(&best, &blocks)
        }
        return best.inOrder
    }

    private var direction: String { query.isDescending ? "DESC" : "ASC" }

    /// Walks the index of times, which is in the answer's order.
    private func offerByTime(_ best: inout BestCandidates) throws {
        let select = try RawStatement(
            db,
            """
            SELECT place, occurred_at FROM records
            WHERE ledger = ? AND occurred_at >= ? AND occurred_at <= ?
            ORDER BY occurred_at \(direction), place \(direction)
            """
        )
        let range = best.timeRange
        select.bind(1, ledger)
        select.bind(2, range.lowerBound)
        select.bind(3, range.upperBound)
        defer { select.reset() }
        while try select.step() {
            let candidate = PageCandidate(place: select.integer(0), occurredAt: select.integer(1))
            guard places.contains(candidate.place) else { continue }
            guard best.offer(candidate) else { return }
        }
    }

    /// Visits blocks in order of their times, more at a time as it goes on, until no block that is
    /// left can hold a better candidate.
    private func offerByBlocks(
        _ best: inout BestCandidates,
        _ blocks: inout TimeBlocks
    ) throws {
        try blocks.extend(db, ledger: ledger)
        let times = best.timeRange
        // What is not in a full block is visited first.
        let full = Place.of(ledger, 0) + Int64(blocks.low.count) * TimeBlocks.size
        try walk(places.clamped(to: full..<max(full, places.upperBound))) {
            best.offer($0)
            return true
        }
        var order = blocks.visitingOrder(isDescending: query.isDescending)[...]
        var count = 4
        while !order.isEmpty {
            var visit: [Int32] = []
            while visit.count < count, let number = order.popFirst() {
                let (low, high) = (blocks.low[Int(number)], blocks.high[Int(number)])
                if best.isDone(beforeLow: low, high: high) {
                    order = []
                    break
                }
                if high >= times.lowerBound, low <= times.upperBound { visit.append(number) }
            }
            for range in ranges(of: visit) {
                try walk(range.clamped(to: places)) {
                    best.offer($0)
                    return true
                }
            }
            count *= 2
        }
    }

    /// The places of blocks, neighbours joined.
    private func ranges(of visit: [Int32]) -> [Range<Int64>] {
        var ranges: [Range<Int64>] = []
        for number in visit.sorted() {
            let first = Place.of(ledger, 0) + Int64(number) * TimeBlocks.size
            if let last = ranges.last, last.upperBound == first {
                ranges[ranges.count - 1] = last.lowerBound..<first + TimeBlocks.size
            } else {
                ranges.append(first..<first + TimeBlocks.size)
            }
        }
        return ranges
    }

    /// Walks the records that have the terms, or all, in order of place, until `body` has enough.
    private func walk(_ range: Range<Int64>, _ body: (PageCandidate) -> Bool) throws {
        guard !range.isEmpty else { return }
        let select: RawStatement
        if match != nil {
            select = try RawStatement(
                db,
                """
                SELECT t.rowid, r.occurred_at
                FROM search.terms t CROSS JOIN records r ON r.place = t.rowid
                WHERE t.rowid >= ? AND t.rowid < ? AND t.terms MATCH ?
                ORDER BY t.rowid \(direction)
                """
            )
            select.bind(3, match ?? "")
        } else {
            select = try RawStatement(
                db,
                """
                SELECT place, occurred_at FROM records
                WHERE place >= ? AND place < ? ORDER BY place \(direction)
                """
            )
        }
        select.bind(1, range.lowerBound)
        select.bind(2, range.upperBound)
        defer { select.reset() }
        while try select.step() {
            let candidate = PageCandidate(place: select.integer(0), occurredAt: select.integer(1))
            guard body(candidate) else { return }
        }
    }
}
