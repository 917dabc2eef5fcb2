// SPDX-License-Identifier: Apache-2.0

/// One record of CSV (RFC 4180) while its bytes come.
///
/// A cell in quotes may hold commas, line breaks and doubled quotes. A cell that is empty without
/// quotes is nil: that is how those who write CSV tell an absent value from an empty text.
struct CSVRecord {
    /// The most cells a record may have.
    static let limitCells = 1024
    /// How many lines a cell in quotes may go on for.
    static let limitLines = 10_000

    private enum State {
        case cellStart, plain, quoted, afterQuote
    }

    /// The cells that are complete.
    private(set) var cells: [[UInt8]?] = []
    /// What is wrong with the record, if anything is.
    private(set) var fault: String?
    /// The line in which the last quote opened.
    private(set) var quoteLine: Int
    private let limitBytes: Int
    private var line: Int
    private var cell: [UInt8] = []
    private var isQuoted = false
    private var isTooLong = false
    private var state = State.cellStart
    private var count = 0

    /// Begins a record of at most this many bytes in a line.
    init(limitBytes: Int, line: Int) {
        self.limitBytes = limitBytes
        self.line = line
        quoteLine = line
    }

    /// Whether a cell in quotes goes on for so long that its first quote hardly is one.
    var isEndless: Bool { state == .quoted && line - quoteLine >= CSVRecord.limitLines }

    /// Whether nothing has come but line ends.
    var isBlank: Bool { count == 0 }

    /// Takes the next byte; true if it ends the record.
    mutating func take(_ byte: UInt8) -> Bool {
        switch (state, byte) {
        case (.quoted, UInt8(ascii: "\"")): state = .afterQuote
        case (.quoted, _):
            if byte == UInt8(ascii: "\n") { line += 1 }
            keep(byte)
        case (_, UInt8(ascii: "\n")):
            end()
            return true
        case (_, UInt8(ascii: ",")):
            count += 1
            endCell()
        case (.cellStart, UInt8(ascii: "\"")):
            count += 1
            (state, isQuoted, quoteLine) = (.quoted, true, line)
        case (.afterQuote, UInt8(ascii: "\"")):
            state = .quoted
            keep(byte)
        case (.afterQuote, UInt8(ascii: "\r")): break
        case (.afterQuote, _):
            fault = fault ?? "text after the end of the cell whose quote opens in line \(quoteLine)"
            state = .plain
        default:
            state = .plain
            keep(byte)
        }
        return false
    }

    /// Ends the record where its bytes end.
    mutating func end() {
        if state == .quoted {
            fault = fault ?? "the file ends inside the quote that opens in line \(quoteLine)"
        }
        if !isQuoted, cell.last == UInt8(ascii: "\r") {
            cell.removeLast()
            count -= 1
        }
        endCell()
    }

    private mutating func keep(_ byte: UInt8) {
        guard !isTooLong else { return }
        count += 1
        guard count <= limitBytes else {
            isTooLong = true
            (cell, cells) = ([], [])
            fault = "the row is longer than \(limitBytes) bytes"
            return
        }
        cell.append(byte)
    }

    private mutating func endCell() {
        defer { (cell, isQuoted, state) = ([], false, .cellStart) }
        guard !isTooLong else { return }
        guard cells.count < CSVRecord.limitCells else {
            fault = fault ?? "more than \(CSVRecord.limitCells) cells"
            return
        }
        cells.append(cell.isEmpty && !isQuoted ? nil : cell)
    }
}
