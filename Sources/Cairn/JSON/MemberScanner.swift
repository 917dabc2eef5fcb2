// SPDX-License-Identifier: Apache-2.0

/// Reads members that have one order and one encoding, in place: literals, and the values between.
struct MemberScanner {
    private let bytes: UnsafeRawBufferPointer
    private var at = 0

    init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
    }

    /// Whether all was read.
    var isAtEnd: Bool { at == bytes.count }

    /// Passes over a literal, or stays where it is and says false.
    @inline(__always)
    mutating func take(_ literal: StaticString) -> Bool {
        let count = literal.utf8CodeUnitCount
        guard bytes.count - at >= count else { return false }
        let wanted = literal.utf8Start
        for offset in 0..<count where bytes[at + offset] != wanted[offset] {
            return false
        }
        at += count
        return true
    }

    /// Reads to the closing quote; there are no escapes in it.
    mutating func text() -> UnsafeRawBufferPointer? {
        let start = at
        guard let base = bytes.baseAddress else { return nil }
        var end = at
        while end < bytes.count {
            let byte = base.load(fromByteOffset: end, as: UInt8.self)
            if byte == UInt8(ascii: "\"") { break }
            guard byte != UInt8(ascii: "\\") else { return nil }
            end += 1
        }
        guard end < bytes.count else { return nil }
        at = end + 1
        return UnsafeRawBufferPointer(start: base + start, count: end - start)
    }

    /// Reads a hash in hex, to the closing quote.
    mutating func hex() -> Digest? {
        text().flatMap { Hex.decode(utf8: $0) }.flatMap { Digest($0) }
    }

    /// Reads bytes in base64, to the closing quote.
    mutating func base64() -> [UInt8]? {
        text().flatMap { Base64.decode(utf8: $0) }
    }

    /// Reads a hash in base64url, to the closing quote.
    mutating func base64URL() -> Digest? {
        text().flatMap { Radix64.url.digest($0) }
    }

    /// Reads a whole number below 2^53, without leading zeros.
    mutating func integer() -> UInt64? {
        let start = at
        var value: UInt64 = 0
        while at < bytes.count, case let digit = bytes[at] &- UInt8(ascii: "0"), digit < 10 {
            guard at - start < 16, value > 0 || at == start else { return nil }
            value = value * 10 + UInt64(digit)
            at += 1
        }
        return at > start && value < 1 << 53 ? value : nil
    }

    // MARK: Escapes

    /// Reads to the closing quote of a string whose escapes are the canonical ones.
    mutating func string() -> [UInt8]? {
        var output: [UInt8] = []
        output.reserveCapacity(48)
        var start = at
        while at < bytes.count {
            let byte = bytes[at]
            if byte == UInt8(ascii: "\"") {
                output.append(contentsOf: UnsafeRawBufferPointer(rebasing: bytes[start..<at]))
                at += 1
                return output
            }
            guard byte >= 0x20 else { return nil }
            guard byte == UInt8(ascii: "\\") else {
                at += 1
                continue
            }
            output.append(contentsOf: UnsafeRawBufferPointer(rebasing: bytes[start..<at]))
            guard let escaped = escape() else { return nil }
            output.append(escaped)
            start = at
        }
        return nil
    }

    private mutating func escape() -> UInt8? {
        guard bytes.count - at >= 2 else { return nil }
        let letter = bytes[at + 1]
        at += 2
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): return letter
        case UInt8(ascii: "b"): return 0x08
        case UInt8(ascii: "t"): return 0x09
        case UInt8(ascii: "n"): return 0x0A
        case UInt8(ascii: "f"): return 0x0C
        case UInt8(ascii: "r"): return 0x0D
        case UInt8(ascii: "u"):
            guard take("00"), bytes.count - at >= 2,
                let byte = Hex.decode(
                    utf8: UnsafeRawBufferPointer(rebasing: bytes[at..<at + 2])
                )?.first, byte < 0x20, ![0x08, 0x09, 0x0A, 0x0C, 0x0D].contains(byte)
            else { return nil }
            at += 2
            return byte
        default: return nil
        }
    }
}
