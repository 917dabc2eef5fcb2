// SPDX-License-Identifier: Apache-2.0

/// A string as it stands in the input, between its quotes.
struct JSONStringSpan {
    var start: Int
    var end: Int
    /// Whether it holds a backslash.
    var isEscaped = false
    /// Whether it is written as RFC 8785 writes it.
    var isCanonical = true
    /// Whether it holds, unescaped, a byte from EE up, where the order of UTF-8 and UTF-16 differs.
    var hasHighBytes = false
}

/// Finds, in eight bytes at once, those that end a run of plain ASCII inside a string.
///
/// The lowest bit that is set marks the first such byte: a quote, a backslash, a control
/// character, or a byte from 80 up. Bits above it may be set in error, by borrows.
@inline(__always)
private func stops(in word: UInt64) -> UInt64 {
    let ones: UInt64 = 0x0101_0101_0101_0101
    let control = word &- ones &* 0x20
    let quote = (word ^ ones &* 0x22) &- ones
    let backslash = (word ^ ones &* 0x5C) &- ones
    return (control | quote | backslash | word) & (ones &* 0x80)
}

extension JSONReader {
    /// Steps over the string whose opening quote is at the offset, and checks all of it.
    mutating func scanString() throws(InvalidJSON) -> JSONStringSpan {
        var span = JSONStringSpan(start: offset + 1, end: 0)
        var index = offset + 1
        while true {
            while index &+ 8 <= end {
                let word = bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)
                let found = stops(in: word.littleEndian)
                guard found == 0 else {
                    index &+= found.trailingZeroBitCount >> 3
                    break
                }
                index &+= 8
            }
            guard index < end else {
                offset = end
                throw unexpected()
            }
            let byte = bytes[index]
            if byte == Byte.quote {
                span.end = index
                offset = index + 1
                return span
            }
            if byte == Byte.backslash {
                span.isEscaped = true
                index = try scanEscape(at: index, in: &span)
            } else if byte >= 0x80 {
                let length = sequenceLength(at: index)
                guard length > 0 else { throw failure(.invalidUTF8, at: index, pathUpTo: offset) }
                span.hasHighBytes = span.hasHighBytes || byte >= 0xEE
                index += length
            } else if byte < 0x20 {
                throw failure(.controlCharacter, at: index, pathUpTo: offset)
            } else {
                index += 1
            }
        }
    }

    /// The length of the UTF-8 sequence of two to four bytes at `index`, or 0 if it is not valid.
    ///
    /// As in RFC 3629: no overlong form, no surrogate, nothing above U+10FFFF.
    private func sequenceLength(at index: Int) -> Int {
        let lead = bytes[index]
        guard index + 1 < end else { return 0 }
        let second = bytes[index + 1]
        let length: Int
        let allowed: ClosedRange<UInt8>
        switch lead {
        case 0xC2...0xDF: (length, allowed) = (2, 0x80...0xBF)
        case 0xE0: (length, allowed) = (3, 0xA0...0xBF)
        case 0xED: (length, allowed) = (3, 0x80...0x9F)
        case 0xE1...0xEF: (length, allowed) = (3, 0x80...0xBF)
        case 0xF0: (length, allowed) = (4, 0x90...0xBF)
        case 0xF1...0xF3: (length, allowed) = (4, 0x80...0xBF)
        case 0xF4: (length, allowed) = (4, 0x80...0x8F)
        default: return 0
        }
        guard allowed.contains(second), index + length <= end else { return 0 }
        for position in index + 2..<index + length
        where bytes[position] & 0xC0 != 0x80 {
            return 0
        }
        return length
    }

    /// Steps over the escape at `index`, and notes whether RFC 8785 would write it so.
    private func scanEscape(
        at index: Int,
        in span: inout JSONStringSpan
    ) throws(InvalidJSON) -> Int {
        guard index + 1 < end else { throw endOfText() }
        switch bytes[index + 1] {
        case Byte.quote, Byte.backslash, 0x62, 0x66, 0x6E, 0x72, 0x74:
            return index + 2
        case 0x2F:
            span.isCanonical = false
            return index + 2
        case Byte.u:
            break
        default:
            throw failure(.invalidEscape, at: index, pathUpTo: offset)
        }
        guard let unit = codeUnit(at: index) else {
            guard index + 6 <= end else { throw endOfText() }
            throw failure(.invalidEscape, at: index, pathUpTo: offset)
        }
        switch unit {
        case 0xD800...0xDBFF:
            guard let low = codeUnit(at: index + 6), 0xDC00...0xDFFF ~= low else {
                throw failure(.loneSurrogate, at: index, pathUpTo: offset)
            }
            span.isCanonical = false
            return index + 12
        case 0xDC00...0xDFFF:
            throw failure(.loneSurrogate, at: index, pathUpTo: offset)
        case 0x08, 0x09, 0x0A, 0x0C, 0x0D:
            span.isCanonical = false
        case 0..<0x20:
            // Canonical but for upper-case digits: only the last can be a letter.
            span.isCanonical = span.isCanonical && !(0x41...0x46 ~= bytes[index + 5])
        default:
            span.isCanonical = false
        }
        return index + 6
    }

    /// The value of `\uXXXX` at `index`, or nil if there is no such escape.
    func codeUnit(at index: Int) -> UInt32? {
        guard index + 6 <= end, bytes[index] == Byte.backslash, bytes[index + 1] == Byte.u else {
            return nil
        }
        var value: UInt32 = 0
        for position in index + 2..<index + 6 {
            let digit: UInt8
            switch bytes[position] {
            case let byte where 0x30...0x39 ~= byte: digit = byte - 0x30
            case let byte where 0x41...0x46 ~= byte: digit = byte - 0x37
            case let byte where 0x61...0x66 ~= byte: digit = byte - 0x57
            default: return nil
            }
            value = value << 4 | UInt32(digit)
        }
        return value
    }

    private func endOfText() -> InvalidJSON {
        failure(.unexpectedEnd, at: end, pathUpTo: offset)
    }
}
