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

    /// The next part of what bytes stand for, and how many of them it took.
    package func next(
        _ bytes: ArraySlice<UInt8>
    ) throws(StoreError) -> (output: [UInt8], consumed: Int) {
        guard let step = state.withLock({ $0.next(bytes) }) else {
            throw .corrupt("bytes are not of Zstandard, or damaged")
        }
        return step
    }

    /// Whether what was read so far ends with a whole frame.
    package var isComplete: Bool { state.withLock { !$0.isInside } }
}

/// The state of libzstd, for as long as it lives.
private struct Decompression: ~Copyable {
    private static let pieceBytes = 256 << 10
    /// The largest window, 8 MiB, as a power of two.
    private static let windowLog: Int32 = 23
    private let stream: OpaquePointer
    private(set) var isInside = false

    init() {
        guard let stream = ZSTD_createDStream() else {
            preconditionFailure("libzstd has no memory")
        }
        self.stream = stream
        // A frame that needs more memory than this was not made here.
        ZSTD_DCtx_setParameter(stream, ZSTD_d_windowLogMax, Self.windowLog)
    }

    deinit {
        ZSTD_freeDStream(stream)
    }

    /// The next part of what bytes stand for, or nil for bytes that are none of Zstandard.
    mutating func next(_ bytes: ArraySlice<UInt8>) -> (output: [UInt8], consumed: Int)? {
        // Between frames there is nothing to be had without bytes.
        guard isInside || !bytes.isEmpty else { return ([], 0) }
        var isGood = false
        var consumed = 0
        let output = bytes.withUnsafeBytes { input in
            var source = ZSTD_inBuffer(src: input.baseAddress, size: input.count, pos: 0)
            return [UInt8](unsafeUninitializedCapacity: Self.pieceBytes) { block, count in
                var target = ZSTD_outBuffer(dst: block.baseAddress, size: Self.pieceBytes, pos: 0)
                let result = ZSTD_decompressStream(stream, &target, &source)
                isGood = ZSTD_isError(result) == 0
                (count, consumed) = (target.pos, source.pos)
                isInside = result != 0
            }
        }
        return isGood ? (output, consumed) : nil
    }
}
