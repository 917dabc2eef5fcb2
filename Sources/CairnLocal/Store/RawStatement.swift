// SPDX-License-Identifier: Apache-2.0

internal import Cairn
internal import GRDB
internal import GRDBSQLite

/// A cached statement, bound and stepped without boxing its arguments: the hot loops' own way.
///
/// It is reset when nobody has it any more: one that was left in the middle would hold what its
/// connection sees, and the next reader of that connection would be shown the past.
final class RawStatement {
    private let statement: Statement
    private let handle: OpaquePointer
    private let connection: Database

    init(_ db: Database, _ sql: String) throws {
        statement = try db.cachedStatement(sql: sql)
        handle = statement.sqliteStatement
        connection = db
        sqlite3_reset(handle)
    }

    deinit {
        sqlite3_reset(handle)
    }

    func bind(_ position: Int32, _ value: Int64) {
        sqlite3_bind_int64(handle, position, value)
    }

    func bind(_ position: Int32, ifPresent value: Int64?) {
        if let value { bind(position, value) } else { sqlite3_bind_null(handle, position) }
    }

    func bind(_ position: Int32, _ value: String) {
        var copy = value
        copy.withUTF8 { bytes in
            bytes.withMemoryRebound(to: CChar.self) { text in
                _ = sqlite3_bind_text(
                    handle,
                    position,
                    text.baseAddress,
                    Int32(text.count),
                    RawStatement.transient
                )
            }
        }
    }

    /// Binds bytes that SQLite copies.
    func bind(_ position: Int32, _ value: [UInt8]) {
        value.withUnsafeBytes { bind(position, $0) }
    }

    func bind(_ position: Int32, _ value: UnsafeRawBufferPointer) {
        if value.isEmpty {
            sqlite3_bind_zeroblob(handle, position, 0)
        } else {
            sqlite3_bind_blob(
                handle,
                position,
                value.baseAddress,
                Int32(value.count),
                RawStatement.transient
            )
        }
    }

    func bind(_ position: Int32, _ value: Digest) {
        value.withUnsafeBytes { bind(position, $0) }
    }

    /// Binds UTF-8 that SQLite copies, as text.
    func bindText(_ position: Int32, _ value: [UInt8]) {
        value.withUnsafeBytes { bytes in
            _ = sqlite3_bind_text(
                handle,
                position,
                bytes.bindMemory(to: CChar.self).baseAddress,
                Int32(bytes.count),
                RawStatement.transient
            )
        }
    }

    /// Runs a statement that gives no rows, and makes it ready for the next.
    func run() throws {
        let code = sqlite3_step(handle)
        sqlite3_reset(handle)
        guard code == SQLITE_DONE || code == SQLITE_ROW else { throw failure(code) }
    }

    /// Steps to the next row; false at the end, after which the statement is ready for the next.
    func step() throws -> Bool {
        let code = sqlite3_step(handle)
        if code == SQLITE_ROW { return true }
        sqlite3_reset(handle)
        guard code == SQLITE_DONE else { throw failure(code) }
        return false
    }

    /// Ends a walk before its last row.
    func reset() {
        sqlite3_reset(handle)
    }

    func integer(_ column: Int32) -> Int64 {
        sqlite3_column_int64(handle, column)
    }

    func isNull(_ column: Int32) -> Bool {
        sqlite3_column_type(handle, column) == SQLITE_NULL
    }

    func bytes(_ column: Int32) -> [UInt8] {
        guard let start = sqlite3_column_blob(handle, column) else { return [] }
        let count = Int(sqlite3_column_bytes(handle, column))
        return [UInt8](UnsafeRawBufferPointer(start: start, count: count))
    }

    func text(_ column: Int32) -> String {
        String(decoding: bytes(column), as: UTF8.self)
    }

    func digest(_ column: Int32) throws -> Digest {
        let count = Int(sqlite3_column_bytes(handle, column))
        guard count == Digest.byteCount, let start = sqlite3_column_blob(handle, column),
            let digest = Digest(UnsafeRawBufferPointer(start: start, count: count))
        else { throw Damage.notAHash }
        return digest
    }

    private func failure(_ code: Int32) -> DatabaseError {
        DatabaseError(
            resultCode: ResultCode(rawValue: code),
            message: connection.sqliteConnection.map { String(cString: sqlite3_errmsg($0)) }
        )
    }

    private static var transient: sqlite3_destructor_type {
        unsafeBitCast(-1, to: sqlite3_destructor_type.self)
    }
}

/// What a stored row can be wrong in beyond what SQLite notices.
enum Damage: Error {
    case notAHash
    case notAnID
}
