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
        let path = folder + "/" + fileName
        do {
            let index = try IndexFile(connect(path))
            if try index.fits(records) { return index }
            try index.queue.close()
            logger.warning("the search index is of other records or another schema; made anew")
        } catch let error as DatabaseError
            where [.SQLITE_CORRUPT, .SQLITE_NOTADB].contains(error.resultCode)
        {
            logger.warning("the search index is damaged; made anew")
        }
        for suffix in ["", "-wal", "-shm"] {
            try? FileManager.default.removeItem(atPath: path + suffix)
        }
        return try IndexFile(connect(path))
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
            guard try Int.fetchOne(db, sql: "PRAGMA user_version") == IndexSchema.version else {
                return nil
            }
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

    /// Lets a connection that reads the records see the index, if there is one to be seen.
    static func attach(_ folder: String, to db: Database) throws {
        guard Folder.hasFile(folder, fileName) else { return }
        do {
            try db.execute(
                sql: "ATTACH ? AS \(schemaName)",
                arguments: [folder + "/" + fileName]
            )
        } catch is DatabaseError {
            // The records are read all the same, and what needs the index says what it lacks.
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
