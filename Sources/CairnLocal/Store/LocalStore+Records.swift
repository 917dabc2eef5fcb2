// SPDX-License-Identifier: Apache-2.0

package import Cairn
package import CairnLedger
internal import GRDB

extension LocalStore: LedgerStore {
    package func head(of ledger: LedgerID) async throws(StoreError) -> Head? {
        guard let number = try await number(of: ledger) else { return nil }
        return try await reading {
            try await pool.read { db in try LocalStore.head(db, number) }
        }
    }

    static func head(_ db: Database, _ number: Int64) throws -> Head? {
        let select = try RawStatement(
            db,
            """
            SELECT size, frontier, root, chain, last_received_at, epoch
            FROM heads WHERE ledger = ?
            """
        )
        select.bind(1, number)
        guard try select.step() else { return nil }
        defer { select.reset() }
        let size = select.integer(0)
        guard size >= 0, let frontier = Frontier(size: UInt64(size), packed: select.bytes(1)),
            try frontier.root == select.digest(2)
        else { throw StoreError.corrupt("the stored head of ledger \(number) is malformed") }
        return Head(
            frontier: frontier,
            chain: try select.digest(3),
            lastReceivedAt: select.integer(4),
            epoch: select.integer(5)
        )
    }

    package func indexes(
        of ids: [EventID],
        in ledger: LedgerID
    ) async throws(StoreError) -> [EventID: UInt64] {
        guard let number = try await number(of: ledger) else { return [:] }
        return try await reading {
            try await pool.read { db in
                let select = try RawStatement(
                    db,
                    "SELECT place FROM records WHERE ledger = ? AND id = ?"
                )
                var found: [EventID: UInt64] = [:]
                for id in ids {
                    select.bind(1, number)
                    id.withUnsafeBytes { select.bind(2, $0) }
                    if try select.step() {
                        found[id] = Place.index(select.integer(0))
                        select.reset()
                    }
                }
                return found
            }
        }
    }

    package func records(
        in ledger: LedgerID,
        at range: Range<UInt64>,
        contents: Bool,
        upTo bytes: Int
    ) async throws(StoreError) -> [StoredRecord] {
        guard let number = try await number(of: ledger) else { return [] }
        return try await reading {
            try await pool.read { db in
                try LocalStore.records(db, number, range, contents: contents, upTo: bytes)
            }
        }
    }

    static func records(
        _ db: Database,
        _ number: Int64,
        _ range: Range<UInt64>,
        contents: Bool,
        upTo bytes: Int = .max
    ) throws -> [StoredRecord] {
        let columns =
            contents
            ? "e.place, e.leaf, e.leaf_hash, e.chain, r.id, r.occurred_at, p.seed, p.fields, r.ledger"
            : "e.place, e.leaf, e.leaf_hash, e.chain"
        let joins =
            contents
            ? "LEFT JOIN records r ON r.place = e.place LEFT JOIN payloads p ON p.place = e.place"
            : ""
        let select = try RawStatement(
            db,
            """
            SELECT \(columns) FROM entries e \(joins)
            WHERE e.place >= ? AND e.place < ? ORDER BY e.place
            """
        )
        select.bind(1, Place.of(number, range.lowerBound))
        select.bind(2, Place.of(number, min(range.upperBound, 1 << 40 - 1)))
        var records: [StoredRecord] = []
        var sum = 0
        while sum < bytes, try select.step() {
            let record = try record(select, contents: contents, number)
            sum += record.leaf.count + (record.payload?.fields.byteCount ?? 0)
            records.append(record)
        }
        return records
    }

    /// An id that no record has.
    private static let noID = EventID(version4From: [UInt8](repeating: 0, count: 16))

    /// Reads a row; a column that is gone or malformed becomes a value that no record has, so that
    /// an audit names it as a fault instead of stopping.
    private static func record(
        _ row: RawStatement,
        contents: Bool,
        _ number: Int64
    ) throws -> StoredRecord {
        var payload: Payload?
        if contents, !row.isNull(6), let seed = Seed(row.bytes(6)) {
            payload = Payload(seed: seed, fields: Fields(unchecked: row.bytes(7)))
        }
        let isOurs = contents && row.integer(8) == number
        let id = isOurs ? EventID(bytes: row.bytes(4)) : nil
        return StoredRecord(
            index: Place.index(row.integer(0)),
            leaf: row.bytes(1),
            leafHash: (try? row.digest(2)) ?? Digest.emptyRoot,
            chain: (try? row.digest(3)) ?? Digest.emptyRoot,
            id: id ?? noID,
            occurredAt: Timestamp(nanoseconds: contents ? row.integer(5) : 0),
            payload: payload
        )
    }

    package func leafHashes(
        in ledger: LedgerID,
        at range: Range<UInt64>
    ) async throws(StoreError) -> [Digest] {
        guard let number = try await number(of: ledger) else { return [] }
        return try await reading {
            try await pool.read { db in
                let select = try RawStatement(
                    db,
                    """
                    SELECT leaf_hash FROM entries WHERE place >= ? AND place < ? ORDER BY place
                    """
                )
                select.bind(1, Place.of(number, range.lowerBound))
                select.bind(2, Place.of(number, min(range.upperBound, 1 << 40 - 1)))
                var hashes: [Digest] = []
                while try select.step() {
                    hashes.append(try select.digest(0))
                }
                return hashes
            }
        }
    }

    package func tile(
        _ coordinate: TileCoordinate,
        in ledger: LedgerID
    ) async throws(StoreError) -> Tile? {
        guard coordinate.width == Tile.fullWidth, let number = try await number(of: ledger) else {
            return nil
        }
        return try await reading {
            try await pool.read { db in
                let select = try RawStatement(
                    db,
                    "SELECT hashes FROM tiles WHERE ledger = ? AND level = ? AND number = ?"
                )
                select.bind(1, number)
                select.bind(2, Int64(coordinate.level))
                select.bind(3, Int64(clamping: coordinate.index))
                guard try select.step() else { return nil }
                defer { select.reset() }
                return Tile(bytes: select.bytes(0), width: Tile.fullWidth)
            }
        }
    }

    /// Compares the indexes by id and by time with the table they are of, as sums over hashes.
    package func damage(in ledger: LedgerID) async throws(StoreError) -> String? {
        let number = try await knownNumber(of: ledger)
        return try await reading {
            try await pool.read { db in
                func sum(_ column: String, _ source: String) throws -> [UInt64] {
                    let select = try RawStatement(
                        db,
                        "SELECT \(column), place FROM records \(source)"
                    )
                    select.bind(1, number)
                    var sum: UInt64 = 0
                    var count: UInt64 = 0
                    while try select.step() {
                        sum &+= LocalStore.hash(select.bytes(0)[...], select.integer(1))
                        count += 1
                    }
                    return [count, sum]
                }
                // Reading the table by place reads every column from the table itself.
                let places = "NOT INDEXED WHERE place >= ? << 40 AND place < (?1 + 1) << 40"
                let byID = "INDEXED BY records_by_id WHERE ledger = ?"
                let byTime = "INDEXED BY records_by_time WHERE ledger = ?"
                let time = "CAST(occurred_at AS TEXT)"
                guard try sum("id", byID) == sum("id", places) else {
                    return "the index by id is not the table's"
                }
                guard try sum(time, byTime) == sum(time, places) else {
                    return "the index by time is not the table's"
                }
                return nil
            }
        }
    }

    package func lastIndex(in ledger: LedgerID) async throws(StoreError) -> UInt64? {
        guard let number = try await number(of: ledger) else { return nil }
        return try await reading {
            try await pool.read { db in
                try Int64.fetchOne(
                    db,
                    sql: "SELECT max(place) FROM entries WHERE place >= ? AND place < ?",
                    arguments: [Place.of(number, 0), Place.of(number + 1, 0)]
                ).map(Place.index)
            }
        }
    }

    // MARK: Checkpoints

    package func keep(
        _ checkpoint: SignedNote,
        size: UInt64,
        in ledger: LedgerID
    ) async throws(StoreError) {
        let number = try await knownNumber(of: ledger)
        try await writing {
            try await pool.write { db in
                try db.execute(
                    sql: "INSERT INTO checkpoints VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                    arguments: [number, Int64(size), checkpoint.encoded]
                )
            }
        }
    }

    package func checkpoints(
        in ledger: LedgerID,
        from size: UInt64,
        limit: Int
    ) async throws(StoreError) -> [(size: UInt64, note: String)] {
        guard let number = try await number(of: ledger) else { return [] }
        return try await reading {
            try await pool.read { db in
                let select = try RawStatement(
                    db,
                    """
                    SELECT size, note FROM checkpoints
                    WHERE ledger = ? AND size >= ? ORDER BY size LIMIT ?
                    """
                )
                select.bind(1, number)
                select.bind(2, Int64(clamping: size))
                select.bind(3, Int64(limit))
                defer { select.reset() }
                var checkpoints: [(size: UInt64, note: String)] = []
                while try select.step() {
                    checkpoints.append((UInt64(clamping: select.integer(0)), select.text(1)))
                }
                return checkpoints
            }
        }
    }

    package func newestCheckpoint(in ledger: LedgerID) async throws(StoreError) -> SignedNote? {
        guard let number = try await number(of: ledger) else { return nil }
        let text = try await reading {
            try await pool.read { db in
                try String.fetchOne(
                    db,
                    sql: """
                        SELECT note FROM checkpoints WHERE ledger = ?
                        ORDER BY size DESC LIMIT 1
                        """,
                    arguments: [number]
                )
            }
        }
        guard let text else { return nil }
        guard let note = try? SignedNote(parsing: text) else {
            throw .corrupt("the newest stored checkpoint is no signed note")
        }
        return note
    }

    package func replaceHead(
        of ledger: LedgerID,
        expecting head: Head,
        with next: Head
    ) async throws(StoreError) {
        let number = try await knownNumber(of: ledger)
        try await writing {
            try await pool.write { db in
                guard try LocalStore.replaceHead(db, number, expecting: head, with: next) else {
                    throw StoreError.conflict
                }
            }
        }
    }
}
