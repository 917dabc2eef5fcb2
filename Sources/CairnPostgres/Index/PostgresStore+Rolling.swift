// SPDX-License-Identifier: Apache-2.0

internal import Cairn
package import CairnLedger

extension PostgresStore {
    /// How many records are counted at a time.
    static let rollSize: UInt64 = 4 * BlockTerms.size

    /// Takes what commits left for the index of terms into it, so that searches need not read it.
    package func tidy() async throws(StoreError) {
        try await pool.use { _ = try $0.run("SELECT cairn_tidy()") }
    }

    /// Brings the index up to what was added by this process, if anything was.
    package func catchUp() async throws(StoreError) {
        guard memory.takeUntidied() else { return }
        try await tidy()
        try await rollDue()
    }

    /// Counts what can be counted, in all ledgers.
    ///
    /// What is left is done by the next one: until then the records themselves are looked at.
    package func rollDue() async throws(StoreError) {
        let ledgers = try await pool.use { connection in
            let rows = try connection.run(
                """
                SELECT r.ledger FROM rolled r JOIN heads h ON h.ledger = r.ledger
                WHERE h.size - r.size >= \(PostgresStore.rollSize)
                """
            )
            return (0..<rows.count).compactMap { LedgerID(Hex.encode(rows.bytes($0, 0))) }
        }
        for ledger in ledgers { try await roll(ledger) }
    }

    /// Counts records, as many at a time as ``rollSize`` says, and keeps the times of their blocks.
    ///
    /// Of several servers that try at once, one does it.
    func roll(_ ledger: LedgerID) async throws(StoreError) {
        while try await pool.use(
            isWrite: true,
            { connection in
                try connection.transaction { try PostgresStore.rollOnce(ledger, $0) }
            }
        ) {}
    }

    /// Returns whether there may be more to do.
    private static func rollOnce(
        _ ledger: LedgerID,
        _ connection: isolated PostgresConnection
    ) throws -> Bool {
        let locked = try connection.run(
            "SELECT size FROM rolled WHERE ledger = $1 FOR UPDATE SKIP LOCKED",
            [.uuid(ledger)]
        )
        let head = try connection.run("SELECT size FROM heads WHERE ledger = $1", [.uuid(ledger)])
        guard locked.count == 1, head.count == 1 else { return false }
        let range = UInt64(locked.integer(0, 0))..<UInt64(locked.integer(0, 0)) + rollSize
        guard UInt64(head.integer(0, 0)) >= range.upperBound else { return false }
        let counts = try counts(of: range, ledger, connection)
        try connection.run(
            """
            INSERT INTO counts
            SELECT $1, u.* FROM unnest($2::bigint[], $3::bigint[], $4::bytea[], $5::bigint[]) u
            ON CONFLICT (ledger, dimension, hour, value)
            DO UPDATE SET count = counts.count + excluded.count
            """,
            [
                .uuid(ledger), .integers(counts.map(\.key.dimension)),
                .integers(counts.map(\.key.hour)), .byteStrings(counts.map(\.key.value)),
                .integers(counts.map(\.value)),
            ]
        )
        try connection.run(
            """
            INSERT INTO blocks
            SELECT ledger, idx / \(BlockTerms.size), min(occurred_at), max(occurred_at)
            FROM search WHERE ledger = $1 AND idx >= $2 AND idx < $3
            GROUP BY ledger, idx / \(BlockTerms.size)
            """,
            values(ledger, range)
        )
        try connection.run(
            "UPDATE rolled SET size = $2 WHERE ledger = $1",
            [.uuid(ledger), .integer(Int64(range.upperBound))]
        )
        return true
    }

    /// What records count for, in the order of the counts' key.
    static func counts(
        of range: Range<UInt64>,
        _ ledger: LedgerID,
        _ connection: isolated PostgresConnection
    ) throws -> [(key: CountKey, value: Int64)] {
        let rows = try connection.run(
            """
            SELECT s.occurred_at, p.fields FROM search s
            LEFT JOIN payloads p ON p.ledger = s.ledger AND p.idx = s.idx
            WHERE s.ledger = $1 AND s.idx >= $2 AND s.idx < $3
            """,
            values(ledger, range)
        )
        guard rows.count == range.count else {
            throw StoreError.corrupt("the search index lacks records; make it anew")
        }
        var counts: [CountKey: Int64] = [:]
        for row in 0..<rows.count {
            let fields = rows.isNull(row, 1) ? Fields() : Fields(unchecked: rows.bytes(row, 1))
            CountKey.count(fields, at: rows.integer(row, 0), into: &counts)
        }
        return counts.sorted { $0.key < $1.key }
    }
}

/// What a row of `counts` counts.
struct CountKey: Hashable, Comparable {
    /// The dimension that counts every record, whatever it says.
    static let total: Int64 = 0

    let dimension: Int64
    let hour: Int64
    let value: [UInt8]

    static func < (left: CountKey, right: CountKey) -> Bool {
        (left.dimension, left.hour) != (right.dimension, right.hour)
            ? (left.dimension, left.hour) < (right.dimension, right.hour)
            : left.value.lexicographicallyPrecedes(right.value)
    }

    /// Counts a record in each of its dimensions.
    static func count(
        _ fields: Fields,
        at nanoseconds: Int64,
        into counts: inout [CountKey: Int64]
    ) {
        guard Statistics.counts(fields) else { return }
        let hour = Statistics.hour(of: nanoseconds)
        counts[CountKey(dimension: total, hour: hour, value: []), default: 0] += 1
        for field in fields {
            guard case .known(let known) = field.path,
                let dimension = Statistics.Dimension(known)
            else { continue }
            let value = fields.withValue(of: field) { Array($0) }
            let key = CountKey(dimension: Int64(dimension.rawValue), hour: hour, value: value)
            counts[key, default: 0] += 1
        }
    }
}
