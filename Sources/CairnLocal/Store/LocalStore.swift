// SPDX-License-Identifier: Apache-2.0

package import CairnLedger
internal import GRDB
internal import Synchronization

/// Ledgers, index, directory and jobs in one SQLite file, for one process at a time.
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
    let commits = CommitQueue()
    let tail = Tail()
    let numbers = Mutex<[LedgerID: Int64]>([:])
    let blockCache = Mutex<[Int64: TimeBlocks]>([:])
    private let lock: FolderLock?

    /// Opens the store of a folder, brings its schema up to date, and takes up the records that
    /// were not yet merged into the index when it was last closed.
    ///
    /// - Throws: ``LocalStoreError`` saying why not and what to do.
    package static func open(
        at folder: String,
        mode: Mode = .readWrite
    ) async throws(LocalStoreError) -> LocalStore {
        do {
            if mode == .readWrite { try Folder.create(folder) }
            guard mode == .readWrite || Folder.hasFile(folder, fileName) else {
                throw LocalStoreError.absent(folder)
            }
            let lock = mode == .readWrite ? try FolderLock(folder) : nil
            let store = try LocalStore(folder, mode: mode, lock: lock)
            try await store.prepare(mode)
            return store
        } catch {
            throw LocalStoreError(opening: error, in: folder)
        }
    }

    private init(_ folder: String, mode: Mode, lock: FolderLock?) throws {
        var configuration = GRDB.Configuration()
        configuration.readonly = mode == .readOnly
        configuration.maximumReaderCount = 4
        configuration.busyMode = .timeout(5)
        configuration.foreignKeysEnabled = false
        configuration.prepareDatabase { db in
            // Page cache in KiB; 16 MiB a connection.
            try db.execute(sql: "PRAGMA cache_size = -16384; PRAGMA recursive_triggers = ON")
        }
        self.lock = lock
        wal = mode == .readWrite ? WriteAheadLog(folder + "/" + LocalStore.fileName) : nil
        pool = try DatabasePool(
            path: folder + "/" + LocalStore.fileName,
            configuration: configuration
        )
    }

    private func prepare(_ mode: Mode) async throws {
        guard mode == .readWrite else {
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
            return
        }
        try await pool.writeWithoutTransaction { db in
            try Migrations.migrate(db)
            // The pool sets NORMAL when it enters WAL mode; an acknowledged record needs FULL.
            try db.execute(
                sql: """
                    PRAGMA synchronous = FULL;
                    PRAGMA wal_autocheckpoint = 0;
                    INSERT INTO terms (terms, rank) VALUES ('hashsize', 8388608);
                    """
            )
            guard try Int.fetchOne(db, sql: "PRAGMA synchronous") == 2 else {
                throw LocalStoreError.failed("SQLite does not keep synchronous = FULL")
            }
        }
        try await takeUpUnmerged()
    }

    /// Merges what waits and closes the file.
    ///
    /// The store is not usable afterwards.
    package func close() async throws(StoreError) {
        try await merge()
        try await writing {
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
