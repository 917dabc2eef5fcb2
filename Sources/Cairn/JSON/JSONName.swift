// SPDX-License-Identifier: Apache-2.0

/// The name of a member of an object, compared by its bytes.
///
/// `String` compares by canonical equivalence, so that `"é"` equals `"e\u{301}"`; as names in JSON
/// the two differ. Names of up to 15 bytes are held without an allocation.
public struct JSONName: Hashable, Sendable {
    /// Bytes 0 to 7, the first in the lowest bits.
    private let low: UInt64
    /// Bytes 8 to 14, and the number of bytes in the highest eight bits.
    private let high: UInt64
    /// The bytes of a longer name, whose words are zero.
    private let long: [UInt8]?

    private static let inlineBytes = 15

    /// Makes a name of unescaped text.
    public init(_ text: String) {
        self.init(utf8: Array(text.utf8))
    }

    /// Makes a name of bytes that the caller knows to be UTF-8.
    init(utf8: [UInt8]) {
        guard utf8.count > Self.inlineBytes else {
            (low, high) = utf8.withUnsafeBytes { Self.words(of: $0) }
            long = nil
            return
        }
        (low, high, long) = (0, 0, utf8)
    }

    /// Makes a name of bytes that the caller knows to be UTF-8.
    init(utf8: UnsafeRawBufferPointer) {
        guard utf8.count > Self.inlineBytes else {
            (low, high) = Self.words(of: utf8)
            long = nil
            return
        }
        (low, high, long) = (0, 0, Array(utf8))
    }

    /// The name in UTF-8, unescaped.
    public var utf8: [UInt8] {
        withBytes { Array($0) }
    }

    /// The name as text, unescaped.
    public var text: String {
        withBytes { String(decoding: $0, as: UTF8.self) }
    }

    /// Whether the name has the same bytes as a literal; allocates nothing.
    public func equals(_ literal: StaticString) -> Bool {
        literal.withUTF8Buffer { buffer in
            let bytes = UnsafeRawBufferPointer(buffer)
            guard let long else {
                guard bytes.count == Int(high >> 56) else { return false }
                return (low, high) == Self.words(of: bytes)
            }
            return long.count == bytes.count && long.elementsEqual(bytes)
        }
    }

    private func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        if let long {
            return long.withUnsafeBytes(body)
        }
        return withUnsafeBytes(of: (low.littleEndian, high.littleEndian)) { words in
            body(UnsafeRawBufferPointer(rebasing: words[..<Int(high >> 56)]))
        }
    }

    /// Packs at most 15 bytes and their number; loads overlap so that none passes the end.
    private static func words(of bytes: UnsafeRawBufferPointer) -> (UInt64, UInt64) {
        let count = bytes.count
        var high = UInt64(count) << 56
        switch count {
        case 0:
            return (0, high)
        case 1...3:
            let middle = count / 2
            return (
                UInt64(bytes[0]) | UInt64(bytes[middle]) << (8 * middle)
                    | UInt64(bytes[count - 1]) << (8 * (count - 1)), high
            )
        case 4...7:
            let first = bytes.loadUnaligned(as: UInt32.self).littleEndian
            let last = bytes.loadUnaligned(fromByteOffset: count - 4, as: UInt32.self)
            return (UInt64(first) | UInt64(last.littleEndian) << (8 * (count - 4)), high)
        default:
            let first = bytes.loadUnaligned(as: UInt64.self).littleEndian
            let last = bytes.loadUnaligned(fromByteOffset: count - 8, as: UInt64.self)
            high |= last.littleEndian >> (8 * (16 - count))
            return (first, high)
        }
    }
}
