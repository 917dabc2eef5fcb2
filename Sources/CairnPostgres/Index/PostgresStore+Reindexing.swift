// SPDX-License-Identifier: Apache-2.0

internal import Cairn
package import CairnLedger

extension PostgresStore {
    /// Makes the index of a ledger anew from its records, while servers are at work.
    ///
    /// Until it is done, searches answer by what is there.
    package func reindex(
        _ ledger: LedgerID,
        progress: @Sendable (_ done: UInt64, _ total: UInt64) -> Void
    ) async throws(StoreError) {
        guard let head = try await head(of: ledger) else { return }
        for first in stride(from: 0, to: head.size, by: Int(BlockTerms.size)) {
            let range = first..<min(first + BlockTerms.size, head.size)
            try await pool.use(isWrite: true) { connection in
                try PostgresStore.reindex(range, of: ledger, connection)
            }
            progress(range.upperBound, head.size)
        }
        // Only then what is made of these rows: servers that count meanwhile count what was wrong.
        try await pool.use(isWrite: true) { connection in
            try connection.transaction { connection in
                // The row is the lock of whoever counts.
                for statement in [
                    """
                    INSERT INTO rolled VALUES ($1, 0)
                    ON CONFLICT (ledger) DO UPDATE SET size = 0
                    """,
                    "DELETE FROM blocks WHERE ledger = $1", "DELETE FROM counts WHERE ledger = $1",
                    """
                    DELETE FROM search WHERE ledger = $1
                        AND (idx < 0 OR idx >= (SELECT size FROM heads WHERE ledger = $1))
                    """,
                ] {
                    try connection.run(statement, [.uuid(ledger)])
                }
            }
        }
        try await tidy()
        try await roll(ledger)
    }

    private static func reindex(
        _ range: Range<UInt64>,
        of ledger: LedgerID,
        _ connection: isolated PostgresConnection
    ) throws {
        let rows = try connection.run(
            """
            SELECT e.idx, p.fields FROM entries e
            LEFT JOIN payloads p ON p.ledger = e.ledger AND p.idx = e.idx
            WHERE e.ledger = $1 AND e.idx >= $2 AND e.idx < $3 ORDER BY e.idx
            """,
            values(ledger, range)
        )
        let terms = LedgerTerms(ledger)
        var (indexes, times, vectors): ([Int64], [Int64], [TermVector]) = ([], [], [])
        var types: Set<String> = []
        for row in 0..<rows.count where !rows.isNull(row, 1) {
            let fields = Fields(unchecked: rows.bytes(row, 1))
            indexes.append(rows.integer(row, 0))
            times.append(try fields.occurredAt.nanoseconds)
            vectors.append(TermVector(fields, at: UInt64(rows.integer(row, 0)), terms))
            fields.type.map { _ = types.insert($0) }
        }
        try connection.run(
            """
            INSERT INTO search
            SELECT $1, u.* FROM unnest($2::bigint[], $3::bigint[], $4::tsvector[]) u
            ON CONFLICT (ledger, idx)
            DO UPDATE SET occurred_at = excluded.occurred_at, terms = excluded.terms
            """,
            [.uuid(ledger), .integers(indexes), .integers(times), .vectors(vectors)]
        )
        try connection.run(
            "INSERT INTO types SELECT $1, u FROM unnest($2::text[]) u ON CONFLICT DO NOTHING",
            [.uuid(ledger), .texts(types.sorted())]
        )
    }
}

extension Fields {
    /// The value of `type`, if there is one.
    var type: String? {
        for field in self where field.path == .known(.type) { return text(of: field) }
        return nil
    }

    /// The caller's time.
    fileprivate var occurredAt: Timestamp {
        get throws {
            for field in self where field.path == .known(.occurredAt) {
                if let text = text(of: field), let time = try? Timestamp.parse(text) {
                    return time.timestamp
                }
            }
            throw StoreError.corrupt("a record has no time")
        }
    }
}
