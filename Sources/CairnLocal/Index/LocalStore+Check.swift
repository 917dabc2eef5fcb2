// SPDX-License-Identifier: Apache-2.0

package import Cairn
package import CairnLedger
internal import GRDB

extension LocalStore {
    /// Compares the full-text index with the records it was made from, block by block.
    ///
    /// Both sides are summed as hashes of term and place, so memory is 8 bytes a block whatever
    /// the ledger's size. Works on a copy that is open for reading alone, too.
    package func check(
        in ledger: LedgerID,
        progress: @Sendable (UInt64) -> Void
    ) async throws(StoreError) -> Fault? {
        guard let number = try await number(of: ledger) else { return nil }
        return try await reading {
            try await pool.read { db in
                try LocalStore.needsIndex(db)
                guard let merged = try LocalStore.merged(db, number) else {
                    return Fault(
                        index: 0,
                        kind: .columnMismatch,
                        detail: "the index claims to be of other records"
                    )
                }
                let size = Int64(try LocalStore.head(db, number)?.size ?? 0)
                guard size - merged <= Int64(Tail.limitCount) else {
                    return Fault(
                        index: UInt64(merged),
                        kind: .columnMismatch,
                        detail: "the search index lacks the records from here on"
                    )
                }
                var sums = [UInt64](repeating: 0, count: Int(merged / TimeBlocks.size) + 1)
                try addIndexed(db, number, merged, &sums)
                try subtractDerived(db, number, UInt64(merged), &sums, progress)
                guard let block = sums.firstIndex(where: { $0 != 0 }) else {
                    return try checkTimes(db, number, merged) ?? checkCounts(db, number, merged)
                        ?? checkFile(db)
                }
                return Fault(
                    index: UInt64(block) * UInt64(TimeBlocks.size),
                    kind: .columnMismatch,
                    detail: "the search index differs from the records within "
                        + "\(TimeBlocks.size) records from here"
                )
            }
        }
    }

    /// How many records the index says it holds, or nil when it speaks of others than these.
    private static func merged(_ db: Database, _ number: Int64) throws -> Int64? {
        let select = try RawStatement(
            db,
            """
            SELECT m.size, m.chain = e.chain AND m.size <= h.size
            FROM search.merged m JOIN heads h USING (ledger)
                JOIN entries e ON e.place = (m.ledger << \(Place.indexBits)) + m.size - 1
            WHERE m.ledger = ?
            """
        )
        select.bind(1, number)
        guard try select.step() else {
            let sql = "SELECT count(*) FROM search.merged WHERE ledger = ?"
            return try Int64.fetchOne(db, sql: sql, arguments: [number]) == 0 ? 0 : nil
        }
        defer { select.reset() }
        return select.integer(1) == 1 ? select.integer(0) : nil
    }

    /// Sums what searches find: every term of the index is looked up as a search looks it up,
    /// because a walk along the index would not notice a term that no search reaches any more.
    private func addIndexed(
        _ db: Database,
        _ number: Int64,
        _ merged: Int64,
        _ sums: inout [UInt64]
    ) throws {
        try LocalStore.listTerms(db)
        let probes = try TermProbes(db)
        let prefix = LocalStore.termPrefix(number)
        // The kinds of term, each in a range of its own: 12f…, 12t…, 12w….
        for kind in ["f", "t", "w"] {
            let select = try RawStatement(
                db,
                "SELECT term FROM temp.term_list WHERE term >= ? AND term < ?"
            )
            let end = String(UnicodeScalar((kind.utf8.first ?? 0) + 1))
            select.bind(1, prefix + kind)
            select.bind(2, prefix + end)
            while try select.step() {
                let term = select.bytes(0)
                try probes.places(of: term) { place in
                    guard let place, place >> Place.indexBits == number,
                        case let index = Int64(Place.index(place)), index < merged
                    else {
                        sums[sums.count - 1] &+= 1
                        return
                    }
                    sums[Int(index / TimeBlocks.size)] &+= LocalStore.hash(term[...], place)
                }
            }
        }
    }

    private func subtractDerived(
        _ db: Database,
        _ number: Int64,
        _ merged: UInt64,
        _ sums: inout [UInt64],
        _ progress: (UInt64) -> Void
    ) throws {
        var at: UInt64 = 0
        while at < merged {
            let next = min(at + 1024, merged)
            let records = try LocalStore.records(db, number, at..<next, contents: true)
            for pending in PendingRecord.make(records, ledger: number) {
                let block = Int(Int64(Place.index(pending.place)) / TimeBlocks.size)
                let terms = pending.terms.split(whereSeparator: {
                    $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\n")
                })
                for term in Set(terms) {
                    sums[block] &-= LocalStore.hash(term, pending.place)
                }
            }
            at = next
            progress(at)
        }
    }

    private func checkTimes(_ db: Database, _ number: Int64, _ merged: Int64) throws -> Fault? {
        let stored = try RawStatement(
            db,
            "SELECT low, high FROM search.blocks WHERE ledger = ? AND number = ?"
        )
        let derived = try RawStatement(
            db,
            "SELECT min(occurred_at), max(occurred_at) FROM records WHERE place >= ? AND place < ?"
        )
        let blocks = (merged + TimeBlocks.size - 1) / TimeBlocks.size
        for block in 0..<blocks {
            stored.bind(1, number)
            stored.bind(2, block)
            derived.bind(1, Place.of(number, UInt64(block * TimeBlocks.size)))
            derived.bind(2, Place.of(number, UInt64(min((block + 1) * TimeBlocks.size, merged))))
            defer {
                stored.reset()
                derived.reset()
            }
            guard try stored.step(), try derived.step(), stored.integer(0) == derived.integer(0),
                stored.integer(1) == derived.integer(1)
            else {
                return Fault(
                    index: UInt64(block * TimeBlocks.size),
                    kind: .columnMismatch,
                    detail: "the stored times of block \(block) are not its records'"
                )
            }
        }
        let count = try Int64.fetchOne(
            db,
            sql: "SELECT count(*) FROM search.blocks WHERE ledger = ?",
            arguments: [number]
        )
        guard count != blocks else { return nil }
        return Fault(
            index: UInt64(merged),
            kind: .columnMismatch,
            detail: "the index has times of records that it has not merged"
        )
    }

    /// Compares the counts with those of the records, as sums over hashes.
    private func checkCounts(_ db: Database, _ number: Int64, _ merged: Int64) throws -> Fault? {
        var sum: UInt64 = 0
        let select = try RawStatement(
            db,
            "SELECT dimension, value, hour, count FROM search.counts WHERE ledger = ?"
        )
        select.bind(1, number)
        while try select.step() {
            let key = [UInt8(truncatingIfNeeded: select.integer(0))] + select.bytes(1)
            sum &+=
                LocalStore.hash(key[...], select.integer(2))
                &* UInt64(bitPattern: select.integer(3))
        }
        for first in stride(from: 0, to: UInt64(merged), by: 1024) {
            let range = first..<min(first + 1024, UInt64(merged))
            let records = try LocalStore.records(db, number, range, contents: true)
            var counts: [CountKey: Int64] = [:]
            for pending in PendingRecord.make(records, ledger: number) {
                CountKey.count(pending, into: &counts)
            }
            for (key, count) in counts {
                sum &-=
                    LocalStore.hash(([key.dimension] + key.value)[...], key.hour)
                    &* UInt64(bitPattern: count)
            }
        }
        guard sum != 0 else { return nil }
        return Fault(
            index: 0,
            kind: .columnMismatch,
            detail: "the stored counts are not the records'"
        )
    }

    /// SQLite's own check of the file.
    private func checkFile(_ db: Database) throws -> Fault? {
        let result = try String.fetchOne(db, sql: "PRAGMA integrity_check(1)") ?? "no answer"
        guard result == "ok" else {
            return Fault(index: 0, kind: .columnMismatch, detail: "SQLite finds: \(result)")
        }
        let version = try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0
        guard version == Migrations.newest else { return nil }
        let differing = try LocalStore.schema(db, "main").symmetricDifference(
            LocalStore.schema(of: Migrations.steps.map(\.sql))
        ).union(
            LocalStore.schema(db, IndexFile.schemaName).symmetricDifference(
                LocalStore.schema(of: [IndexSchema.sql])
            )
        )
        guard let name = differing.sorted().first else { return nil }
        return Fault(
            index: 0,
            kind: .columnMismatch,
            detail: "the schema is not Cairn's: "
                + name.split(separator: " ").prefix(2).joined(separator: " ")
        )
    }

    /// The schema that statements make.
    static func schema(of statements: [String]) throws -> Set<String> {
        try DatabaseQueue().write { scratch in
            try scratch.execute(sql: statements.joined(separator: ";"))
            return try schema(scratch, "main")
        }
    }

    /// Everything that a file defines, each as its kind, name and definition; FTS5's own tables too.
    static func schema(_ db: Database, _ name: String) throws -> Set<String> {
        let select = try RawStatement(db, "SELECT type, name, sql FROM \(name).sqlite_schema")
        defer { select.reset() }
        var schema: Set<String> = []
        while try select.step() {
            // Statistics that ANALYZE leaves decide how a query is answered, never what.
            guard !select.text(1).hasPrefix("sqlite_stat") else { continue }
            schema.insert("\(select.text(0)) \(select.text(1)) \(select.text(2))")
        }
        return schema
    }

    /// A hash under a key that is drawn anew by each process, so that nobody can prepare changes
    /// whose sum is nothing.
    static func hash(_ term: ArraySlice<UInt8>, _ place: Int64) -> UInt64 {
        var hasher = Hasher()
        term.withUnsafeBytes { hasher.combine(bytes: $0) }
        hasher.combine(place)
        return UInt64(bitPattern: Int64(hasher.finalize()))
    }
}

/// Looks terms up as searches do, from the beginning and from places in the middle.
private struct TermProbes {
    /// How many places of a term lie between two looks from the middle.
    private static let distance = 64

    private let all: RawStatement
    private let next: RawStatement
    private let last: RawStatement

    init(_ db: Database) throws {
        let sql = "SELECT rowid FROM search.terms WHERE terms MATCH ?"
        all = try RawStatement(db, sql + " ORDER BY rowid")
        next = try RawStatement(db, sql + " AND rowid >= ? ORDER BY rowid LIMIT 1")
        last = try RawStatement(db, sql + " AND rowid < ? ORDER BY rowid DESC LIMIT 1")
    }

    /// Visits the places of a term; nil stands for one that not every search finds.
    func places(of term: [UInt8], _ body: (Int64?) -> Void) throws {
        guard term.allSatisfy(TermProbes.isToken) else { return body(nil) }
        let match = [UInt8(ascii: "\"")] + term + [UInt8(ascii: "\"")]
        all.bindText(1, match)
        defer { all.reset() }
        var count = 0
        while try all.step() {
            let place = all.integer(0)
            body(place)
            count += 1
            guard count % TermProbes.distance == 0 else { continue }
            if try first(next, match, place) != place { body(nil) }
            if try first(last, match, place + 1) != place { body(nil) }
        }
        if count == 0 { body(nil) }
    }

    private func first(
        _ statement: RawStatement,
        _ match: [UInt8],
        _ place: Int64
    ) throws -> Int64? {
        statement.bindText(1, match)
        statement.bind(2, place)
        guard try statement.step() else { return nil }
        defer { statement.reset() }
        return statement.integer(0)
    }

    /// What the tokenizer of `terms` leaves together.
    private static func isToken(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), 0x80...,
            UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: ":"), UInt8(ascii: "-"):
            true
        default: false
        }
    }
}
