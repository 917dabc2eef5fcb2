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
        while position < text.count {
            let byte = text[position]
            if byte < 0x80 {
                position += 1
                let folded = asciiFold[Int(byte)]
                if folded == 0 {
                    end(&wordStart, &output)
                } else {
                    begin(&wordStart, prefix, &output)
                    if output.count - wordStart < wordLimitBytes { output.append(folded) }
                }
            } else {
                let (scalar, length) = decode(text, at: position)
                position += length
                appendScalar(scalar, prefix, &wordStart, &output)
            }
        }
        end(&wordStart, &output)
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

    /// For each ASCII byte its folded form, or 0 for what separates words.
    private static let asciiFold: [UInt8] = (0..<128).map { code in
        let byte = UInt8(code)
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            return byte
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): return byte | 0x20
        default: return 0
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
