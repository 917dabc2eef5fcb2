// SPDX-License-Identifier: Apache-2.0

package import CairnLedger
internal import GRDB
package import Logging
internal import Synchronization

/// Ledgers, directory and jobs in one SQLite file and their index in another, for one process at a
/// time.
///
/// Commits of all ledgers go through one writer: what waits while a transaction runs goes into the
/// next, together. See the module's README for the life of an event here.
package final class LocalStore: Sendable {
    /// How a store is opened.
    package enum Mode: Sendable {
        /// For use; creates the folder and the file when they are absent.
        case readWrite
        /// For an audit beside a server that runs, or of a copy; creates and changes nothing.
        case readOnly
    }

    /// The SQLite file's name within the folder.
    package static let fileName = "cairn.db"

    let pool: DatabasePool
    let wal: WriteAheadLog?
    /// The search index, of a store that is open for use.
    let index: IndexFile?
    let commits = CommitQueue()
    let tail = Tail()
    let numbers = Mutex<[LedgerID: Int64]>([:])
    let blockCache = Mutex<[Int64: TimeBlocks]>([:])
    private let lock: FolderLock?

    /// Opens the store of a folder, brings its schema up to date, and takes up the records that
    /// were not yet merged into the index when it was last closed.
    ///
    /// An index that does not belong to the records is made anew, which takes about a minute for a
    /// million of them; `logger` is told.
    ///
    /// - Throws: ``LocalStoreError`` saying why not and what to do.
    package static func open(
        at folder: String,
        mode: Mode = .readWrite,
        logger: Logger = Logger(label: "cairn.store") { _ in SwiftLogNoOpLogHandler() }
    ) async throws(LocalStoreError) -> LocalStore {
        do {
            if mode == .readWrite { try Folder.create(folder) }
            guard mode == .readWrite || Folder.hasFile(folder, fileName) else {
                throw LocalStoreError.absent(folder)
            }
            let lock = mode == .readWrite ? try FolderLock(folder) : nil
            guard let lock else {
                let pool = try connect(folder, mode)
                try await admit(pool)
                return LocalStore(pool, index: nil, lock: nil)
            }
            do {
                return try await open(folder, lock, logger)
            } catch  where LocalStoreError.mayBeOfIndex(error) {
                logger.warning("the search index may be damaged; made anew")
                IndexFile.remove(from: folder)
                return try await open(folder, lock, logger)
            }
        } catch {
            throw LocalStoreError(opening: error, in: folder)
        }
    }

    private static func open(
        _ folder: String,
        _ lock: FolderLock,
        _ logger: Logger
    ) async throws -> LocalStore {
        try Folder.makeFile(folder + "/" + fileName)
        try Folder.makeFile(folder + "/" + IndexFile.fileName)
        let pool = try connect(folder, .readWrite)
        do {
            try await prepare(pool)
            let index = try IndexFile.open(folder, of: pool, logger: logger)
            let store = LocalStore(pool, index: index, lock: lock)
            try await store.takeUpUnmerged(logger)
            return store
        } catch {
            try? pool.close()
            throw error
        }
    }

    private init(_ pool: DatabasePool, index: IndexFile?, lock: FolderLock?) {
        self.pool = pool
        self.index = index
        self.lock = lock
        wal = index.map { _ in WriteAheadLog(pool.path) }
    }

    private static func connect(_ folder: String, _ mode: Mode) throws -> DatabasePool {
        var configuration = GRDB.Configuration()
        configuration.readonly = mode == .readOnly
        configuration.maximumReaderCount = 4
        configuration.busyMode = .timeout(5)
        configuration.foreignKeysEnabled = false
        configuration.prepareDatabase { db in
            // Page cache in KiB; 16 MiB a connection.
            try db.execute(sql: "PRAGMA cache_size = -16384; PRAGMA recursive_triggers = ON")
            // A transaction of the writer would lock what it sees.
            guard db.configuration.readonly else { return }
            do {
                try IndexFile.attach(folder, to: db)
            } catch  where mode == .readOnly {
                // An audit of the records needs no index, and one of the index says that it lacks.
            }
        }
        return try DatabasePool(path: folder + "/" + fileName, configuration: configuration)
    }

    /// Says whether a file that is open for reading alone can be read.
    private static func admit(_ pool: DatabasePool) async throws {
        try await pool.read { db in
            let version = try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0
            try Migrations.admit(db, version)
            guard version > 0 else { throw LocalStoreError.notAStore }
            if let orphan = try LocalStore.orphan(db) {
                throw LocalStoreError.damaged("ledger \(orphan) has records and no tenant")
            }
            guard FileHeader(of: pool.path).isWritable else {
                throw LocalStoreError.damaged("its header names no format of SQLite's")
            }
        }
    }

    /// Brings a file that is open for use up to date.
    private static func prepare(_ pool: DatabasePool) async throws {
        try await pool.writeWithoutTransaction { db in
            try Migrations.migrate(db)
            // The pool sets NORMAL when it enters WAL mode; an acknowledged record needs FULL.
            try db.execute(sql: "PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0")
            guard try Int.fetchOne(db, sql: "PRAGMA synchronous") == 2 else {
                throw LocalStoreError.failed("SQLite does not keep synchronous = FULL")
            }
        }
    }

    /// Merges what waits and closes the files.
    ///
    /// The store is not usable afterwards.
    package func close() async throws(StoreError) {
        // What cannot be merged now is merged at the next start.
        try? await merge()
        try await writing {
            try index?.close()
            try wal?.close()
            try await pool.writeWithoutTransaction { db in
                try db.execute(sql: "PRAGMA wal_checkpoint(TRUNCATE)")
            }
            try pool.close()
        }
        lock?.release()
    }

    /// Says whether the file can be read, and written as much as a small batch takes.
    package func ping() async throws(StoreError) {
        guard tail.count <= Tail.limitCount else {
            throw .unavailable(LocalStoreError.failed("the search index takes no more records"))
        }
        try await writing {
            try await pool.write { db in
                try db.execute(
                    sql: "INSERT OR REPLACE INTO store VALUES ('ping', zeroblob(65536))"
                )
            }
        }
    }

    /// The number that stands for a ledger in this file.
    func number(of ledger: LedgerID) async throws(StoreError) -> Int64? {
        if let number = numbers.withLock({ $0[ledger] }) { return number }
        let found = try await reading {
            try await pool.read { db in
                try Int64.fetchOne(
                    db,
                    sql: "SELECT number FROM tenants WHERE ledger = ?",
                    arguments: [ledger.text]
                )
            }
        }
        if let found { numbers.withLock { $0[ledger] = found } }
        return found
    }

    /// The number of a ledger that must exist.
    func knownNumber(of ledger: LedgerID) async throws(StoreError) -> Int64 {
        guard let number = try await number(of: ledger) else {
            throw .corrupt("ledger \(ledger) is not in the store")
        }
        return number
    }
}

/// A record's place in the file: ledger number and index in one integer.
enum Place {
    static let indexBits: Int64 = 40

    static func of(_ ledger: Int64, _ index: UInt64) -> Int64 {
        precondition(index < 1 << 40, "a ledger has at most 2^40 records")
        return ledger << indexBits | Int64(index)
    }

    static func index(_ place: Int64) -> UInt64 {
        UInt64(place & (1 << indexBits - 1))
    }
}
