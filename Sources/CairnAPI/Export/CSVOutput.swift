// SPDX-License-Identifier: Apache-2.0

internal import Cairn

/// CSV while it is written (RFC 4180): commas, quotes where they are needed, and CRLF after each record.
///
/// A cell that a spreadsheet may run as a formula gets an apostrophe in front, unless the output is
/// raw (OWASP, CSV Injection; CWE-1236).
package struct CSVOutput {
    /// What is written so far.
    package private(set) var bytes: [UInt8] = []
    /// Which cells of the record that is being written got an apostrophe, by their place.
    package private(set) var neutralised: [Int] = []
    private let isRaw: Bool
    private var cells = 0

    /// Begins with nothing written.
    package init(isRaw: Bool = false) {
        self.isRaw = isRaw
    }

    /// Takes what is written away.
    package mutating func take() -> [UInt8] {
        defer { bytes.removeAll(keepingCapacity: true) }
        return bytes
    }

    /// Writes a cell.
    package mutating func cell(_ text: String) {
        var text = text
        text.withUTF8 { cell(utf8: UnsafeRawBufferPointer($0)) }
    }

    /// Writes a cell of UTF-8.
    package mutating func cell(utf8 text: UnsafeRawBufferPointer) {
        if cells > 0 { bytes.append(UInt8(ascii: ",")) }
        let isNeutralised = !isRaw && CSVOutput.isFormula(text)
        if isNeutralised { neutralised.append(cells) }
        cells += 1
        let needsQuotes = text.contains { byte in
            byte == UInt8(ascii: ",") || byte == UInt8(ascii: "\"") || byte == 0x0A || byte == 0x0D
        }
        guard needsQuotes else {
            if isNeutralised { bytes.append(UInt8(ascii: "'")) }
            bytes.append(contentsOf: text)
            return
        }
        bytes.append(UInt8(ascii: "\""))
        if isNeutralised { bytes.append(UInt8(ascii: "'")) }
        for byte in text {
            if byte == UInt8(ascii: "\"") { bytes.append(byte) }
            bytes.append(byte)
        }
        bytes.append(UInt8(ascii: "\""))
    }

    /// Ends a record.
    package mutating func endRecord() {
        // A record of one empty cell would be an empty line.
        if cells == 1, bytes.isEmpty || bytes.last == 0x0A {
            bytes.append(contentsOf: [UInt8(ascii: "\""), UInt8(ascii: "\"")])
        }
        bytes.append(contentsOf: [0x0D, 0x0A])
        cells = 0
        neutralised.removeAll(keepingCapacity: true)
    }

    /// Whether a spreadsheet may run a text: it begins with `=`, `+`, `-`, `@`, one of their full-width
    /// forms, or a mark that spreadsheets pass over.
    private static func isFormula(_ text: UnsafeRawBufferPointer) -> Bool {
        switch text.first {
        case UInt8(ascii: "="), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "@"), 0x09, 0x0A,
            0x0D, 0x00:
            true
        // U+FF0B, U+FF0D, U+FF1D and U+FF20.
        case 0xEF:
            text.count >= 3 && text[1] == 0xBC
                && [0x8B, 0x8D, 0x9D, 0xA0].contains(text[2])
        default: false
        }
    }
}
