// SPDX-License-Identifier: Apache-2.0

internal import Cairn
internal import CairnLedger

/// A parameter of a statement, in the binary form of its type (PostgreSQL's `send` and `recv`).
struct PostgresValue: Sendable {
    /// The type's number in the catalogue; fixed for types that come with the server.
    let type: UInt32
    /// The bytes, or nil for NULL.
    let bytes: [UInt8]?

    private enum Number {
        static let bytea: UInt32 = 17
        static let int8: UInt32 = 20
        static let text: UInt32 = 25
        static let textArray: UInt32 = 1009
        static let byteaArray: UInt32 = 1001
        static let int8Array: UInt32 = 1016
        static let uuid: UInt32 = 2950
        static let uuidArray: UInt32 = 2951
        static let tsvector: UInt32 = 3614
        static let tsvectorArray: UInt32 = 3643
    }

    private init(_ type: UInt32, _ bytes: [UInt8]?) {
        (self.type, self.bytes) = (type, bytes)
    }

    static func integer(_ value: Int64?) -> PostgresValue {
        PostgresValue(Number.int8, value.map(bigEndian))
    }

    static func text(_ value: String?) -> PostgresValue {
        PostgresValue(Number.text, value.map { Array($0.utf8) })
    }

    static func bytes(_ value: [UInt8]?) -> PostgresValue { PostgresValue(Number.bytea, value) }

    static func digest(_ value: Digest) -> PostgresValue { .bytes(value.bytes) }

    static func uuid(_ value: LedgerID) -> PostgresValue {
        PostgresValue(Number.uuid, Hex.decode(value.text))
    }

    static func integers(_ values: [Int64]) -> PostgresValue {
        array(Number.int8Array, of: Number.int8, values.map(bigEndian))
    }

    static func uuids(_ values: [EventID]) -> PostgresValue {
        array(Number.uuidArray, of: Number.uuid, values.map { $0.withUnsafeBytes { Array($0) } })
    }

    static func byteStrings(_ values: [[UInt8]]) -> PostgresValue {
        array(Number.byteaArray, of: Number.bytea, values)
    }

    static func texts(_ values: [String]) -> PostgresValue {
        array(Number.textArray, of: Number.text, values.map { Array($0.utf8) })
    }

    static func vectors(_ values: [TermVector]) -> PostgresValue {
        array(Number.tsvectorArray, of: Number.tsvector, values.map(\.bytes))
    }

    /// An array of one dimension: dimensions, whether NULLs are in it, the elements' type, how many,
    /// the first one's number, and each with its length.
    private static func array(
        _ type: UInt32,
        of element: UInt32,
        _ values: [[UInt8]]
    ) -> PostgresValue {
        guard !values.isEmpty else {
            return PostgresValue(type, word(0) + word(0) + word(Int32(element)))
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(20 + values.reduce(0) { $0 + 4 + $1.count })
        bytes += word(1) + word(0) + word(Int32(element)) + word(Int32(values.count)) + word(1)
        for value in values { bytes += word(Int32(value.count)) + value }
        return PostgresValue(type, bytes)
    }

    private static func word(_ value: Int32) -> [UInt8] {
        withUnsafeBytes(of: value.bigEndian) { Array($0) }
    }

    private static func bigEndian(_ value: Int64) -> [UInt8] {
        withUnsafeBytes(of: value.bigEndian) { Array($0) }
    }
}
