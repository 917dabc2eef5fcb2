// SPDX-License-Identifier: Apache-2.0

internal import CairnLedger

/// The steps from an empty database to today's schema, forward only; a step that shipped never
/// changes.
enum Migrations {
    /// One step.
    struct Step: Sendable {
        /// Its number; the same in every store.
        let version: Int64
        /// The oldest schema whose programs can work with what the step leaves.
        let readableBy: Int64
        /// Tables and indexes, without triggers.
        let tables: String
        /// The tables whose rows belong to one ledger each, by their column `ledger`; a cluster may
        /// keep them on many nodes.
        var distributed: [String] = []
        /// Triggers, which a cluster takes only after the tables are distributed.
        var seals = ""
        /// What holds where the tables are not distributed.
        var onOneNode = ""
    }

    /// Every step.
    static let steps = [
        LedgerMigration.step, KeysMigration.step, ReplaysMigration.step, ViewersMigration.step,
        QueueMigration.step, JobsMigration.step,
    ]

    /// The newest schema this program knows.
    static var newest: Int64 { Int64(steps.count) }

    /// A number that no other program locks: `CARN`.
    private static let lock: Int64 = 0x4341_524E

    /// Brings a database up to date; of several that try at once one does it.
    ///
    /// With `isCluster`, tables of records are distributed by ledger with Citus' functions.
    static func migrate(
        _ connection: isolated PostgresConnection,
        isCluster: Bool = false
    ) throws {
        for step in steps {
            try connection.transaction { connection in
                try connection.run("SET LOCAL statement_timeout = 0")
                // Until the end of the transaction, so that no pooler in between can lose it.
                try connection.run(
                    "SELECT pg_advisory_xact_lock($1)",
                    [.integer(lock)],
                    within: nil
                )
                try connection.run(
                    """
                    CREATE TABLE IF NOT EXISTS cairn_schema (
                        version     bigint PRIMARY KEY,
                        readable_by bigint NOT NULL
                    )
                    """
                )
                guard try version(connection)?.version ?? 0 < step.version else { return }
                try connection.runScript(step.tables, within: nil)
                if isCluster {
                    try distribute(step.distributed, connection)
                } else if !step.onOneNode.isEmpty {
                    try connection.runScript(step.onOneNode, within: nil)
                }
                if !step.seals.isEmpty { try connection.runScript(step.seals, within: nil) }
                try connection.run(
                    "INSERT INTO cairn_schema VALUES ($1, $2)",
                    [.integer(step.version), .integer(step.readableBy)]
                )
            }
        }
    }

    /// Distributes tables by ledger, together, and allows triggers on them for this transaction.
    private static func distribute(
        _ tables: [String],
        _ connection: isolated PostgresConnection
    ) throws {
        guard let first = tables.first else { return }
        for table in tables {
            try connection.run(
                "SELECT create_distributed_table($1::text::regclass, 'ledger', colocate_with => $2)",
                [.text(table), .text(table == first ? "none" : first)],
                within: nil
            )
        }
        try connection.run("SET LOCAL citus.enable_unsafe_triggers = on")
    }

    /// The schema a database has, and the oldest program that can work with it; nil for none.
    static func version(
        _ connection: isolated PostgresConnection
    ) throws -> (version: Int64, readableBy: Int64)? {
        let table = try connection.run("SELECT to_regclass('cairn_schema') IS NOT NULL")
        guard table.bytes(0, 0) == [1] else { return nil }
        let rows = try connection.run(
            "SELECT version, readable_by FROM cairn_schema ORDER BY version DESC LIMIT 1"
        )
        return rows.count == 1 ? (rows.integer(0, 0), rows.integer(0, 1)) : nil
    }
}
