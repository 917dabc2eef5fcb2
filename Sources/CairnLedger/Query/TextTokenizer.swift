// SPDX-License-Identifier: Apache-2.0

/// Splits text into words: the one tokenizer that every index uses.
///
/// Words are runs of letters and digits, lower-cased, accents folded; combining marks vanish.
/// Words longer than ``wordLimitBytes`` are cut there.
package enum TextTokenizer {
    /// The longest word, in bytes of UTF-8.
    package static let wordLimitBytes = 64

    /// Appends the words of `text`, each after `prefix` and followed by a space.
    package static func append(
        _ text: UnsafeRawBufferPointer,
        prefix: [UInt8],
        to output: inout [UInt8]
    ) {
        var wordStart = -1
        var position = 0
        isWordByte.withUnsafeBufferPointer { isWordByte in
            while position < text.count {
                let first = position
                while position < text.count, isWordByte[Int(text[position])] {
                    position += 1
                }
                if position > first {
                    begin(&wordStart, prefix, &output)
                    let room = wordLimitBytes - (output.count - wordStart)
                    let run = text[first..<min(position, first + room)]
                    appendLowercased(UnsafeRawBufferPointer(rebasing: run), to: &output)
                } else if text[position] < 0x80 {
                    end(&wordStart, &output)
                    position += 1
                } else {
                    let (scalar, length) = decode(text, at: position)
                    position += length
                    appendScalar(scalar, prefix, &wordStart, &output)
                }
            }
        }
        end(&wordStart, &output)
    }

    /// Appends ASCII letters and digits; the bit that makes a letter small is set in every digit.
    private static func appendLowercased(
        _ run: UnsafeRawBufferPointer,
        to output: inout [UInt8]
    ) {
        let start = output.count
        output.append(contentsOf: run)
        output.withUnsafeMutableBufferPointer { bytes in
            for index in start..<bytes.count {
                bytes[index] |= 0x20
            }
        }
    }

    /// The words of `text`.
    package static func words(_ text: String) -> [String] {
        var output: [UInt8] = []
        var copy = text
        copy.withUTF8 { append(UnsafeRawBufferPointer($0), prefix: [], to: &output) }
        return output.split(separator: UInt8(ascii: " ")).map {
            String(decoding: $0, as: UTF8.self)
        }
    }

    /// Whether a byte is an ASCII letter or digit.
    private static let isWordByte: [Bool] = (0..<256).map { code in
        switch UInt8(code) {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: false
        }
    }

    private static func begin(_ start: inout Int, _ prefix: [UInt8], _ output: inout [UInt8]) {
        guard start < 0 else { return }
        output.append(contentsOf: prefix)
        start = output.count
    }

    private static func end(_ start: inout Int, _ output: inout [UInt8]) {
        guard start >= 0 else { return }
        output.append(UInt8(ascii: " "))
        start = -1
    }

    private static func appendScalar(
        _ scalar: Unicode.Scalar,
        _ prefix: [UInt8],
        _ start: inout Int,
        _ output: inout [UInt8]
    ) {
        let properties = scalar.properties
        if isMark(properties.generalCategory) { return }
        guard properties.isAlphabetic || properties.numericType != nil else {
            end(&start, &output)
            return
        }
        begin(&start, prefix, &output)
        for lower in properties.lowercaseMapping.unicodeScalars
        where !isMark(lower.properties.generalCategory) {
            let folded = FoldedLetters.table[lower] ?? lower
            let bytes = UTF8.encode(folded)
            if let bytes, output.count - start + bytes.count <= wordLimitBytes {
                output.append(contentsOf: bytes)
            }
        }
    }

    private static func isMark(_ category: Unicode.GeneralCategory) -> Bool {
        category == .nonspacingMark || category == .enclosingMark
    }

    /// Decodes one scalar of text that is known to be well-formed.
    private static func decode(
        _ text: UnsafeRawBufferPointer,
        at position: Int
    ) -> (Unicode.Scalar, Int) {
        let lead = text[position]
        let length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4
        guard position + length <= text.count else { return ("\u{FFFD}", text.count - position) }
        var value = UInt32(lead) & (0x7F >> UInt32(length))
        for offset in 1..<length {
            value = value << 6 | UInt32(text[position + offset] & 0x3F)
        }
        return (Unicode.Scalar(value) ?? "\u{FFFD}", length)
    }
}
