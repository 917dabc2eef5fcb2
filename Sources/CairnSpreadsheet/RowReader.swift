// SPDX-License-Identifier: Apache-2.0

/// Reads the rows of a table that was written as CSV by the same program, piece by piece.
struct RowReader {
    private var cells: [[UInt8]] = []
    private var cell: [UInt8] = []
    private var isQuoted = false
    private var wasQuote = false

    /// The rows that some more bytes complete.
    mutating func rows(_ bytes: [UInt8]) -> [[[UInt8]]] {
        var rows: [[[UInt8]]] = []
        for byte in bytes {
            if isQuoted, !wasQuote {
                if byte == UInt8(ascii: "\"") { wasQuote = true } else { cell.append(byte) }
                continue
            }
            switch byte {
            case UInt8(ascii: "\""):
                // The second of two quotes stands for one; any other opens.
                if wasQuote { cell.append(byte) }
                isQuoted = true
                wasQuote = false
            case UInt8(ascii: ","):
                endCell()
            case 0x0D:
                isQuoted = false
                wasQuote = false
            case 0x0A:
                endCell()
                rows.append(cells)
                cells = []
            default: cell.append(byte)
            }
        }
        return rows
    }

    private mutating func endCell() {
        cells.append(cell)
        cell = []
        isQuoted = false
        wasQuote = false
    }
}
