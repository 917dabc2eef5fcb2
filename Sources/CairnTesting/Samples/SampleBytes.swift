// SPDX-License-Identifier: Apache-2.0

package import Cairn
package import CairnLedger
internal import Synchronization

internal import struct Crypto.SHA256

/// Bytes that are easily made and hard to mix up, in pieces, as an object is made of.
package struct SampleBytes: Sendable {
    /// How many there are.
    package let count: Int
    private let seed: UInt8

    /// So many bytes, which differ from those of every other seed.
    package init(_ count: Int, seed: UInt8 = 0) {
        self.count = count
        self.seed = seed
    }

    /// All of them.
    package var array: [UInt8] {
        stride(from: 0, to: count, by: SampleBytes.pieceBytes).flatMap { piece(at: $0) }
    }

    /// Their hash.
    package var digest: Digest { .sha256(array) }

    /// As a stream of pieces, some of them empty.
    package var stream: ObjectBytes { stream(endingIn: nil) }

    /// As a stream that fails after them.
    package func stream(throwing error: any Error) -> ObjectBytes { stream(endingIn: error) }

    /// As a stream that stands still after them until its reader is cancelled.
    package func stream(stalling reached: @escaping @Sendable () -> Void) -> ObjectBytes {
        let next = Mutex(0)
        return AsyncThrowingStream<[UInt8], any Error> {
            let place = next.withLock { take(&$0) }
            if place < count { return piece(at: place) }
            reached()
            try await Task.sleep(for: .seconds(600))
            return nil
        }
    }

    private func stream(endingIn error: (any Error)?) -> ObjectBytes {
        let next = Mutex((place: 0, isEmpty: false))
        return AsyncThrowingStream<[UInt8], any Error> {
            let place = next.withLock { next -> Int? in
                next.isEmpty.toggle()
                return next.isEmpty ? nil : take(&next.place)
            }
            guard let place else { return [] }
            if place < count { return piece(at: place) }
            if let error { throw error }
            return nil
        }
    }

    private static let pieceBytes = 65_521

    private func take(_ place: inout Int) -> Int {
        defer { place += SampleBytes.pieceBytes }
        return place
    }

    private func piece(at place: Int) -> [UInt8] {
        var piece = [UInt8](
            repeating: seed,
            count: min(SampleBytes.pieceBytes, count - place)
        )
        // Where it belongs is written in it, so that no two pieces are alike.
        for (byte, offset) in zip("\(seed):\(place);".utf8, piece.indices) {
            piece[offset] = byte
        }
        return piece
    }
}

/// What was read of an object: its length and its hash, or all of it.
package enum ReadBytes {
    /// Reads all, which is not long.
    package static func array(_ bytes: ObjectBytes) async throws -> [UInt8] {
        var all: [UInt8] = []
        for try await piece in bytes { all += piece }
        return all
    }

    /// Reads all and keeps none of it.
    package static func digest(_ bytes: ObjectBytes) async throws -> (count: Int, digest: Digest?) {
        var (hasher, count) = (SHA256(), 0)
        for try await piece in bytes {
            hasher.update(data: piece)
            count += piece.count
        }
        return (count, Digest(Array(hasher.finalize())))
    }
}
