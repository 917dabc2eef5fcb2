// SPDX-License-Identifier: Apache-2.0

package import Cairn
package import CairnLedger

extension PostgresStore {
    package func statistics(
        in ledger: LedgerID,
        from: Timestamp?,
        to: Timestamp?
    ) async throws(StoreError) -> Statistics {
        let low = from?.nanoseconds ?? .min
        let high = to?.nanoseconds ?? .max
        guard low < high else { return Statistics() }
        // Whole hours come from the counts; what is left at either end, and what is not counted yet,
        // from the records.
        let firstHour = from.map { Statistics.hour(of: $0.nanoseconds - 1) + 1 } ?? .min
        let endHour = to.map { Statistics.hour(of: $0.nanoseconds) } ?? .max
        let size = try await replica == nil ? 0 : head(of: ledger)?.size ?? 0
        return try await read(ledger, of: size) { connection in
            try connection.transaction("ISOLATION LEVEL REPEATABLE READ READ ONLY") { connection in
                var tally = Tally(ledger: ledger)
                let rolled = try connection.run(
                    "SELECT size FROM rolled WHERE ledger = $1",
                    [.uuid(ledger)]
                )
                guard rolled.count == 1 else { return Statistics() }
                let size = rolled.integer(0, 0)
                guard firstHour < endHour else {
                    try tally.count(low, high, from: 0, connection)
                    return tally.ranked
                }
                try tally.addCounts(firstHour, endHour, connection)
                try tally.count(low, high, from: size, connection)
                if from != nil {
                    try tally.count(low, firstHour * Statistics.hour, to: size, connection)
                }
                if to != nil {
                    try tally.count(endHour * Statistics.hour, high, to: size, connection)
                }
                return tally.ranked
            }
        }
    }
}

/// Statistics while they are added up.
private struct Tally {
    let ledger: LedgerID
    private var statistics = Statistics()
    private var actors: [String: UInt64] = [:]

    init(ledger: LedgerID) {
        self.ledger = ledger
    }

    var ranked: Statistics {
        var statistics = statistics
        statistics.rank(actors)
        return statistics
    }

    mutating func addCounts(
        _ from: Int64,
        _ to: Int64,
        _ connection: isolated PostgresConnection
    ) throws {
        let values: [PostgresValue] = [.uuid(ledger), .integer(from), .integer(to)]
        let days = try connection.run(
            """
            SELECT hour, sum(count)::bigint FROM counts
            WHERE ledger = $1 AND dimension = \(CountKey.total) AND hour >= $2 AND hour < $3
            GROUP BY hour
            """,
            values
        )
        for row in 0..<days.count {
            let count = try Self.count(days, row, 1)
            statistics.total += count
            let (start, isBeyond) = days.integer(row, 0)
                .multipliedReportingOverflow(by: Statistics.hour)
            guard !isBeyond else { throw StoreError.corrupt("the stored counts are malformed") }
            statistics.byDay[Timestamp(nanoseconds: start).day, default: 0] += count
        }
        for dimension in Statistics.Dimension.allCases {
            let rows = try connection.run(
                """
                SELECT value, sum(count)::bigint FROM counts
                WHERE ledger = $1 AND dimension = \(dimension.rawValue)
                    AND hour >= $2 AND hour < $3
                GROUP BY value
                """,
                values
            )
            for row in 0..<rows.count {
                statistics.add(
                    try Self.count(rows, row, 1),
                    of: dimension,
                    value: rows.bytes(row, 0),
                    actors: &actors
                )
            }
        }
    }

    /// A sum of counts, which no ledger's size can exceed.
    private static func count(_ rows: PostgresRows, _ row: Int, _ column: Int) throws -> UInt64 {
        guard let count = UInt64(exactly: rows.integer(row, column)), count < 1 << 48 else {
            throw StoreError.corrupt("the stored counts are malformed")
        }
        return count
    }

    /// Counts records one by one whose time is in a half-open range, of some positions.
    mutating func count(
        _ low: Int64,
        _ high: Int64,
        from first: Int64 = 0,
        to end: Int64 = .max,
        _ connection: isolated PostgresConnection
    ) throws {
        guard low < high else { return }
        // A part at a time, so that memory does not grow with the range.
        var after = (time: low, index: Int64(-1))
        while true {
            let rows = try connection.run(
                """
                SELECT s.occurred_at, s.idx, p.fields FROM search s
                JOIN payloads p ON p.ledger = s.ledger AND p.idx = s.idx
                WHERE s.ledger = $1 AND s.idx >= $2 AND s.idx < $3
                    AND (s.occurred_at, s.idx) > ($4, $5) AND s.occurred_at < $6
                ORDER BY s.occurred_at, s.idx LIMIT 4096
                """,
                [
                    .uuid(ledger), .integer(first), .integer(end), .integer(after.time),
                    .integer(after.index), .integer(high),
                ]
            )
            for row in 0..<rows.count {
                statistics.count(Fields(unchecked: rows.bytes(row, 2)), actors: &actors)
            }
            guard rows.count == 4096 else { return }
            after = (rows.integer(rows.count - 1, 0), rows.integer(rows.count - 1, 1))
        }
    }
}
