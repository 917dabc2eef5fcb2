// SPDX-License-Identifier: Apache-2.0

package import Cairn
package import CairnLedger
internal import GRDB

extension LocalStore {
    package func statistics(
        in ledger: LedgerID,
        from: Timestamp?,
        to: Timestamp?
    ) async throws(StoreError) -> Statistics {
        guard let number = try await number(of: ledger) else { return Statistics() }
        try await merge()
        return try await reading {
            try await pool.read { db in
                try LocalStore.needsIndex(db)
                var statistics = Statistics()
                var actors: [String: UInt64] = [:]
                let low = from?.nanoseconds ?? .min
                let high = to?.nanoseconds ?? .max
                guard low < high else { return statistics }
                // Whole hours come from the counts; what is left at either end from the records.
                let firstHour = from.map { Statistics.hour(of: $0.nanoseconds - 1) + 1 } ?? .min
                let endHour = to.map { Statistics.hour(of: $0.nanoseconds) } ?? .max
                guard firstHour < endHour else {
                    try count(db, number, low, high, &statistics, &actors)
                    statistics.rank(actors)
                    return statistics
                }
                try addCounts(db, number, firstHour, endHour, &statistics, &actors)
                if from != nil {
                    try count(db, number, low, firstHour * Statistics.hour, &statistics, &actors)
                }
                if to != nil {
                    try count(db, number, endHour * Statistics.hour, high, &statistics, &actors)
                }
                statistics.rank(actors)
                return statistics
            }
        }
    }

    private func addCounts(
        _ db: Database,
        _ number: Int64,
        _ from: Int64,
        _ to: Int64,
        _ statistics: inout Statistics,
        _ actors: inout [String: UInt64]
    ) throws {
        let days = try RawStatement(
            db,
            """
            SELECT hour, sum(count) FROM search.counts
            WHERE ledger = ? AND dimension = 0 AND hour >= ? AND hour < ? GROUP BY hour
            """
        )
        days.bind(1, number)
        days.bind(2, from)
        days.bind(3, to)
        while try days.step() {
            let count = try LocalStore.count(days)
            statistics.total += count
            let (start, isBeyond) = days.integer(0).multipliedReportingOverflow(by: Statistics.hour)
            guard !isBeyond else { throw StoreError.corrupt("the stored counts are malformed") }
            let day = Timestamp(nanoseconds: start).day
            statistics.byDay[day, default: 0] += count
        }
        let values = try RawStatement(
            db,
            """
            SELECT value, sum(count) FROM search.counts
            WHERE ledger = ? AND dimension = ? AND hour >= ? AND hour < ? GROUP BY value
            """
        )
        for dimension in Statistics.Dimension.allCases {
            values.bind(1, number)
            values.bind(2, Int64(dimension.rawValue))
            values.bind(3, from)
            values.bind(4, to)
            while try values.step() {
                statistics.add(
                    try LocalStore.count(values),
                    of: dimension,
                    value: values.bytes(0),
                    actors: &actors
                )
            }
        }
    }

    /// A sum of counts, which no ledger's size can exceed.
    private static func count(_ row: RawStatement) throws -> UInt64 {
        guard let count = UInt64(exactly: row.integer(1)), count < 1 << Place.indexBits else {
            throw StoreError.corrupt("the stored counts are malformed")
        }
        return count
    }

    /// Counts records one by one, for the parts of hours at the ends of a range.
    private func count(
        _ db: Database,
        _ number: Int64,
        _ from: Int64,
        _ to: Int64,
        _ statistics: inout Statistics,
        _ actors: inout [String: UInt64]
    ) throws {
        guard from < to else { return }
        let select = try RawStatement(
            db,
            """
            SELECT p.fields FROM records r JOIN payloads p ON p.place = r.place
            WHERE r.ledger = ? AND r.occurred_at >= ? AND r.occurred_at < ?
            """
        )
        select.bind(1, number)
        select.bind(2, from)
        select.bind(3, to)
        while try select.step() {
            statistics.count(Fields(unchecked: select.bytes(0)), actors: &actors)
        }
    }
}
