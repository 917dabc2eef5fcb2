// SPDX-License-Identifier: Apache-2.0

internal import Cairn
package import CairnLedger
internal import GRDB
internal import Synchronization

extension LocalStore: RecordIndex {
    package func page(
        _ query: RecordQuery,
        in ledger: LedgerID,
        size: UInt64,
        after place: PagePosition?,
        limit: Int
    ) async throws(StoreError) -> [FoundRecord] {
        // A condition without a value is met by nothing.
        guard let number = try await number(of: ledger),
            !query.filters.contains(where: \.values.isEmpty)
        else { return [] }
        let expression = TermExpression(query, ledger: number)
        // Before the file is read: a record that is merged meanwhile is then in both, never in
        // neither.
        let pending = expression == nil ? [] : tail.records(of: number)
        let cached = blockCache.withLock { $0[number] } ?? TimeBlocks()
        let (found, blocks) = try await reading {
            try await pool.read { db in
                try LocalStore.needsIndex(db)
                var blocks = cached
                let places = try LocalStore.places(query, db, number, size)
                let search = PageSearch(
                    db: db,
                    ledger: number,
                    query: query,
                    expression: expression,
                    pending: pending,
                    places: places,
                    match: try expression?.match(
                        types: { try LocalStore.types($0, db, number) },
                        terms: { try LocalStore.terms($0, db) }
                    ),
                    isNarrowed: query.narrowsPlaces
                )
                let origin = try LocalStore.origin(db, number)
                var found: [FoundRecord] = []
                var place = place
                // Terms may be shared and phrases are not in the index, so what is found is
                // checked, and the search goes on where something fell away.
                while found.count < limit {
                    let wanted = limit - found.count
                    let candidates = try search.candidates(
                        after: place,
                        limit: wanted,
                        blocks: &blocks
                    )
                    for candidate in candidates {
                        let record = try LocalStore.found(db, candidate.place, origin: origin)
                        if query.matches(record.record) { found.append(record) }
                    }
                    guard candidates.count == wanted, let last = candidates.last else { break }
                    place = PagePosition(
                        occurredAt: Timestamp(nanoseconds: last.occurredAt),
                        index: Place.index(last.place)
                    )
                }
                return (found, blocks)
            }
        }
        remember(blocks, number)
        return found
    }

    /// The types of merged records that begin as asked, or nil when there are more than 100.
    static func types(_ prefix: String, _ db: Database, _ number: Int64) throws -> [String]? {
        let select = try RawStatement(
            db,
            """
            SELECT min(value) FROM search.counts WHERE ledger = ? AND dimension = ? AND value > ?
            """
        )
        let start = Array("\"\(prefix)".utf8)
        var types: [String] = []
        // A type's value is a canonical string, so it is greater than its own beginning.
        var last = start
        while types.count <= 100 {
            select.bind(1, number)
            select.bind(2, Int64(Statistics.Dimension.type.rawValue))
            select.bind(3, last)
            guard try select.step() else { return types }
            last = select.bytes(0)
            select.reset()
            guard last.starts(with: start) else { return types }
            types.append(String(decoding: last.dropFirst().dropLast(), as: UTF8.self))
        }
        return nil
    }

    /// The terms of the index that begin as asked, or nil when there are more than 100.
    static func terms(_ prefix: String, _ db: Database) throws -> [String]? {
        try listTerms(db)
        let select = try RawStatement(
            db,
            "SELECT term FROM temp.term_list WHERE term >= ? AND term <= ? LIMIT 101"
        )
        select.bind(1, prefix)
        // No text sorts behind this character.
        select.bind(2, prefix + "\u{10FFFF}")
        defer { select.reset() }
        var terms: [String] = []
        while try select.step() { terms.append(select.text(0)) }
        return terms.count <= 100 ? terms : nil
    }

    /// Lets a connection see the terms of the index as a table, `temp.term_list`.
    static func listTerms(_ db: Database) throws {
        try db.execute(
            sql: """
                CREATE VIRTUAL TABLE IF NOT EXISTS temp.term_list
                USING fts5vocab('\(IndexFile.schemaName)', 'terms', 'row')
                """
        )
    }

    private func remember(_ blocks: TimeBlocks, _ number: Int64) {
        blockCache.withLock { cache in
            if cache.count >= 256, cache[number] == nil { cache.removeAll() }
            if blocks.low.count >= cache[number]?.low.count ?? 0 { cache[number] = blocks }
        }
    }

    private static func origin(_ db: Database, _ number: Int64) throws -> String {
        try String.fetchOne(
            db,
            sql: "SELECT origin FROM tenants WHERE number = ?",
            arguments: [number]
        ) ?? ""
    }

    private static func places(
        _ query: RecordQuery,
        _ db: Database,
        _ number: Int64,
        _ size: UInt64
    ) throws -> Range<Int64> {
        let select = try RawStatement(db, "SELECT leaf FROM entries WHERE place = ?")
        let places = try query.places(below: size) { index in
            select.bind(1, Place.of(number, index))
            defer { select.reset() }
            return try select.step() ? select.bytes(0) : nil
        }
        return Place.of(number, places.lowerBound)..<Place.of(number, places.upperBound)
    }

    private static func found(_ db: Database, _ place: Int64, origin: String) throws -> FoundRecord
    {
        let index = Place.index(place)
        let number = place >> Place.indexBits
        guard
            let record = try records(db, number, index..<index + 1, contents: true).first
        else { throw StoreError.corrupt("record \(index) is not in the store") }
        guard index > 0 else {
            return FoundRecord(record: record, previousHash: Chain.start(origin: origin))
        }
        let select = try RawStatement(db, "SELECT chain FROM entries WHERE place = ?")
        select.bind(1, place - 1)
        guard try select.step() else {
            throw StoreError.corrupt("entry \(index - 1) is not in the store")
        }
        defer { select.reset() }
        return FoundRecord(record: record, previousHash: try select.digest(0))
    }
}
