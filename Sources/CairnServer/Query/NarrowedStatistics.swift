// SPDX-License-Identifier: Apache-2.0

internal import Cairn
internal import CairnLedger

/// Counts over what a caller is shown: from the index's own counts where that is everything, and
/// record by record where it is a part.
struct NarrowedStatistics: Sendable {
    let index: any RecordIndex
    let narrowing: Narrowing
    /// Lets a few be counted record by record at once, and the others wait.
    let turns: Turns
    /// How many records are looked through.
    let limit: Int

    /// The counts of a range of the caller's time, within the first `size` records.
    ///
    /// - Throws: ``Problem`` of code ``Problem/Code/rangeTooLong`` where there is too much to look
    ///   through, and what the index says.
    func statistics(
        in ledger: LedgerID,
        size: UInt64,
        from: Timestamp?,
        to: Timestamp?
    ) async throws -> Statistics {
        guard !narrowing.isEmpty else {
            return try await index.statistics(in: ledger, from: from, to: to)
        }
        return try await turns.take {
            try await counted(in: ledger, size: size, from: from, to: to)
        }
    }

    private func counted(
        in ledger: LedgerID,
        size: UInt64,
        from: Timestamp?,
        to: Timestamp?
    ) async throws -> Statistics {
        var query = RecordQuery()
        query.filters = narrowing.filters
        (query.occurredFrom, query.occurredTo, query.sort) = (from, to, .index)
        var (statistics, actors): (Statistics, [String: UInt64]) = (Statistics(), [:])
        var (place, seen): (PagePosition?, Int) = (nil, 0)
        while true {
            let part = try await index.page(query, in: ledger, size: size, after: place, limit: 64)
            for found in part where narrowing.admits(found.record) {
                guard let fields = found.record.payload?.fields else { continue }
                statistics.count(fields, actors: &actors)
            }
            seen += part.count
            guard part.count == 64, let last = part.last?.record else { break }
            guard seen < limit else {
                throw Problem(
                    .rangeTooLong,
                    "More than \(limit) records; give `from` and `to` closer together."
                )
            }
            place = PagePosition(occurredAt: last.occurredAt, index: last.index)
        }
        statistics.rank(actors)
        return statistics
    }
}
