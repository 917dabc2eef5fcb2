// SPDX-License-Identifier: Apache-2.0
import Foundation

/// Bytes that are read a piece at a time.
protocol ByteSource {
    /// The next piece; nil at the end.
    mutating func next() throws -> [UInt8]?
}

/// The bytes of a file, or of standard input.
struct FileSource: ByteSource {
    /// How much is read at once.
    private static let pieceBytes = 256 << 10

    private let handle: FileHandle
    private let name: String

    /// Opens a file; `-` is standard input.
    init(_ path: String) throws(CommandFailure) {
        name = path
        if path == "-" {
            handle = .standardInput
        } else if let opened = FileHandle(forReadingAtPath: path) {
            handle = opened
        } else {
            throw .badInput("\(path) cannot be opened")
        }
    }

    func next() throws -> [UInt8]? {
        do {
            guard let piece = try handle.read(upToCount: FileSource.pieceBytes), !piece.isEmpty
            else { return nil }
            return Array(piece)
        } catch {
            throw CommandFailure.badInput("\(name) cannot be read: \(error.localizedDescription)")
        }
    }
}

extension ByteSource {
    /// Everything that is left, if it is at most `limit` bytes.
    mutating func all(limit: Int, name: String) throws -> [UInt8] {
        var bytes: [UInt8] = []
        while let piece = try next() {
            bytes += piece
            guard bytes.count <= limit else {
                throw CommandFailure.badInput("\(name) is longer than \(limit) bytes")
            }
        }
        return bytes
    }
}
