// SPDX-License-Identifier: Apache-2.0

internal import CLibPQ

/// The rows of a statement, in the binary form of their columns.
final class PostgresRows {
    private let result: OpaquePointer?

    init(_ result: OpaquePointer?) {
        self.result = result
    }

    deinit {
        PQclear(result)
    }

    /// Whether the statement was carried out.
    var isGood: Bool {
        let status = PQresultStatus(result)
        return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK
    }

    /// The five characters that SQL has for what failed.
    var state: String? {
        PQresultErrorField(result, Int32(UInt8(ascii: "C"))).map { String(cString: $0) }
    }

    /// What failed, in the server's words.
    var message: String? {
        PQresultErrorField(result, Int32(UInt8(ascii: "M"))).map { String(cString: $0) }
    }

    /// How many there are.
    var count: Int { Int(PQntuples(result)) }

    /// How many rows a statement changed that returns none.
    var changedCount: Int {
        PQcmdTuples(result).flatMap { Int(String(cString: $0)) } ?? 0
    }

    func isNull(_ row: Int, _ column: Int) -> Bool {
        PQgetisnull(result, Int32(row), Int32(column)) == 1
    }

    func bytes(_ row: Int, _ column: Int) -> [UInt8] {
        guard let value = PQgetvalue(result, Int32(row), Int32(column)) else { return [] }
        let count = Int(PQgetlength(result, Int32(row), Int32(column)))
        return Array(UnsafeRawBufferPointer(start: value, count: count))
    }

    /// How many bytes a column has.
    func length(_ row: Int, _ column: Int) -> Int {
        Int(PQgetlength(result, Int32(row), Int32(column)))
    }

    func text(_ row: Int, _ column: Int) -> String {
        String(decoding: bytes(row, column), as: UTF8.self)
    }

    /// A column of type `int8`.
    func integer(_ row: Int, _ column: Int) -> Int64 {
        guard let value = PQgetvalue(result, Int32(row), Int32(column)) else { return 0 }
        let count = Int(PQgetlength(result, Int32(row), Int32(column)))
        return UnsafeRawBufferPointer(start: value, count: count).reduce(0) {
            $0 << 8 | Int64($1)
        }
    }
}
