// SPDX-License-Identifier: Apache-2.0

internal import CairnLedger

/// The steps from an empty database to today's schema, forward only; a step that shipped never
/// changes.
enum Migrations {
    /// Every step: its number, the oldest program that can work with what it leaves, and its text.
    static let steps: [(version: Int64, readableBy: Int64, sql: String)] = [
        (1, 1, LedgerMigration.sql)
    ]

    /// The newest schema this program knows.
    static var newest: Int64 { Int64(steps.count) }

    /// A number that no other program locks: `CARN`.
    private static let lock: Int64 = 0x4341_524E

    /// Brings a database up to date; of several that try at once one does it.
    static func migrate(_ connection: isolated PostgresConnection) throws {
        try connection.run("SELECT pg_advisory_lock($1)", [.integer(lock)])
        defer { _ = try? connection.run("SELECT pg_advisory_unlock($1)", [.integer(lock)]) }
        try connection.run(
            """
            CREATE TABLE IF NOT EXISTS cairn_schema (
                version     bigint PRIMARY KEY,
                readable_by bigint NOT NULL
            )
            """
        )
        let version = try self.version(connection).version
        for step in steps where step.version > version {
            try connection.transaction { connection in
                try connection.runScript(step.sql)
                try connection.run(
                    "INSERT INTO cairn_schema VALUES ($1, $2)",
                    [.integer(step.version), .integer(step.readableBy)]
                )
            }
        }
    }

    /// The schema a database has, and the oldest program that can work with it.
    static func version(
        _ connection: isolated PostgresConnection
    ) throws -> (version: Int64, readableBy: Int64) {
        let rows = try connection.run(
            "SELECT version, readable_by FROM cairn_schema ORDER BY version DESC LIMIT 1"
        )
        guard rows.count == 1 else { return (0, 0) }
        return (rows.integer(0, 0), rows.integer(0, 1))
    }
}
