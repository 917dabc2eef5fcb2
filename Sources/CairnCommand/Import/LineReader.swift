// SPDX-License-Identifier: Apache-2.0

/// One entry of an imported file, or why there is none.
enum ImportEntry: Sendable, Equatable {
    /// The bytes of an entry, and its place, from 1.
    case entry(place: Int, bytes: [UInt8])
    /// What stands at a place cannot be an entry.
    case unreadable(place: Int, reason: String)
}

/// Entries of a file, one after the other.
protocol EntryReader {
    /// What the places are counted in: `line`, `record` or `item`.
    var unit: String { get }

    /// The next entry; nil at the end.
    mutating func next() throws -> ImportEntry?
}

/// The lines of a file.
///
/// Empty lines are passed over; a line that is too long is told and skipped.
struct LineReader: EntryReader {
    /// The longest line, in bytes: below what one request may hold.
    static let limitBytes = 7 << 20

    let unit = "line"
    private var source: any ByteSource
    private var buffer: [UInt8] = []
    private var position = 0
    private var line = 0

    init(_ source: any ByteSource) {
        self.source = source
    }

    mutating func next() throws -> ImportEntry? {
        while let (text, isTooLong) = try nextLine() {
            var bytes = text
            line += 1
            guard !isTooLong, bytes.count <= LineReader.limitBytes else {
                return .unreadable(
                    place: line,
                    reason: "the line is longer than \(LineReader.limitBytes) bytes"
                )
            }
            if bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
            let isBlank = bytes.allSatisfy { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
            if !isBlank { return .entry(place: line, bytes: Array(bytes)) }
        }
        return nil
    }

    /// The next line without its end; of one that is too long, only that it is.
    private mutating func nextLine() throws -> (bytes: ArraySlice<UInt8>, isTooLong: Bool)? {
        var isTooLong = false
        // How much after the position is known to hold no line feed.
        var searched = 0
        while true {
            if let end = buffer[(position + searched)...].firstIndex(of: UInt8(ascii: "\n")) {
                defer { position = end + 1 }
                return (buffer[position..<end], isTooLong)
            }
            searched = buffer.count - position
            if searched > LineReader.limitBytes {
                isTooLong = true
                position = buffer.count
                searched = 0
            }
            guard try fill() else {
                defer { position = buffer.count }
                return searched == 0 && !isTooLong ? nil : (buffer[position...], isTooLong)
            }
        }
    }

    /// Adds a piece to the buffer, after dropping what was read; false at the end.
    private mutating func fill() throws -> Bool {
        guard let piece = try source.next() else { return false }
        buffer.removeFirst(position)
        position = 0
        buffer += piece
        return true
    }
}
