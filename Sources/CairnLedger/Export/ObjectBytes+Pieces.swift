// SPDX-License-Identifier: Apache-2.0

internal import Synchronization

/// Some bytes that are given once.
final class Once: Sendable {
    private let bytes: Mutex<[UInt8]?>

    init(_ bytes: [UInt8]) {
        self.bytes = Mutex(bytes)
    }

    /// The bytes, and nil from then on.
    func take() -> [UInt8]? {
        bytes.withLock { bytes in
            defer { bytes = nil }
            return bytes
        }
    }
}

/// Several runs of bytes, one behind the other, each begun when it is its turn.
actor Joined {
    private var pieces: ArraySlice<@Sendable () async throws -> ObjectBytes>
    private var reading: (any AsyncIteratorProtocol<[UInt8], any Error>)?

    init(_ pieces: [@Sendable () async throws -> ObjectBytes]) {
        self.pieces = pieces[...]
    }

    /// All of them, to be read once.
    nonisolated var bytes: ObjectBytes {
        AsyncThrowingStream { try await self.next() }
    }

    /// The next bytes, or nil at the end.
    func next() async throws -> [UInt8]? {
        while true {
            if var iterator = reading {
                reading = nil
                if let piece = try await iterator.next(isolation: self) {
                    reading = iterator
                    return piece
                }
            }
            guard let open = pieces.popFirst() else { return nil }
            reading = try await open().makeAsyncIterator()
        }
    }
}

/// Counts bytes and sums them up while they are read.
actor RunningSum {
    private let source: Joined
    private let tools: any ExportTools
    /// How many bytes were read, and their CRC-32.
    private(set) var total: (bytes: UInt64, crc: UInt32) = (0, 0)

    init(_ bytes: ObjectBytes, _ tools: any ExportTools) {
        source = Joined([{ bytes }])
        self.tools = tools
    }

    /// The bytes, to be read once.
    nonisolated var bytes: ObjectBytes {
        AsyncThrowingStream { try await self.next() }
    }

    private func next() async throws -> [UInt8]? {
        guard let piece = try await source.next() else { return nil }
        total = (total.bytes + UInt64(piece.count), tools.crc32(piece, after: total.crc))
        return piece
    }
}
