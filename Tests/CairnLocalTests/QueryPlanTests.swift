// SPDX-License-Identifier: Apache-2.0

import CairnLedger
import CairnTesting
import Foundation
import GRDB
import Synchronization
import Testing

@testable import CairnLocal

@Suite("Every query uses an index")
struct QueryPlanTests {
    @Test("No statement of a page or of statistics scans a table of records")
    func plans() async throws {
        try await withTemporaryFolder { folder in
            let disk = try await LedgerOnDisk.make(in: folder, count: 300)
            let store = try await LocalStore.open(at: folder)
            let statements = Mutex<Set<String>>([])
            try await store.pool.read { db in
                db.trace { event in
                    if case .statement(let statement) = event {
                        statements.withLock { _ = $0.insert(statement.sql) }
                    }
                }
                try LocalStoreProbe.runEveryQuery(db, store, ledger: 1)
                db.trace(options: [])
            }
            let plans = try await store.pool.read { db in
                try statements.withLock { $0 }.filter {
                    $0.contains("FROM") && !$0.hasPrefix("--") && !$0.contains("terms_config")
                }
                .map { sql in
                    (
                        sql,
                        try Row.fetchAll(
                            db,
                            sql: "EXPLAIN QUERY PLAN " + sql,
                            arguments: LocalStoreProbe.nulls(db, sql)
                        )
                        .map { $0["detail"] as String }
                    )
                }
            }
            #expect(plans.count >= 8)
            for (sql, details) in plans {
                for detail in details {
                    let isScan = detail.hasPrefix("SCAN") && !detail.contains("VIRTUAL TABLE INDEX")
                    #expect(!isScan, "\(sql)\n\(detail)")
                    #expect(!detail.contains("USE TEMP B-TREE FOR ORDER BY"), "\(sql)\n\(detail)")
                }
            }
            _ = disk
            try await store.close()
        }
    }
}

/// Runs the statements of every kind of page once, on one connection.
private enum LocalStoreProbe {
    static func runEveryQuery(_ db: Database, _ store: LocalStore, ledger: Int64) throws {
        var queries: [RecordQuery] = []
        for sort in [RecordQuery.Sort.occurredAt, .index] {
            for isDescending in [true, false] {
                var plain = RecordQuery()
                plain.sort = sort
                plain.isDescending = isDescending
                queries.append(plain)
                var filtered = plain
                filtered.filters = [Filter(.actorType, ["user"])]
                queries.append(filtered)
                var text = plain
                text.text = TextQuery(parsing: "user")
                queries.append(text)
            }
        }
        for query in queries {
            var blocks = TimeBlocks()
            _ = try PageSearch(
                db: db,
                ledger: ledger,
                query: query,
                expression: TermExpression(query, ledger: ledger),
                pending: [],
                places: Place.of(ledger, 0)..<Place.of(ledger, 300),
                match: TermExpression(query, ledger: ledger)?.match(
                    types: { _ in nil },
                    terms: { _ in nil }
                ),
                isNarrowed: false
            ).candidates(after: nil, limit: 51, blocks: &blocks)
        }
        _ = try LocalStore.records(db, ledger, 0..<10, contents: true)
        _ = try LocalStore.head(db, ledger)
    }

    /// As many nulls as a statement has parameters, or the value FTS5 needs to be planned.
    static func nulls(_ db: Database, _ sql: String) throws -> StatementArguments {
        let count = try db.makeStatement(sql: sql).sqliteStatementParameterCount
        return StatementArguments(Array(repeating: nil as Int?, count: count))
    }
}

extension Statement {
    fileprivate var sqliteStatementParameterCount: Int {
        sql.count { $0 == "?" }
    }
}
