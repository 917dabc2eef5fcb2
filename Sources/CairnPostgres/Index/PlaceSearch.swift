// SPDX-License-Identifier: Apache-2.0

internal import Cairn
internal import CairnLedger

/// Finds the places of one page, block by block in the order of the answer.
struct PlaceSearch {
    let ledger: LedgerID
    let query: RecordQuery
    /// The conditions that the index can answer, if there are any.
    let text: SearchText?
    /// The positions that may be in the answer: ranges of the query and the pinned size.
    let places: Range<UInt64>

    /// At most `limit` candidates after a place, in the query's order.
    func candidates(
        after place: PagePosition?,
        limit: Int,
        blocks: TimeBlocks,
        _ connection: isolated PostgresConnection
    ) throws -> [PageCandidate] {
        let after = place.map {
            PageCandidate(place: Int64($0.index), occurredAt: $0.occurredAt.nanoseconds)
        }
        var best = BestCandidates(limit: limit, query: query, after: after)
        let part = Part(after: after, limit: limit)
        switch (text, query.sort) {
        case (nil, .occurredAt) where !query.narrowsPlaces:
            try offer(.all, part, &best, connection)
        case (nil, .index):
            let range = best.narrowed(Int64(places.lowerBound)..<Int64(places.upperBound))
            try offer(.runs([range]), part, &best, connection)
        case (_, .index): try offerByPlace(part, &best, connection)
        case (_, .occurredAt): try offerByTime(part, blocks, &best, connection)
        }
        return best.inOrder
    }

    /// What all statements of one page have in common.
    private struct Part {
        let after: PageCandidate?
        let limit: Int
    }

    /// Blocks in order of their place, more at a time as it goes on.
    private func offerByPlace(
        _ part: Part,
        _ best: inout BestCandidates,
        _ connection: isolated PostgresConnection
    ) throws {
        let range = best.narrowed(Int64(places.lowerBound)..<Int64(places.upperBound))
        guard !range.isEmpty else { return }
        let size = Int64(BlockTerms.size)
        var left = Int64(range.lowerBound / size)...Int64((range.upperBound - 1) / size)
        var count: Int64 = 1
        while best.inOrder.count < part.limit {
            let taken: ClosedRange<Int64>
            if query.isDescending {
                taken = max(left.lowerBound, left.upperBound - count + 1)...left.upperBound
            } else {
                taken = left.lowerBound...min(left.upperBound, left.lowerBound + count - 1)
            }
            try offer(.blocks(taken.map { UInt64($0) }), part, &best, connection)
            if query.isDescending {
                guard taken.lowerBound > left.lowerBound else { return }
                left = left.lowerBound...taken.lowerBound - 1
            } else {
                guard taken.upperBound < left.upperBound else { return }
                left = taken.upperBound + 1...left.upperBound
            }
            count *= 2
        }
    }

    /// Blocks in order of their times, more at a time as it goes on, until no block that is left
    /// can hold a better candidate; what is in no full block comes first.
    private func offerByTime(
        _ part: Part,
        _ blocks: TimeBlocks,
        _ best: inout BestCandidates,
        _ connection: isolated PostgresConnection
    ) throws {
        guard !places.isEmpty else { return }
        var blocks = blocks
        let times = best.timeRange
        let wanted = places.lowerBound / BlockTerms.size...(places.upperBound - 1) / BlockTerms.size
        let full = UInt64(blocks.low.count)
        if full <= wanted.upperBound {
            let open = Array(max(full, wanted.lowerBound)...wanted.upperBound)
            try offer(.blocks(open), part, &best, connection)
        }
        var order = blocks.visitingOrder(isDescending: query.isDescending)[...]
        var count = 1
        while !order.isEmpty {
            var visit: [UInt64] = []
            while visit.count < count, let number = order.popFirst() {
                let (low, high) = (blocks.low[Int(number)], blocks.high[Int(number)])
                if best.isDone(beforeLow: low, high: high) {
                    order = []
                    break
                }
                guard high >= times.lowerBound, low <= times.upperBound,
                    wanted.contains(UInt64(number))
                else { continue }
                visit.append(UInt64(number))
            }
            if !visit.isEmpty { try offer(.blocks(visit), part, &best, connection) }
            count *= 2
        }
    }

    /// Where one statement looks.
    private enum Scope {
        case all
        case runs([Range<Int64>])
        case blocks([UInt64])
    }

    /// Asks for the best candidates of a scope.
    private func offer(
        _ scope: Scope,
        _ part: Part,
        _ best: inout BestCandidates,
        _ connection: isolated PostgresConnection
    ) throws {
        let direction = query.isDescending ? "DESC" : "ASC"
        let order =
            query.sort == .index
            ? "s.idx \(direction)" : "s.occurred_at \(direction), s.idx \(direction)"
        let times = best.timeRange
        let hull = hull(of: scope)
        var conditions = "s.ledger = $1 AND s.idx >= $2 AND s.idx < $3"
        var values: [PostgresValue] = [
            .uuid(ledger), .integer(hull.lowerBound), .integer(hull.upperBound),
        ]
        func bind(_ value: PostgresValue) -> String {
            values.append(value)
            return "$\(values.count)"
        }
        conditions += " AND s.occurred_at >= \(bind(.integer(times.lowerBound)))"
        conditions += " AND s.occurred_at <= \(bind(.integer(times.upperBound)))"
        if let after = part.after {
            let sign = query.isDescending ? "<" : ">"
            let index = bind(.integer(after.place))
            conditions +=
                query.sort == .index
                ? " AND s.idx \(sign) \(index)"
                : " AND (s.occurred_at, s.idx) \(sign) "
                    + "(\(bind(.integer(after.occurredAt))), \(index))"
        }
        var tables = "search s"
        func join(_ runs: [Range<Int64>]) {
            let low = bind(.integers(runs.map(\.lowerBound)))
            let high = bind(.integers(runs.map(\.upperBound)))
            tables +=
                " JOIN unnest(\(low), \(high)) u (low, high)"
                + " ON s.idx >= u.low AND s.idx < u.high"
        }
        switch scope {
        case .all: break
        case .runs(let runs): join(runs)
        case .blocks(let blocks):
            if let text {
                conditions += " AND s.terms @@ \(bind(.text(text.text(in: blocks))))::tsquery"
            } else {
                join(Self.runs(of: blocks))
            }
        }
        let rows = try connection.run(
            "SELECT s.idx, s.occurred_at FROM \(tables) WHERE \(conditions) "
                + "ORDER BY \(order) LIMIT \(bind(.integer(Int64(part.limit))))",
            values
        )
        for row in 0..<rows.count {
            best.offer(
                PageCandidate(place: rows.integer(row, 0), occurredAt: rows.integer(row, 1))
            )
        }
    }

    /// All positions between the first and the last of a scope, which bounds whatever is read.
    private func hull(of scope: Scope) -> Range<Int64> {
        let all = Int64(places.lowerBound)..<Int64(places.upperBound)
        guard case .blocks(let blocks) = scope, let first = blocks.min(), let last = blocks.max()
        else { return all }
        let size = Int64(BlockTerms.size)
        return (Int64(first) * size..<Int64(last + 1) * size).clamped(to: all)
    }

    /// The positions of blocks, neighbours joined.
    private static func runs(of blocks: [UInt64]) -> [Range<Int64>] {
        let size = Int64(BlockTerms.size)
        var runs: [Range<Int64>] = []
        for number in blocks.sorted() {
            let first = Int64(number) * size
            if let last = runs.last, last.upperBound == first {
                runs[runs.count - 1] = last.lowerBound..<first + size
            } else {
                runs.append(first..<first + size)
            }
        }
        return runs
    }
}
