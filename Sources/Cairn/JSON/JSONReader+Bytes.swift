// SPDX-License-Identifier: Apache-2.0

/// The bytes that JSON gives a meaning.
enum Byte {
    static let space: UInt8 = 0x20
    static let quote: UInt8 = 0x22
    static let plus: UInt8 = 0x2B
    static let comma: UInt8 = 0x2C
    static let minus: UInt8 = 0x2D
    static let point: UInt8 = 0x2E
    static let zero: UInt8 = 0x30
    static let nine: UInt8 = 0x39
    static let colon: UInt8 = 0x3A
    static let upperE: UInt8 = 0x45
    static let openBracket: UInt8 = 0x5B
    static let backslash: UInt8 = 0x5C
    static let closeBracket: UInt8 = 0x5D
    static let e: UInt8 = 0x65
    static let f: UInt8 = 0x66
    static let n: UInt8 = 0x6E
    static let t: UInt8 = 0x74
    static let u: UInt8 = 0x75
    static let openBrace: UInt8 = 0x7B
    static let closeBrace: UInt8 = 0x7D
}

extension JSONReader {
    /// The byte at the offset; 0, which fits nowhere, at the end.
    @inline(__always)
    var current: UInt8 {
        offset < end ? bytes[offset] : 0
    }

    @inline(__always)
    mutating func skipWhiteSpace() {
        while offset < end {
            switch bytes[offset] {
            case 0x20, 0x0A, 0x0D, 0x09: offset += 1
            default: return
            }
        }
    }

    /// Counts a container that opens here.
    @inline(__always)
    mutating func descend() throws(InvalidJSON) {
        guard depth < min(limits.depth, 512) else { throw failure(.tooDeep, at: offset) }
        depth += 1
    }

    /// Steps over a literal, or says where the text leaves it.
    mutating func consume(_ literal: StaticString) throws(InvalidJSON) {
        for index in 0..<literal.utf8CodeUnitCount {
            guard current == literal.utf8Start[index] else { throw unexpected() }
            offset += 1
        }
    }

    /// The fault of a byte that cannot stand at the offset.
    @inline(never)
    func unexpected() -> InvalidJSON {
        if offset < end {
            let startsWithMark =
                offset == 0 && end >= 3
                && bytes[0] == 0xEF && bytes[1] == 0xBB && bytes[2] == 0xBF
            return failure(startsWithMark ? .byteOrderMark : .syntax, at: offset)
        }
        guard end == bytes.count else {
            return InvalidJSON(reason: .tooLarge, offset: limits.bytes, path: "")
        }
        return failure(.unexpectedEnd, at: offset)
    }

    /// Makes a fault, and finds its path by looking at the text again.
    ///
    /// Nothing is noted on the way, so that valid text does not pay for paths.
    @inline(never)
    func failure(
        _ reason: InvalidJSON.Reason,
        at position: Int,
        pathUpTo limit: Int? = nil
    ) -> InvalidJSON {
        InvalidJSON(
            reason: reason,
            offset: position,
            path: path(upTo: limit ?? position)
        )
    }
}
