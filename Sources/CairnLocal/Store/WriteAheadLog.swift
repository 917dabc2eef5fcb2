// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import GRDB
internal import Synchronization

/// Keeps the write-ahead log short without making commits wait for it.
///
/// Most of the log is copied into the database on a connection of its own, beside the writer; the
/// writer then copies the little that came meanwhile and begins the log anew. SQLite's automatic
/// checkpoint would copy all of it within somebody's commit.
final class WriteAheadLog: Sendable {
    /// How long the log may grow before it is shortened.
    static let limitBytes = 16 << 20

    private struct State {
        var connection: DatabaseQueue?
        var isShortening = false
    }

    private let path: String
    private let state = Mutex(State())

    /// Looks after the log of a database.
    init(_ path: String) {
        self.path = path
    }

    /// Begins to shorten a log that is too long; returns at once.
    func shortenIfLong(writer: DatabasePool) {
        var status = stat()
        guard stat(path + "-wal", &status) == 0, status.st_size > WriteAheadLog.limitBytes else {
            return
        }
        let connection = state.withLock { state -> DatabaseQueue? in
            guard !state.isShortening else { return nil }
            if state.connection == nil { state.connection = try? WriteAheadLog.connect(path) }
            state.isShortening = state.connection != nil
            return state.connection
        }
        connection?.asyncWriteWithoutTransaction { db in
            // A checkpoint that fails loses nothing; the next one does its work.
            try? db.execute(sql: "PRAGMA wal_checkpoint(PASSIVE)")
            writer.asyncWriteWithoutTransaction { db in
                try? db.execute(
                    sql: """
                        PRAGMA busy_timeout = 0;
                        PRAGMA wal_checkpoint(TRUNCATE);
                        PRAGMA busy_timeout = 5000
                        """
                )
                self.state.withLock { $0.isShortening = false }
            }
        }
    }

    private static func connect(_ path: String) throws -> DatabaseQueue {
        var configuration = GRDB.Configuration()
        configuration.busyMode = .timeout(5)
        configuration.prepareDatabase { db in
            try db.execute(sql: "PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0")
        }
        return try DatabaseQueue(path: path, configuration: configuration)
    }

    /// Ends the connection, when the store is closed.
    func close() throws {
        try state.withLock { state in
            try state.connection?.close()
            state.connection = nil
        }
    }
}
