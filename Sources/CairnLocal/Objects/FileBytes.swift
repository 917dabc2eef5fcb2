// SPDX-License-Identifier: Apache-2.0

internal import CairnLedger

/// A part of a file as an object's bytes; it is read as it is asked for, and stays readable when
/// the object is replaced or deleted meanwhile.
struct FileBytes: AsyncSequence, Sendable {
    typealias Element = [UInt8]
    typealias Failure = any Error

    /// How much is read at once, in bytes.
    private static let pieceBytes = 1 << 18

    let file: OpenFile
    let range: Range<UInt64>

    struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate let file: OpenFile
        fileprivate var range: Range<UInt64>

        mutating func next() async throws -> [UInt8]? {
            guard !range.isEmpty else { return nil }
            let (file, offset) = (file, range.lowerBound)
            let count = Int(Swift.min(UInt64(range.count), UInt64(FileBytes.pieceBytes)))
            let piece = try await FileObjectStore.blocking {
                try file.read(at: offset, upTo: count)
            }
            guard !piece.isEmpty else {
                throw ObjectError.unavailable("an object ends before its length")
            }
            range = (offset + UInt64(piece.count))..<range.upperBound
            return piece
        }
    }

    func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(file: file, range: range)
    }
}
