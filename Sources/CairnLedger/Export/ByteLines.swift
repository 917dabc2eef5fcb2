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

    /// The next line without its end, or nil behind the last.
    mutating func next(limit: Int) throws -> [UInt8]? {
        var searched = start
        while true {
            if let end = buffer[searched...].firstIndex(of: 0x0A) {
                number += 1
                defer { start = end + 1 }
                return Array(buffer[start..<end])
            }
            guard !isAtEnd else {
                guard start == buffer.count else {
                    throw ExportFault(name, "ends in the middle of a line")
                }
                return nil
            }
            guard buffer.count - start <= limit else {
                throw ExportFault(name, "has a line of more than \(limit) bytes")
            }
            buffer.removeSubrange(..<start)
            (searched, start) = (buffer.count, 0)
            if let piece = try read() { buffer += piece } else { isAtEnd = true }
        }
    }
}
