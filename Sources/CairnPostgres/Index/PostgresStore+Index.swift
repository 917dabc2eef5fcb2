// SPDX-License-Identifier: Apache-2.0

internal import Cairn
package import CairnLedger

extension PostgresStore: RecordIndex {
    package func page(
        _ query: RecordQuery,
        in ledger: LedgerID,
        size: UInt64,
        after place: PagePosition?,
        limit: Int
    ) async throws(StoreError) -> [FoundRecord] {
        // A condition without a value is met by nothing.
        guard !query.filters.contains(where: \.values.isEmpty) else { return [] }
        var (found, blocks, place) = ([FoundRecord](), memory.blocks(of: ledger), place)
        var wanted = limit
        // Terms may be shared and phrases are not in the index, so what is found is checked, and the
        // search goes on where something fell away, with more at a time. Each round has a connection
        // of its own, so that a long search does not keep others from theirs.
        while true {
            let (known, start, count) = (blocks, place, wanted)
            let round = try await read(ledger, of: size) { connection in
                try PostgresStore.round(query, ledger, size, known, start, count, connection)
            }
            blocks = round.blocks
            found += round.found.filter { query.matches($0.record) }
            guard found.count < limit, round.found.count == wanted, !Task.isCancelled,
                let last = round.found.last?.record
            else { break }
            place = PagePosition(occurredAt: last.occurredAt, index: last.index)
            wanted = min(PostgresStore.roundLimit, wanted * 4)
        }
        memory.remember(blocks, of: ledger)
        return Array(found.prefix(limit))
    }

    /// The most records that are compared with a query at a time.
    private static let roundLimit = 256

    /// Candidates of a page after a place, in its order.
    private static func round(
        _ query: RecordQuery,
        _ ledger: LedgerID,
        _ size: UInt64,
        _ known: TimeBlocks,
        _ place: PagePosition?,
        _ count: Int,
        _ connection: isolated PostgresConnection
    ) throws -> (found: [FoundRecord], blocks: TimeBlocks) {
        let terms = LedgerTerms(ledger)
        var blocks = known
        try PostgresStore.extend(&blocks, ledger, connection)
        let search = PlaceSearch(
            ledger: ledger,
            query: query,
            text: try TermExpression(query, terms.maker).map { expression in
                try SearchText(expression, terms) {
                    try PostgresStore.types($0, ledger, connection)
                }
            },
            places: try query.places(below: size) { index in
                let rows = try connection.run(
                    "SELECT leaf FROM entries WHERE ledger = $1 AND idx = $2",
                    [.uuid(ledger), .integer(Int64(index))]
                )
                return rows.count == 1 ? rows.bytes(0, 0) : nil
            }
        )
        let candidates = try search.candidates(
            after: place,
            limit: count,
            blocks: blocks,
            connection
        )
        return (try PostgresStore.found(candidates, ledger, connection), blocks)
    }

    /// Adds the full blocks that the database has beyond what is known here.
    static func extend(
        _ blocks: inout TimeBlocks,
        _ ledger: LedgerID,
        _ connection: isolated PostgresConnection
    ) throws {
        let rows = try connection.run(
            """
            SELECT number, low, high FROM blocks
            WHERE ledger = $1 AND number >= $2 ORDER BY number
            """,
            [.uuid(ledger), .integer(Int64(blocks.low.count))]
        )
        for row in 0..<rows.count {
            // Behind a gap, nothing is known.
            guard rows.integer(row, 0) == Int64(blocks.low.count) else { return }
            blocks.append(low: rows.integer(row, 1), high: rows.integer(row, 2))
        }
    }

    /// The types of records that begin as asked, or nil when there are too many.
    static func types(
        _ prefix: String,
        _ ledger: LedgerID,
        _ connection: isolated PostgresConnection
    ) throws -> [String]? {
        guard !prefix.utf8.contains(0) else { return [] }
        let rows = try connection.run(
            """
            SELECT type FROM types
            WHERE ledger = $1 AND type >= $2 AND starts_with(type, $2)
                AND type < $2 || U&'\\+10FFFF'
            ORDER BY type LIMIT \(SearchText.typeLimit + 1)
            """,
            [.uuid(ledger), .text(prefix)]
        )
        guard rows.count <= SearchText.typeLimit else { return nil }
        return (0..<rows.count).map { rows.text($0, 0) }
    }

    /// The records of candidates, in their order.
    private static func found(
        _ candidates: [PageCandidate],
        _ ledger: LedgerID,
        _ connection: isolated PostgresConnection
    ) throws -> [FoundRecord] {
        guard !candidates.isEmpty else { return [] }
        let rows = try connection.run(
            """
            SELECT \(recordColumns), b.chain
            FROM unnest($2::bigint[]) WITH ORDINALITY u (idx, number),
                LATERAL (SELECT * FROM entries WHERE ledger = $1 AND idx = u.idx OFFSET 0) e
            \(contentJoins)
            LEFT JOIN entries b ON b.ledger = e.ledger AND b.idx = e.idx - 1
            ORDER BY u.number
            """,
            [.uuid(ledger), .integers(candidates.map(\.place))]
        )
        guard rows.count == candidates.count else {
            throw StoreError.corrupt("a record that the index has is not in the store")
        }
        return try (0..<rows.count).map { row in
            let record = record(rows, row)
            guard record.index > 0 else {
                let origin = try connection.run(
                    "SELECT origin FROM tenants WHERE ledger = $1",
                    [.uuid(ledger)]
                )
                guard origin.count == 1 else {
                    throw StoreError.corrupt("a ledger's tenant is not in the store")
                }
                return FoundRecord(
                    record: record,
                    previousHash: Chain.start(origin: origin.text(0, 0))
                )
            }
            return FoundRecord(record: record, previousHash: try rows.digest(row, 8))
        }
    }
}
