// SPDX-License-Identifier: Apache-2.0

internal import CZlib
package import CairnLedger
internal import Synchronization

/// Members of gzip (RFC 1952), through zlib.
package enum Gzip {
    /// The fastest level: twice as fast as the usual one, and a tenth larger.
    private static let level: Int32 = 1
    /// 15 bits of window, and 16 for the header of gzip.
    private static let window: Int32 = 15 + 16

    /// Bytes as one member.
    ///
    /// - Throws: ``StoreError/unavailable(_:)`` when there is no memory.
    package static func compressed(_ bytes: [UInt8]) throws(StoreError) -> [UInt8] {
        var stream = z_stream()
        let size = Int32(MemoryLayout<z_stream>.size)
        guard
            deflateInit2_(
                &stream,
                level,
                Z_DEFLATED,
                window,
                8,
                Z_DEFAULT_STRATEGY,
                ZLIB_VERSION,
                size
            ) == Z_OK
        else { throw .unavailable(ArchiveError.memory) }
        defer { deflateEnd(&stream) }
        let bound = Int(deflateBound(&stream, UInt(bytes.count)))
        var status = Z_OK
        let packed = bytes.withUnsafeBytes { input in
            [UInt8](unsafeUninitializedCapacity: bound) { output, count in
                stream.next_in = UnsafeMutablePointer(
                    mutating: input.bindMemory(to: UInt8.self).baseAddress
                )
                stream.avail_in = UInt32(input.count)
                stream.next_out = output.baseAddress
                stream.avail_out = UInt32(bound)
                status = deflate(&stream, Z_FINISH)
                count = bound - Int(stream.avail_out)
            }
        }
        guard status == Z_STREAM_END else { throw .unavailable(ArchiveError.memory) }
        return packed
    }

    /// The CRC-32 of what an earlier one is of, with bytes behind it.
    package static func crc32(_ bytes: [UInt8], after crc: UInt32) -> UInt32 {
        bytes.withUnsafeBytes { bytes in
            UInt32(
                CZlib.crc32_z(UInt(crc), bytes.bindMemory(to: UInt8.self).baseAddress, bytes.count)
            )
        }
    }

    /// The CRC-32 of two texts together, of which the second has so many bytes.
    package static func crc32(_ first: UInt32, then second: UInt32, of bytes: UInt64) -> UInt32 {
        UInt32(CZlib.crc32_combine(UInt(first), UInt(second), Int(bytes)))
    }
}

/// What keeps bytes from being compressed.
enum ArchiveError: Error {
    case memory
}

/// Reads members of gzip that follow each other.
package final class GunzipReader: ExportDecompressor {
    private let inflation = Mutex(Inflation())

    /// Begins before the first member.
    package init() {}

    /// The next part of what bytes stand for, and how many of them it took.
    package func next(
        _ bytes: ArraySlice<UInt8>
    ) throws(StoreError) -> (output: [UInt8], consumed: Int) {
        guard let step = inflation.withLock({ $0.next(bytes) }) else {
            throw .corrupt("bytes are not gzip, or damaged")
        }
        return step
    }

    /// Whether what was read so far ends with a whole member.
    package var isComplete: Bool { inflation.withLock { !$0.isInside } }
}

/// The state of zlib, at one address for as long as it lives.
private struct Inflation: ~Copyable {
    private static let pieceBytes = 256 << 10
    private let stream: UnsafeMutablePointer<z_stream>
    private(set) var isInside = false

    init() {
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        let status = inflateInit2_(
            stream,
            15 + 16,
            ZLIB_VERSION,
            Int32(MemoryLayout<z_stream>.size)
        )
        precondition(status == Z_OK, "zlib has no memory")
    }

    deinit {
        inflateEnd(stream)
        stream.deallocate()
    }

    /// The next part of what bytes stand for, or nil for bytes that are none of gzip.
    mutating func next(_ bytes: ArraySlice<UInt8>) -> (output: [UInt8], consumed: Int)? {
        // Between members there is nothing to be had without bytes.
        guard isInside || !bytes.isEmpty else { return ([], 0) }
        if !isInside {
            inflateReset(stream)
            isInside = true
        }
        var status = Z_OK
        var consumed = 0
        let output = bytes.withUnsafeBytes { input in
            [UInt8](unsafeUninitializedCapacity: Self.pieceBytes) { block, count in
                stream.pointee.next_in = UnsafeMutablePointer(
                    mutating: input.bindMemory(to: UInt8.self).baseAddress
                )
                stream.pointee.avail_in = UInt32(input.count)
                stream.pointee.next_out = block.baseAddress
                stream.pointee.avail_out = UInt32(Self.pieceBytes)
                status = CZlib.inflate(stream, Z_NO_FLUSH)
                count = Self.pieceBytes - Int(stream.pointee.avail_out)
                consumed = input.count - Int(stream.pointee.avail_in)
            }
        }
        switch status {
        case Z_STREAM_END: isInside = false
        // Without bytes there may be nothing left to give.
        case Z_OK, Z_BUF_ERROR: break
        default: return nil
        }
        return (output, consumed)
    }
}
