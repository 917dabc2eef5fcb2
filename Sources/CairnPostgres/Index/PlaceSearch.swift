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
        case (nil, .index): try offer(.all, part, &best, connection)
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

    /// How many blocks are asked for at a time, before whole groups are.
    private static let blockCounts = [1, 2, 4, 8]

    /// Some blocks in order of their place, and then groups, more at a time as it goes on.
    private func offerByPlace(
        _ part: Part,
        _ best: inout BestCandidates,
        _ connection: isolated PostgresConnection
    ) throws {
        let range = best.narrowed(Int64(places.lowerBound)..<Int64(places.upperBound))
        guard !range.isEmpty else { return }
        let places = UInt64(range.lowerBound)..<UInt64(range.upperBound)
        var visits = Self.visits(of: places, by: BlockTerms.size, isDescending: query.isDescending)
        for count in Self.blockCounts {
            guard best.inOrder.count < part.limit, !visits.isEmpty else { return }
            let taken = Array(visits.prefix(count))
            visits.removeFirst(taken.count)
            try offer(.blocks(taken, groups: []), part, &best, connection)
        }
        guard let next = visits.first else { return }
        // Whole groups from the one on in which the next block is.
        let place = next * BlockTerms.size
        let left = query.isDescending ? places.lowerBound..<place + 1 : place..<places.upperBound
        var groups = Self.visits(
            of: left,
            by: BlockTerms.groupSize,
            isDescending: query.isDescending
        )
        var count = 1
        while best.inOrder.count < part.limit, !groups.isEmpty {
            let taken = Array(groups.prefix(count))
            groups.removeFirst(taken.count)
            try offer(.blocks([], groups: taken), part, &best, connection)
            count *= 4
        }
    }

    /// The numbers of the parts, each of so many places, that a range touches.
    private static func visits(
        of range: Range<UInt64>,
        by size: UInt64,
        isDescending: Bool
    ) -> ArraySlice<UInt64> {
        guard !range.isEmpty else { return [] }
        let numbers = Array(range.lowerBound / size...(range.upperBound - 1) / size)
        return isDescending ? numbers.reversed()[...] : numbers[...]
    }

    /// What is in no full block; then some blocks in order of their times, and groups, more at a
    /// time as it goes on, until none that is left can hold a better candidate.
    private func offerByTime(
        _ part: Part,
        _ blocks: TimeBlocks,
        _ best: inout BestCandidates,
        _ connection: isolated PostgresConnection
    ) throws {
        guard !places.isEmpty else { return }
        let full = UInt64(blocks.low.count)
        let open = places.clamped(to: full * BlockTerms.size..<UInt64.max)
        if !open.isEmpty {
            let numbers = Self.visits(of: open, by: BlockTerms.size, isDescending: true)
            try offer(.blocks(Array(numbers), groups: []), part, &best, connection)
        }
        var walk = TimeWalk(blocks, in: places, times: best.timeRange, query.isDescending)
        for count in Self.blockCounts {
            let taken = walk.next(count, best)
            guard !taken.isEmpty else { return }
            try offer(.blocks(taken, groups: []), part, &best, connection)
        }
        // Without terms, a statement reads whatever it is sent to: it stays with blocks.
        guard text != nil else {
            var count = 16
            while case let taken = walk.next(count, best), !taken.isEmpty {
                try offer(.blocks(taken, groups: []), part, &best, connection)
                count *= 2
            }
            return
        }
        walk.joinGroups()
        var count = 1
        while case let taken = walk.next(count, best), !taken.isEmpty {
            try offer(.blocks([], groups: taken), part, &best, connection)
            count *= 4
        }
    }

    /// Where one statement looks.
    private enum Scope {
        case all
        case blocks([UInt64], groups: [UInt64])
    }

    /// Asks for the best candidates of a scope.
    private func offer(
        _ scope: Scope,
        _ part: Part,
        _ best: inout BestCandidates,
        _ connection: isolated PostgresConnection
    ) throws {
        // With terms, the index of terms is the one to ask: its rows are few, and PostgreSQL, which
        // does not know that, shall not walk another one. What is added hides columns from those.
        let hidden = text == nil || isWorthWalking(scope) ? "" : " + 0"
        let (index, time) = ("s.idx\(hidden)", "s.occurred_at\(hidden)")
        var values = BoundValues([.uuid(ledger)])
        let hull = hull(of: scope)
        let times = best.timeRange
        var conditions = [
            "s.ledger = $1", "\(index) >= \(values.bind(.integer(hull.lowerBound)))",
            "\(index) < \(values.bind(.integer(hull.upperBound)))",
            "\(time) >= \(values.bind(.integer(times.lowerBound)))",
            "\(time) <= \(values.bind(.integer(times.upperBound)))",
        ]
        if let after = part.after {
            let sign = query.isDescending ? "<" : ">"
            let place = values.bind(.integer(after.place))
            conditions.append(
                query.sort == .index
                    ? "\(index) \(sign) \(place)"
                    : "(\(time), \(index)) \(sign) "
                        + "(\(values.bind(.integer(after.occurredAt))), \(place))"
            )
        }
        var tables = "search s"
        switch (scope, text) {
        case (.all, _): break
        case (.blocks(let blocks, _), nil): tables += values.join(Self.runs(of: blocks))
        case (.blocks(let blocks, let groups), let text?):
            let query = text.text(in: blocks, groups)
            conditions.append("s.terms @@ \(values.bind(.text(query)))::tsquery")
        }
        let direction = query.isDescending ? "DESC" : "ASC"
        let order = query.sort == .index ? [index] : [time, index]
        let rows = try connection.run(
            "SELECT s.idx, s.occurred_at FROM \(tables) "
                + "WHERE \(conditions.joined(separator: " AND ")) "
                + "ORDER BY \(order.map { "\($0) \(direction)" }.joined(separator: ", ")) "
                + "LIMIT \(values.bind(.integer(Int64(part.limit))))",
            values.all
        )
        for row in 0..<rows.count {
            best.offer(
                PageCandidate(place: rows.integer(row, 0), occurredAt: rows.integer(row, 1))
            )
        }
    }

    /// Whether records may be read one by one: the index of terms gathers all words that begin as
    /// asked, and some blocks hold fewer records than that.
    private func isWorthWalking(_ scope: Scope) -> Bool {
        guard case .blocks(let blocks, let groups) = scope else { return false }
        return groups.isEmpty && blocks.count <= 4 && text?.hasPrefix == true
    }

    /// All positions between the first and the last of a scope, which bounds whatever is read.
    private func hull(of scope: Scope) -> Range<Int64> {
        let all = Int64(places.lowerBound)..<Int64(places.upperBound)
        guard case .blocks(let blocks, let groups) = scope else { return all }
        let parts =
            blocks.map { ($0 * BlockTerms.size, BlockTerms.size) }
            + groups.map { ($0 * BlockTerms.groupSize, BlockTerms.groupSize) }
        guard let first = parts.map({ $0.0 }).min(), let end = parts.map({ $0.0 + $0.1 }).max()
        else { return all }
        return (Int64(first)..<Int64(end)).clamped(to: all)
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

/// The parameters of a statement while it is written.
private struct BoundValues {
    private(set) var all: [PostgresValue]

    init(_ all: [PostgresValue]) {
        self.all = all
    }

    /// Adds a value and returns how the statement names it.
    mutating func bind(_ value: PostgresValue) -> String {
        all.append(value)
        return "$\(all.count)"
    }

    /// A table of ranges to join records with.
    mutating func join(_ runs: [Range<Int64>]) -> String {
        let low = bind(.integers(runs.map(\.lowerBound)))
        let high = bind(.integers(runs.map(\.upperBound)))
        return " JOIN unnest(\(low), \(high)) u (low, high) ON s.idx >= u.low AND s.idx < u.high"
    }
}
