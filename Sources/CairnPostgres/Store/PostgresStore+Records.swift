// SPDX-License-Identifier: Apache-2.0

package import Cairn
package import CairnLedger

extension PostgresStore: LedgerStore {
    package func head(of ledger: LedgerID) async throws(StoreError) -> Head? {
        try await pool.use { connection in
            try PostgresStore.head(connection.run(PostgresStore.headStatement, [.uuid(ledger)]))
        }
    }

    static let headStatement = """
        SELECT size, frontier, root, chain, last_received_at, epoch FROM heads WHERE ledger = $1
        """

    /// Reads the row of a head, if there is one.
    static func head(_ rows: PostgresRows) throws -> Head? {
        guard rows.count == 1 else { return nil }
        guard let size = UInt64(exactly: rows.integer(0, 0)),
            let frontier = Frontier(size: size, packed: rows.bytes(0, 1)),
            let root = Digest(rows.bytes(0, 2)), frontier.root == root,
            let chain = Digest(rows.bytes(0, 3))
        else { throw StoreError.corrupt("the stored head is malformed") }
        return Head(
            frontier: frontier,
            chain: chain,
            lastReceivedAt: rows.integer(0, 4),
            epoch: rows.integer(0, 5)
        )
    }

    package func indexes(
        of ids: [EventID],
        in ledger: LedgerID
    ) async throws(StoreError) -> [EventID: UInt64] {
        guard !ids.isEmpty else { return [:] }
        return try await pool.use { connection in
            let rows = try connection.run(
                "SELECT id, idx FROM entries WHERE ledger = $1 AND id = ANY ($2)",
                [.uuid(ledger), .uuids(ids)]
            )
            var indexes: [EventID: UInt64] = [:]
            for row in 0..<rows.count {
                guard let id = EventID(bytes: rows.bytes(row, 0)) else { continue }
                indexes[id] = UInt64(clamping: rows.integer(row, 1))
            }
            return indexes
        }
    }

    package func records(
        in ledger: LedgerID,
        at range: Range<UInt64>,
        contents: Bool,
        upTo bytes: Int
    ) async throws(StoreError) -> [StoredRecord] {
        // A join would look up record after record; three tables are read in their order instead.
        let span = "WHERE ledger = $1 AND idx >= $2 AND idx < $3"
        let values = PostgresStore.values(ledger, range)
        var statements = [
            ("SELECT idx, leaf, leaf_hash, chain, id FROM entries \(span) ORDER BY idx", values)
        ]
        if contents {
            let payloads = """
                SELECT idx, seed, fields FROM (
                    SELECT *, sum(octet_length(fields)) OVER (ORDER BY idx ROWS UNBOUNDED PRECEDING)
                        - octet_length(fields) AS before
                    FROM payloads \(span)) AS sized
                WHERE before < $4 ORDER BY idx
                """
            statements += [
                ("SELECT idx, occurred_at FROM search \(span) ORDER BY idx", values),
                (payloads, values + [.integer(Int64(bytes))]),
            ]
        }
        let asked = statements
        return try await pool.use { connection in
            let rows = try connection.run(together: asked)
            guard rows.count == asked.count else {
                throw StoreError.corrupt("the server left an answer out")
            }
            return contents
                ? PostgresStore.records(rows[0], times: rows[1], contents: rows[2], upTo: bytes)
                : PostgresStore.records(rows[0], upTo: bytes)
        }
    }

    /// Joins rows of entries with those of their times and contents, where these were read.
    private static func records(
        _ entries: PostgresRows,
        times: PostgresRows? = nil,
        contents: PostgresRows? = nil,
        upTo bytes: Int
    ) -> [StoredRecord] {
        var (timed, kept) = (times.map(RowCursor.init), contents.map(RowCursor.init))
        var records: [StoredRecord] = []
        records.reserveCapacity(entries.count)
        var sum = 0
        for row in 0..<entries.count where sum < bytes {
            let index = entries.integer(row, 0)
            let content = kept?.row(of: index)
            let record = record(
                entries,
                row,
                id: contents == nil ? nil : EventID(bytes: entries.bytes(row, 4)),
                occurredAt: timed?.row(of: index).flatMap { times?.integer($0, 1) },
                payload: content.flatMap { row in contents.flatMap { payload($0, row, 1) } }
            )
            // As the server counts: also what cannot be read.
            sum += record.leaf.count + (content.flatMap { contents?.length($0, 2) } ?? 0)
            records.append(record)
        }
        return records
    }

    /// The columns of a record, as ``record(_:_:)`` reads them.
    static let recordColumns =
        "e.idx, e.leaf, e.leaf_hash, e.chain, e.id, s.occurred_at, p.seed, p.fields"

    /// Where the columns of a record's contents are.
    static let contentJoins = """
        LEFT JOIN search s ON s.ledger = e.ledger AND s.idx = e.idx
        LEFT JOIN payloads p ON p.ledger = e.ledger AND p.idx = e.idx
        """

    static func values(_ ledger: LedgerID, _ range: Range<UInt64>) -> [PostgresValue] {
        [
            .uuid(ledger), .integer(Int64(clamping: range.lowerBound)),
            .integer(Int64(clamping: range.upperBound)),
        ]
    }

    /// An id that no record has.
    private static let noID = EventID(version4From: [UInt8](repeating: 0, count: 16))

    /// Reads a row of ``recordColumns``.
    static func record(_ rows: PostgresRows, _ row: Int) -> StoredRecord {
        record(
            rows,
            row,
            id: EventID(bytes: rows.bytes(row, 4)),
            occurredAt: rows.integer(row, 5),
            payload: payload(rows, row, 6)
        )
    }

    /// Reads a row that begins with what an entry has; a column that is gone or malformed becomes a
    /// value that no record has, so that an audit names it as a fault instead of stopping.
    private static func record(
        _ rows: PostgresRows,
        _ row: Int,
        id: EventID?,
        occurredAt: Int64?,
        payload: Payload?
    ) -> StoredRecord {
        StoredRecord(
            index: UInt64(clamping: rows.integer(row, 0)),
            leaf: rows.bytes(row, 1),
            leafHash: Digest(rows.bytes(row, 2)) ?? Digest.emptyRoot,
            chain: Digest(rows.bytes(row, 3)) ?? Digest.emptyRoot,
            id: id ?? noID,
            occurredAt: Timestamp(nanoseconds: occurredAt ?? 0),
            payload: payload
        )
    }

    /// Reads a seed and the fields behind it, or nil if they are gone.
    private static func payload(_ rows: PostgresRows, _ row: Int, _ column: Int) -> Payload? {
        guard !rows.isNull(row, column), let seed = Seed(rows.bytes(row, column)) else {
            return nil
        }
        return Payload(seed: seed, fields: Fields(unchecked: rows.bytes(row, column + 1)))
    }

    package func leafHashes(
        in ledger: LedgerID,
        at range: Range<UInt64>
    ) async throws(StoreError) -> [Digest] {
        guard !range.isEmpty else { return [] }
        return try await pool.use { connection in
            let rows = try connection.run(
                """
                SELECT leaf_hash FROM entries
                WHERE ledger = $1 AND idx >= $2 AND idx < $3 ORDER BY idx
                """,
                PostgresStore.values(ledger, range)
            )
            return try (0..<rows.count).map { try rows.digest($0, 0) }
        }
    }

    package func tile(
        _ coordinate: TileCoordinate,
        in ledger: LedgerID
    ) async throws(StoreError) -> Tile? {
        guard coordinate.width == Tile.fullWidth else { return nil }
        let range = coordinate.index..<coordinate.index + 1
        return try await tiles(level: coordinate.level, at: range, in: ledger).first
    }

    package func tiles(
        level: Int,
        at range: Range<UInt64>,
        in ledger: LedgerID
    ) async throws(StoreError) -> [Tile] {
        try await pool.use { connection in
            let rows = try connection.run(
                """
                SELECT number, hashes FROM tiles
                WHERE ledger = $1 AND level = $4 AND number >= $2 AND number < $3 ORDER BY number
                """,
                PostgresStore.values(ledger, range) + [.integer(Int64(level))]
            )
            var tiles: [Tile] = []
            for row in 0..<rows.count {
                guard rows.integer(row, 0) == Int64(clamping: range.lowerBound) + Int64(row),
                    let tile = Tile(bytes: rows.bytes(row, 1), width: Tile.fullWidth)
                else { break }
                tiles.append(tile)
            }
            return tiles
        }
    }

    package func lastIndex(in ledger: LedgerID) async throws(StoreError) -> UInt64? {
        try await pool.use { connection in
            let rows = try connection.run(
                "SELECT idx FROM entries WHERE ledger = $1 ORDER BY idx DESC LIMIT 1",
                [.uuid(ledger)]
            )
            return rows.count == 1 ? UInt64(clamping: rows.integer(0, 0)) : nil
        }
    }

    // MARK: Checkpoints

    package func keep(
        _ checkpoint: SignedNote,
        size: UInt64,
        in ledger: LedgerID
    ) async throws(StoreError) {
        guard try await head(of: ledger) != nil else {
            throw .corrupt("the ledger does not exist")
        }
        try await pool.use { connection in
            _ = try connection.run(
                "INSERT INTO checkpoints VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
                [.uuid(ledger), .integer(Int64(clamping: size)), .text(checkpoint.encoded)]
            )
        }
    }

    package func checkpoints(
        in ledger: LedgerID,
        from size: UInt64,
        limit: Int
    ) async throws(StoreError) -> [(size: UInt64, note: String)] {
        try await pool.use { connection in
            let rows = try connection.run(
                """
                SELECT size, note FROM checkpoints
                WHERE ledger = $1 AND size >= $2 ORDER BY size LIMIT $3
                """,
                [.uuid(ledger), .integer(Int64(clamping: size)), .integer(Int64(limit))]
            )
            return (0..<rows.count).map { row in
                (UInt64(clamping: rows.integer(row, 0)), rows.text(row, 1))
            }
        }
    }

    package func newestCheckpoint(in ledger: LedgerID) async throws(StoreError) -> SignedNote? {
        let text = try await pool.use { connection in
            let rows = try connection.run(
                "SELECT note FROM checkpoints WHERE ledger = $1 ORDER BY size DESC LIMIT 1",
                [.uuid(ledger)]
            )
            return rows.count == 1 ? rows.text(0, 0) : nil
        }
        guard let text else { return nil }
        guard let note = try? SignedNote(parsing: text) else {
            throw .corrupt("the newest stored checkpoint is no signed note")
        }
        return note
    }
}

/// A way through rows in order of their first column, an index.
private struct RowCursor {
    private let rows: PostgresRows
    private var next = 0

    init(_ rows: PostgresRows) {
        self.rows = rows
    }

    /// The row of an index, which is above those that were asked for before.
    mutating func row(of index: Int64) -> Int? {
        while next < rows.count {
            let found = rows.integer(next, 0)
            guard found < index else { return found == index ? next : nil }
            next += 1
        }
        return nil
    }
}
