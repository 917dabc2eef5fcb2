// SPDX-License-Identifier: Apache-2.0

internal import Cairn
internal import Foundation
internal import GRDB
internal import Logging

/// The file of the search index, with a writer of its own, so that no commit waits for a merge.
///
/// It is derived: one that is damaged, of another schema or of other records is thrown away when
/// the store is opened, and made anew. So its commits do not wait for the disk; what a power loss
/// takes is merged again.
final class IndexFile: Sendable {
    /// The SQLite file's name within the folder.
    static let fileName = "index.db"

    /// The name under which readers of the records see the index.
    static let schemaName = "search"

    let queue: DatabaseQueue

    private init(_ queue: DatabaseQueue) {
        self.queue = queue
    }

    /// Opens a folder's index for use, an empty one where it does not belong to `records`.
    static func open(
        _ folder: String,
        of records: DatabasePool,
        logger: Logger
    ) throws -> IndexFile {
        let index = try IndexFile(connect(folder + "/" + fileName))
        if try index.fits(records) { return index }
        try index.queue.close()
        logger.warning("the search index is of other records or another schema; made anew")
        remove(from: folder)
        return try IndexFile(connect(folder + "/" + fileName))
    }

    private static func connect(_ path: String) throws -> DatabaseQueue {
        var configuration = GRDB.Configuration()
        configuration.busyMode = .timeout(5)
        configuration.journalMode = .wal
        configuration.prepareDatabase { db in
            // Page cache in KiB; the log is shortened, by the merges alone, at 4,096 pages.
            try db.execute(
                sql: """
                    PRAGMA synchronous = NORMAL;
                    PRAGMA cache_size = -16384;
                    PRAGMA wal_autocheckpoint = 4096
                    """
            )
        }
        let queue = try DatabaseQueue(path: path, configuration: configuration)
        try queue.write { db in
            guard try Int.fetchOne(db, sql: "SELECT count(*) FROM sqlite_schema") == 0 else {
                return
            }
            try db.execute(sql: IndexSchema.sql)
            try db.execute(
                sql: """
                    INSERT INTO terms (terms, rank) VALUES ('hashsize', 8388608);
                    PRAGMA user_version = \(IndexSchema.version)
                    """
            )
        }
        return queue
    }

    /// Whether the index has this program's schema, and what it has merged are these records.
    private func fits(_ records: DatabasePool) throws -> Bool {
        let merged = try queue.read { db -> [(ledger: Int64, size: Int64, chain: [UInt8])]? in
            guard try Int.fetchOne(db, sql: "PRAGMA user_version") == IndexSchema.version,
                try LocalStore.schema(db, "main") == LocalStore.schema(of: [IndexSchema.sql])
            else { return nil }
            let select = try RawStatement(db, "SELECT ledger, size, chain FROM merged")
            defer { select.reset() }
            var rows: [(Int64, Int64, [UInt8])] = []
            while try select.step() {
                rows.append((select.integer(0), select.integer(1), select.bytes(2)))
            }
            return rows
        }
        guard let merged else { return false }
        // The writer: it is the one connection that does not see the index.
        return try records.writeWithoutTransaction { db in
            let select = try RawStatement(
                db,
                """
                SELECT e.chain FROM heads h JOIN entries e ON e.place = ?
                WHERE h.ledger = ? AND h.size >= ?
                """
            )
            return try merged.allSatisfy { row in
                guard row.size > 0 else { return false }
                select.bind(1, Place.of(row.ledger, UInt64(row.size - 1)))
                select.bind(2, row.ledger)
                select.bind(3, row.size)
                defer { select.reset() }
                return try select.step() && select.bytes(0) == row.chain
            }
        }
    }

    /// Lets a connection that reads the records see the index.
    static func attach(_ folder: String, to db: Database) throws {
        try db.execute(
            sql: "ATTACH ? AS \(schemaName)",
            arguments: [folder + "/" + fileName]
        )
    }

    /// Removes a folder's index, which is made anew when the store is opened.
    static func remove(from folder: String) {
        for suffix in ["", "-wal", "-shm"] {
            try? FileManager.default.removeItem(atPath: folder + "/" + fileName + suffix)
        }
    }

    /// Writes back the log and lets go of the file.
    func close() throws {
        try queue.writeWithoutTransaction { db in
            try db.execute(sql: "PRAGMA wal_checkpoint(TRUNCATE)")
        }
        try queue.close()
    }
}
