// SPDX-License-Identifier: Apache-2.0

/// Gives the next piece of a file, or nil at its end.
package typealias PieceReader = @Sendable () throws -> ArraySlice<UInt8>?

/// Splits a file into lines.
struct ByteLines: Sendable {
    /// The file's name.
    let name: String
    /// The number of the line that was read last.
    private(set) var number = 0
    private let read: PieceReader
    private var buffer: [UInt8] = []
    private var start = 0
    private var isAtEnd = false

    /// Reads a file.
    init(_ name: String, _ read: @escaping PieceReader) {
        self.name = name
        self.read = read
    }

    /// Gives the next line without its end to `body`; false behind the last.
    mutating func next(
        limit: Int,
        _ body: (UnsafeRawBufferPointer) throws -> Void
    ) throws -> Bool {
        var searched = start
        while true {
            if let end = lineEnd(from: searched) {
                number += 1
                let line = start..<end
                start = end + 1
                try buffer.withUnsafeBytes { try body(UnsafeRawBufferPointer(rebasing: $0[line])) }
                return true
            }
            guard !isAtEnd else {
                guard start == buffer.count else {
                    throw ExportFault(name, "ends in the middle of a line")
                }
                return false
            }
            guard buffer.count - start <= limit else {
                throw ExportFault(name, "has a line of more than \(limit) bytes")
            }
            buffer.removeSubrange(..<start)
            (searched, start) = (buffer.count, 0)
            if let piece = try read() { buffer += piece } else { isAtEnd = true }
        }
    }

    private func lineEnd(from start: Int) -> Int? {
        buffer.withUnsafeBytes { buffer in
            var at = start
            let (ones, newlines): (UInt64, UInt64) = (0x0101_0101_0101_0101, 0x0A0A_0A0A_0A0A_0A0A)
            // Eight bytes at once, as long as none of them ends the line.
            while at + 8 <= buffer.count {
                let word = buffer.loadUnaligned(fromByteOffset: at, as: UInt64.self) ^ newlines
                guard (word &- ones) & ~word & (ones &* 0x80) == 0 else { break }
                at += 8
            }
            return buffer[at...].firstIndex(of: 0x0A)
        }
    }
}
