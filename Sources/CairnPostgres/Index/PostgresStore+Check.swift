// SPDX-License-Identifier: Apache-2.0

package import Cairn
package import CairnLedger

extension PostgresStore {
    /// Compares the index with the records it was made from, a thousand at a time.
    ///
    /// That PostgreSQL's own index answers by what its table holds, PostgreSQL is asked for each
    /// block. Counts are compared as sums over hashes, so memory does not grow with the ledger.
    package func check(
        in ledger: LedgerID,
        progress: @Sendable (UInt64) -> Void
    ) async throws(StoreError) -> Fault? {
        guard try await head(of: ledger) != nil else { return nil }
        let (rolled, stored) = try await pool.use { connection in
            try connection.transaction("ISOLATION LEVEL REPEATABLE READ READ ONLY") {
                try Self.stored(ledger, $0)
            }
        }
        // Read after what is counted, which never has more.
        guard let head = try await head(of: ledger) else { return nil }
        guard let rolled, rolled <= head.size, rolled % Self.rollSize == 0 else {
            return Self.fault(0, "the index claims to be of other records")
        }
        var sum: UInt64 = 0
        for first in stride(from: 0, to: head.size, by: Int(BlockTerms.size)) {
            let range = first..<min(first + BlockTerms.size, head.size)
            let (difference, counted) = try await pool.use { connection in
                (
                    try Self.difference(ledger, range, isRolled: first < rolled, connection),
                    try Self.counted(ledger, first < rolled ? range : first..<first, connection)
                )
            }
            if let difference { return difference }
            sum &+= counted
            progress(range.upperBound)
        }
        guard sum == stored else {
            return Self.fault(0, "the stored counts are not the records'")
        }
        let hasExtra = try await pool.use { try Self.hasExtra(ledger, $0) }
        return hasExtra
            ? Self.fault(head.size, "the index has rows of records that there are not") : nil
    }

    private static func fault(_ index: UInt64, _ detail: String) -> Fault {
        Fault(index: index, kind: .columnMismatch, detail: detail)
    }

    /// How the rows of one block differ from its records.
    private static func difference(
        _ ledger: LedgerID,
        _ range: Range<UInt64>,
        isRolled: Bool,
        _ connection: isolated PostgresConnection
    ) throws -> Fault? {
        let rows = try connection.run(
            """
            SELECT p.fields, s.occurred_at, s.idx FROM entries e
            LEFT JOIN payloads p ON p.ledger = e.ledger AND p.idx = e.idx
            LEFT JOIN search s ON s.ledger = e.ledger AND s.idx = e.idx
            WHERE e.ledger = $1 AND e.idx >= $2 AND e.idx < $3 ORDER BY e.idx
            """,
            values(ledger, range)
        )
        guard rows.count == range.count else { return fault(range.lowerBound, "records are gone") }
        let terms = LedgerTerms(ledger)
        var vectors: [TermVector] = []
        var types: Set<String> = []
        for row in 0..<rows.count {
            let index = range.lowerBound + UInt64(row)
            let fields = rows.isNull(row, 0) ? Fields() : Fields(unchecked: rows.bytes(row, 0))
            guard !rows.isNull(row, 2) else {
                return fault(index, "the search index lacks the record")
            }
            vectors.append(TermVector(fields, at: index, terms))
            for field in fields {
                switch field.path {
                case .known(.type): fields.text(of: field).map { _ = types.insert($0) }
                case .known(.occurredAt):
                    let time = fields.text(of: field).flatMap { try? Timestamp.parse($0) }
                    guard time?.timestamp.nanoseconds == rows.integer(row, 1) else {
                        return fault(index, "the search index has another time for the record")
                    }
                default: break
                }
            }
        }
        return try termDifference(ledger, range, vectors, types, connection)
            ?? blockDifference(ledger, range, isRolled: isRolled, connection)
    }

    private static func termDifference(
        _ ledger: LedgerID,
        _ range: Range<UInt64>,
        _ vectors: [TermVector],
        _ types: Set<String>,
        _ connection: isolated PostgresConnection
    ) throws -> Fault? {
        let differing = try connection.run(
            """
            SELECT u.idx FROM unnest($2::bigint[], $3::tsvector[]) u (idx, terms),
                LATERAL (
                    SELECT terms FROM search WHERE ledger = $1 AND idx = u.idx OFFSET 0
                ) s
            WHERE s.terms <> u.terms ORDER BY u.idx LIMIT 1
            """,
            [.uuid(ledger), .integers(range.map { Int64($0) }), .vectors(vectors)]
        )
        guard differing.count == 0 else {
            return fault(
                UInt64(differing.integer(0, 0)),
                "the search index has other terms than the record"
            )
        }
        let terms = LedgerTerms(ledger)
        let block = terms.block(range.lowerBound / BlockTerms.size)
        let found = try connection.run(
            """
            SELECT count(*) FROM search
            WHERE ledger = $1 AND terms @@ $4::tsquery AND idx + 0 >= $2 AND idx + 0 < $3
            """,
            values(ledger, range) + [.text("'\(block)'")]
        )
        guard found.integer(0, 0) == Int64(range.count) else {
            return fault(range.lowerBound, "PostgreSQL's index of terms is damaged; REINDEX it")
        }
        let missing = try connection.run(
            """
            SELECT count(*) FROM unnest($2::text[]) u (type)
            WHERE NOT EXISTS (SELECT FROM types t WHERE t.ledger = $1 AND t.type = u.type)
            """,
            [.uuid(ledger), .texts(types.sorted())]
        )
        return missing.integer(0, 0) == 0
            ? nil : fault(range.lowerBound, "the index lacks the type of a record from here on")
    }

    private static func blockDifference(
        _ ledger: LedgerID,
        _ range: Range<UInt64>,
        isRolled: Bool,
        _ connection: isolated PostgresConnection
    ) throws -> Fault? {
        // A block that fills meanwhile has other times than the part that is looked at.
        guard range.count == Int(BlockTerms.size) else { return nil }
        let number = range.lowerBound / BlockTerms.size
        let times = try connection.run(
            """
            SELECT count(*), count(b.number), coalesce(bool_and(b.low = d.low), true),
                coalesce(bool_and(b.high = d.high), true)
            FROM (
                SELECT min(occurred_at) low, max(occurred_at) high FROM search
                WHERE ledger = $1 AND idx >= $2 AND idx < $3
            ) d LEFT JOIN blocks b ON b.ledger = $1 AND b.number = \(number)
            """,
            values(ledger, range)
        )
        let isGood =
            (times.integer(0, 1) == 1 || !isRolled) && times.bytes(0, 2) == [1]
            && times.bytes(0, 3) == [1]
        return isGood
            ? nil
            : fault(range.lowerBound, "the stored times of block \(number) are not its records'")
    }

    /// Whether the index has rows that no record has.
    private static func hasExtra(
        _ ledger: LedgerID,
        _ connection: isolated PostgresConnection
    ) throws -> Bool {
        try connection.run(
            """
            SELECT (
                SELECT count(*) FROM search WHERE ledger = $1 AND idx < 0
            ) + (
                SELECT count(*) FROM search
                WHERE ledger = $1 AND idx >= (SELECT size FROM heads WHERE ledger = $1)
            ) + (
                SELECT count(*) FROM blocks b, rolled r
                WHERE b.ledger = $1 AND r.ledger = $1
                    AND (b.number < 0 OR b.number >= r.size / \(BlockTerms.size))
            )
            """,
            [.uuid(ledger)]
        ).integer(0, 0) > 0
    }

    // MARK: Counts

    /// The sum that records of a range come to.
    private static func counted(
        _ ledger: LedgerID,
        _ range: Range<UInt64>,
        _ connection: isolated PostgresConnection
    ) throws -> UInt64 {
        guard !range.isEmpty else { return 0 }
        return try counts(of: range, ledger, connection).reduce(into: 0) { sum, count in
            sum &+= hash(count.key, count.value)
        }
    }

    /// How many records the stored counts are of, and the sum they come to.
    private static func stored(
        _ ledger: LedgerID,
        _ connection: isolated PostgresConnection
    ) throws -> (rolled: UInt64?, sum: UInt64) {
        let rows = try connection.run(
            "SELECT size FROM rolled WHERE ledger = $1",
            [.uuid(ledger)]
        )
        let rolled = rows.count == 1 ? UInt64(clamping: rows.integer(0, 0)) : nil
        var sum: UInt64 = 0
        var last = CountKey(dimension: -1, hour: 0, value: [])
        while true {
            let rows = try connection.run(
                """
                SELECT dimension, hour, value, count FROM counts
                WHERE ledger = $1 AND (dimension, hour, value) > ($2, $3, $4)
                ORDER BY dimension, hour, value LIMIT 4096
                """,
                [
                    .uuid(ledger), .integer(last.dimension), .integer(last.hour),
                    .bytes(last.value),
                ]
            )
            for row in 0..<rows.count {
                last = CountKey(
                    dimension: rows.integer(row, 0),
                    hour: rows.integer(row, 1),
                    value: rows.bytes(row, 2)
                )
                sum &+= hash(last, rows.integer(row, 3))
            }
            guard rows.count == 4096 else { return (rolled, sum) }
        }
    }

    /// A hash under a key that is drawn anew by each process, so that nobody can prepare changes
    /// whose sum is nothing.
    private static func hash(_ key: CountKey, _ count: Int64) -> UInt64 {
        var hasher = Hasher()
        hasher.combine(key)
        return UInt64(bitPattern: Int64(hasher.finalize())) &* UInt64(bitPattern: count)
    }
}
