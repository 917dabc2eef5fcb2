// SPDX-License-Identifier: Apache-2.0

internal import Cairn

/// A record that may be in a page, by what an index knows of it.
package struct PageCandidate: Hashable, Sendable {
    /// Where the index has it; in a ledger, places are in the order of positions.
    package let place: Int64
    /// The caller's time, in nanoseconds since 1970.
    package let occurredAt: Int64

    /// Names a record.
    package init(place: Int64, occurredAt: Int64) {
        self.place = place
        self.occurredAt = occurredAt
    }
}

/// The best candidates so far, in the query's order and after the page's place.
package struct BestCandidates {
    private let limit: Int
    private let query: RecordQuery
    private let after: PageCandidate?
    private var kept: [PageCandidate] = []

    /// Nothing yet, of a page of so many records after a place.
    package init(limit: Int, query: RecordQuery, after: PageCandidate?) {
        self.limit = limit
        self.query = query
        self.after = after
    }

    /// The candidates, in the query's order.
    package var inOrder: [PageCandidate] { kept }

    /// The times that may still be in the answer, by the query's range and the page's place.
    package var timeRange: ClosedRange<Int64> {
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
    package func narrowed(_ places: Range<Int64>) -> Range<Int64> {
        guard let after else { return places }
        return query.isDescending
            ? places.clamped(to: .min..<after.place)
            : places.clamped(to: after.place + 1 ..< .max)
    }

    /// Takes a candidate if it is among the best; false when no later one of a walk in the
    /// answer's order can be.
    @discardableResult
    package mutating func offer(_ candidate: PageCandidate) -> Bool {
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
    package func isDone(beforeLow low: Int64, high: Int64) -> Bool {
        guard kept.count == limit, let worst = kept.last else { return false }
        return query.isDescending ? high < worst.occurredAt : low > worst.occurredAt
    }

    private func precedes(_ left: PageCandidate, _ right: PageCandidate) -> Bool {
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

extension RecordQuery {
    /// Whether the query has a range of positions or of the server's time.
    package var narrowsPlaces: Bool {
        indexFrom != nil || indexTo != nil || receivedFrom != nil || receivedTo != nil
    }

    /// The positions that may be in the answer: the query's range of them, narrowed by the server's
    /// time, which never decreases, and the pinned size.
    ///
    /// `leaf` reads the bytes of a leaf, or returns nil for one that is not there.
    package func places(
        below size: UInt64,
        _ leaf: (UInt64) throws -> [UInt8]?
    ) throws -> Range<UInt64> {
        var low = min(indexFrom ?? 0, size)
        var high = min(indexTo ?? size, size)
        if let receivedFrom {
            low = max(low, try RecordQuery.firstIndex(from: receivedFrom, below: size, leaf))
        }
        if let receivedTo {
            high = min(high, try RecordQuery.firstIndex(from: receivedTo, below: size, leaf))
        }
        return min(low, high)..<high
    }

    /// The first index whose record was received at or after an instant, by halving.
    private static func firstIndex(
        from time: Timestamp,
        below size: UInt64,
        _ leaf: (UInt64) throws -> [UInt8]?
    ) throws -> UInt64 {
        var (low, high): (UInt64, UInt64) = (0, size)
        while low < high {
            let middle = (low + high) / 2
            guard let bytes = try leaf(middle), let leaf = try? Leaf(parsing: bytes) else {
                throw StoreError.corrupt("entry \(middle) is not in the store")
            }
            if leaf.receivedAt < time { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
