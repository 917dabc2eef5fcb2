// SPDX-License-Identifier: Apache-2.0

internal import CZstd
package import CairnLedger
internal import Synchronization

/// Frames of Zstandard (RFC 8878), through libzstd.
package enum Zstandard {
    private static let level: Int32 = 1

    /// Bytes as one frame, with a check sum.
    ///
    /// - Throws: ``StoreError/unavailable(_:)`` when there is no memory.
    package static func compressed(_ bytes: [UInt8]) throws(StoreError) -> [UInt8] {
        guard let context = ZSTD_createCCtx() else { throw .unavailable(ArchiveError.memory) }
        defer { ZSTD_freeCCtx(context) }
        ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, level)
        ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1)
        let bound = ZSTD_compressBound(bytes.count)
        var isGood = false
        let packed = bytes.withUnsafeBytes { input in
            [UInt8](unsafeUninitializedCapacity: bound) { output, count in
                let result = ZSTD_compress2(
                    context,
                    output.baseAddress,
                    bound,
                    input.baseAddress,
                    input.count
                )
                isGood = ZSTD_isError(result) == 0
                count = isGood ? result : 0
            }
        }
        guard isGood else { throw .unavailable(ArchiveError.memory) }
        return packed
    }
}

/// Reads frames of Zstandard that follow each other.
package final class UnzstdReader: ExportDecompressor {
    private let state = Mutex(Decompression())

    /// Begins before the first frame.
    package init() {}

    /// What some more bytes stand for.
    package func add(_ bytes: ArraySlice<UInt8>) throws(StoreError) -> [UInt8] {
        let plain = state.withLock { $0.add(bytes) }
        guard let plain else { throw .corrupt("bytes are not of Zstandard, or damaged") }
        return plain
    }

    /// Whether what was read so far ends with a whole frame.
    package var isComplete: Bool { state.withLock { !$0.isInside } }
}

/// The state of libzstd, for as long as it lives.
private struct Decompression: ~Copyable {
    private static let pieceBytes = 256 << 10
    private let stream: OpaquePointer
    private(set) var isInside = false

    init() {
        guard let stream = ZSTD_createDStream() else {
            preconditionFailure("libzstd has no memory")
        }
        self.stream = stream
    }

    deinit {
        ZSTD_freeDStream(stream)
    }

    /// What some more bytes stand for, or nil for bytes that are none of Zstandard.
    mutating func add(_ bytes: ArraySlice<UInt8>) -> [UInt8]? {
        var output: [UInt8] = []
        var isGood = true
        bytes.withUnsafeBytes { input in
            var source = ZSTD_inBuffer(src: input.baseAddress, size: input.count, pos: 0)
            var isFull = false
            while isGood, source.pos < source.size || isFull {
                output += [UInt8](unsafeUninitializedCapacity: Self.pieceBytes) { block, count in
                    var target = ZSTD_outBuffer(
                        dst: block.baseAddress,
                        size: Self.pieceBytes,
                        pos: 0
                    )
                    let result = ZSTD_decompressStream(stream, &target, &source)
                    isGood = ZSTD_isError(result) == 0
                    isInside = result != 0
                    isFull = target.pos == target.size
                    count = target.pos
                }
            }
        }
        return isGood ? output : nil
    }
}
