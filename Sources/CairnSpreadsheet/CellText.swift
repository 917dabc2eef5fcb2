// SPDX-License-Identifier: Apache-2.0

/// Texts as a cell can hold them.
enum CellText {
    /// The longest text of a cell, in UTF-16 units as spreadsheets count them.
    private static let units = 32_767
    private static let mark = " [cut: records.ndjson has all of it]"

    /// A text without what XML forbids, and not longer than a cell.
    ///
    /// What is forbidden is written as `_xHHHH_` (ECMA-376 part 1, 22.9.2.19), and so is what would be
    /// read as that. The length is judged as written: libxlsxwriter refuses what is longer.
    static func fitting(_ text: String) -> String {
        let isPlain = !text.utf8.contains { $0 < 0x20 || $0 == UInt8(ascii: "_") || $0 == 0xEF }
        guard !isPlain || text.utf16.count > units else { return text }
        let scalars = text.unicodeScalars
        var output = ""
        var count = 0
        // Where the output is cut if it turns out to be too long.
        var end: String.Index?
        for index in scalars.indices {
            let scalar = scalars[index]
            let isEscaped = isForbidden(scalar) || beginsEscape(scalars[index...])
            count += isEscaped ? 7 : scalar.utf16.count
            if count > units - mark.utf16.count, end == nil { end = output.endIndex }
            guard count <= units else { return String(output[..<(end ?? output.endIndex)]) + mark }
            if isEscaped {
                let code = String(scalar.value, radix: 16, uppercase: true)
                output += "_x" + String(repeating: "0", count: 4 - code.count) + code + "_"
            } else {
                output.unicodeScalars.append(scalar)
            }
        }
        return output
    }

    private static func isForbidden(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x09, 0x0A: false
        case 0..<0x20, 0xFFFE, 0xFFFF: true
        default: false
        }
    }

    /// Whether a text begins with an underscore that would be read as the beginning of `_xHHHH_`, be it
    /// that the last one comes from what is written next.
    private static func beginsEscape(_ text: Substring.UnicodeScalarView) -> Bool {
        guard text.first == "_" else { return false }
        let next = text.dropFirst().prefix(5)
        return next.count == 5 && next.first == "x"
            && next.dropFirst().allSatisfy { $0.isASCII && $0.properties.isHexDigit }
    }
}
