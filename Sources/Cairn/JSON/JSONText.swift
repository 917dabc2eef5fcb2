// SPDX-License-Identifier: Apache-2.0

/// What code needs that writes JSON text by hand, or reads back canonical text.
public enum JSONText {
    /// Appends text with quotes around it, escaped as RFC 8785 section 3.2.2.2 says.
    public static func appendString(_ text: String, to output: inout [UInt8]) {
        appendString(utf8: text.utf8, to: &output)
    }

    /// Appends text with quotes around it; the caller knows that `utf8` is valid UTF-8.
    public static func appendString(utf8: some Collection<UInt8>, to output: inout [UInt8]) {
        let isDone: Void? = utf8.withContiguousStorageIfAvailable { buffer in
            appendString(utf8: UnsafeRawBufferPointer(buffer), to: &output)
        }
        if isDone == nil {
            Array(utf8).withUnsafeBytes { appendString(utf8: $0, to: &output) }
        }
    }

    /// Appends text with quotes around it; the caller knows that `utf8` is valid UTF-8.
    public static func appendString(utf8: UnsafeRawBufferPointer, to output: inout [UInt8]) {
        output.append(Byte.quote)
        var start = 0
        while true {
            let stop = firstEscape(in: utf8, from: start)
            if start < stop {
                output.append(contentsOf: utf8[start..<stop])
            }
            guard stop < utf8.count else { break }
            appendEscape(utf8[stop], to: &output)
            start = stop + 1
        }
        output.append(Byte.quote)
    }

    /// Appends a whole number.
    public static func appendInteger(_ value: some FixedWidthInteger, to output: inout [UInt8]) {
        if value < 0 {
            output.append(Byte.minus)
        }
        let start = output.count
        var rest = value.magnitude
        repeat {
            let (quotient, digit) = rest.quotientAndRemainder(dividingBy: 10)
            output.append(Byte.zero + UInt8(truncatingIfNeeded: digit))
            rest = quotient
        } while rest != 0
        output[start...].reverse()
    }

    /// Reads back a string value that was stored as canonical bytes, quotes included.
    ///
    /// Returns nil if the bytes are anything else than one string.
    public static func string(fromCanonical bytes: UnsafeRawBufferPointer) -> String? {
        guard bytes.first == Byte.quote else { return nil }
        var reader = JSONReader(bytes, limits: JSONLimits(bytes: bytes.count))
        do {
            let text = try reader.readString()
            return reader.offset == bytes.count ? text : nil
        } catch {
            return nil
        }
    }

    /// Reads back a string value that was stored as canonical bytes, quotes included.
    ///
    /// Returns nil if the bytes are anything else than one string.
    public static func string(fromCanonical bytes: [UInt8]) -> String? {
        bytes.withUnsafeBytes { string(fromCanonical: $0) }
    }

    /// Whether two texts have the same bytes.
    static func areEqual(_ left: String, _ right: String) -> Bool {
        left.utf8.count == right.utf8.count && left.utf8.elementsEqual(right.utf8)
    }

    /// Whether a byte of a string must be escaped.
    static func needsEscape(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte == Byte.quote || byte == Byte.backslash
    }

    /// Appends the escape of a byte that needs one.
    static func appendEscape(_ byte: UInt8, to output: inout [UInt8]) {
        let letter: UInt8
        switch byte {
        case Byte.quote, Byte.backslash: letter = byte
        case 0x08: letter = 0x62
        case 0x09: letter = 0x74
        case 0x0A: letter = 0x6E
        case 0x0C: letter = 0x66
        case 0x0D: letter = 0x72
        default:
            let low = byte & 0x0F
            output.append(contentsOf: [
                Byte.backslash, Byte.u, 0x30, 0x30, 0x30 + byte >> 4,
                low < 10 ? 0x30 + low : 0x57 + low,
            ])
            return
        }
        output.append(Byte.backslash)
        output.append(letter)
    }

    /// The position of the first byte from `start` on that needs an escape, or the end.
    private static func firstEscape(in bytes: UnsafeRawBufferPointer, from start: Int) -> Int {
        let ones: UInt64 = 0x0101_0101_0101_0101
        var index = start
        while index + 8 <= bytes.count {
            let word = bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)
            let quote = word ^ ones &* 0x22
            let backslash = word ^ ones &* 0x5C
            // Borrows can mark a byte in error, but only where an earlier one is marked rightly.
            let found =
                (word &- ones &* 0x20) & ~word | (quote &- ones) & ~quote
                | (backslash &- ones) & ~backslash
            guard found & (ones &* 0x80) == 0 else { break }
            index += 8
        }
        while index < bytes.count, !needsEscape(bytes[index]) {
            index += 1
        }
        return index
    }
}
