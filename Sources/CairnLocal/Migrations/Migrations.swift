// SPDX-License-Identifier: Apache-2.0

internal import GRDB

/// The steps from an empty file to today's schema, forward only; a step that shipped never changes.
enum Migrations {
    /// Every step: its number, the oldest program that can read what it leaves, and its text.
    static let steps: [(version: Int, readableBy: Int, sql: String)] = [
        (1, 1, LedgerMigration.sql),
        (2, 1, KeysMigration.sql),
        (3, 1, ReplaysMigration.sql),
        (4, 1, ViewersMigration.sql),
        (5, 1, QueueMigration.sql),
        (6, 6, JobsMigration.sql),
    ]

    /// The newest schema this program knows.
    static var newest: Int { steps.count }

    /// Brings a file up to date, or says that it is of a newer program.
    static func migrate(_ db: Database) throws {
        let version = try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0
        try admit(db, version)
        for step in steps where step.version > version {
            try db.inTransaction(.immediate) {
                try db.execute(sql: step.sql)
                if version == 0 {
                    try db.execute(sql: "PRAGMA application_id = \(applicationID)")
                }
                try db.execute(
                    sql: "INSERT OR REPLACE INTO store VALUES ('readable_by', CAST(? AS BLOB))",
                    arguments: [String(step.readableBy)]
                )
                try db.execute(sql: "PRAGMA user_version = \(step.version)")
                return .commit
            }
        }
    }

    /// Refuses a file that is not ours or needs a newer program.
    static func admit(_ db: Database, _ version: Int) throws {
        let application = try Int.fetchOne(db, sql: "PRAGMA application_id") ?? 0
        let isEmpty = try Int.fetchOne(db, sql: "SELECT count(*) FROM sqlite_schema") == 0
        guard !isEmpty || version != 0 else { return }
        guard application == applicationID, version > 0 else {
            let isOurs = try db.tableExists("entries") && db.tableExists("heads")
            throw isOurs ? LocalStoreError.damaged("its header is not Cairn's") : .notAStore
        }
        guard version > newest else { return }
        let readableBy = try String.fetchOne(
            db,
            sql: "SELECT CAST(value AS TEXT) FROM store WHERE key = 'readable_by'"
        )
        guard let needed = readableBy.flatMap(Int.init), needed <= newest else {
            throw LocalStoreError.newerSchema(version)
        }
    }

    /// `CARN`, in the header of every file of ours.
    static let applicationID = 0x4341_524E
}
