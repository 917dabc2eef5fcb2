// SPDX-License-Identifier: Apache-2.0

internal import Cairn
internal import CairnLedger
internal import GRDB

/// Finds the places of one page, from the tail in memory and the index in the file.
struct PageSearch {
    /// A record that may be in the answer.
    struct Candidate: Hashable {
        let place: Int64
        let occurredAt: Int64
    }

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
    ) throws -> [Candidate] {
        guard !places.isEmpty else { return [] }
        var best = BestCandidates(
            limit: limit,
            query: query,
            after: place,
            ledger: ledger
        )
        for record in pending where places.contains(record.place) {
            if expression?.matches(record.terms) ?? true {
                best.offer(Candidate(place: record.place, occurredAt: record.occurredAt))
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
            let candidate = Candidate(place: select.integer(0), occurredAt: select.integer(1))
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
    private func walk(_ range: Range<Int64>, _ body: (Candidate) -> Bool) throws {
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
            let candidate = Candidate(place: select.integer(0), occurredAt: select.integer(1))
            guard body(candidate) else { return }
        }
    }
}

/// The best candidates so far, in the query's order and after the page's place.
struct BestCandidates {
    private let limit: Int
    private let query: RecordQuery
    private let after: PageSearch.Candidate?
    private var kept: [PageSearch.Candidate] = []

    init(limit: Int, query: RecordQuery, after place: PagePosition?, ledger: Int64) {
        self.limit = limit
        self.query = query
        after = place.map {
            PageSearch.Candidate(
                place: Place.of(ledger, $0.index),
                occurredAt: $0.occurredAt.nanoseconds
            )
        }
    }

    /// The candidates, in the query's order.
    var inOrder: [PageSearch.Candidate] { kept }

    /// The times that may still be in the answer, by the query's range and the page's place.
    var timeRange: ClosedRange<Int64> {
        var low = query.occurredFrom?.nanoseconds ?? .min
        var high = query.occurredTo.map { $0.nanoseconds - 1 } ?? .max
        if let after, query.sort == .occurredAt {
            if query.isDescending {
                high = min(high, after.occurredAt)
            } else {
                low = max(low, after.occurredAt)
            }
        }
        return low <= high ? low...high : low...low
    }

    /// The places that may still be in the answer when it is in order of place.
    func narrowed(_ places: Range<Int64>) -> Range<Int64> {
        guard let after else { return places }
        return query.isDescending
            ? places.clamped(to: .min..<after.place)
            : places.clamped(to: after.place + 1 ..< .max)
    }

    /// Takes a candidate if it is among the best; false when no later one of a walk in the
    /// answer's order can be.
    @discardableResult
    mutating func offer(_ candidate: PageSearch.Candidate) -> Bool {
        if let from = query.occurredFrom, candidate.occurredAt < from.nanoseconds { return true }
        if let to = query.occurredTo, candidate.occurredAt >= to.nanoseconds { return true }
        if let after, !precedes(after, candidate) { return true }
        var low = 0
        var high = kept.count
        while low < high {
            let middle = (low + high) / 2
            if precedes(kept[middle], candidate) { low = middle + 1 } else { high = middle }
        }
        guard low < limit else { return false }
        // The tail and the index may both know a record while it is being merged.
        if low < kept.count, kept[low] == candidate { return true }
        kept.insert(candidate, at: low)
        if kept.count > limit { kept.removeLast() }
        return true
    }

    /// Whether nothing with times between `low` and `high` can be among the best.
    func isDone(beforeLow low: Int64, high: Int64) -> Bool {
        guard kept.count == limit, let worst = kept.last else { return false }
        return query.isDescending ? high < worst.occurredAt : low > worst.occurredAt
    }

    private func precedes(_ left: PageSearch.Candidate, _ right: PageSearch.Candidate) -> Bool {
        switch (query.sort, query.isDescending) {
        case (.index, true): left.place > right.place
        case (.index, false): left.place < right.place
        case (.occurredAt, true):
            (left.occurredAt, left.place) > (right.occurredAt, right.place)
        case (.occurredAt, false):
            (left.occurredAt, left.place) < (right.occurredAt, right.place)
        }
    }
}
