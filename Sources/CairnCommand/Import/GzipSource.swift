// SPDX-License-Identifier: Apache-2.0
import CZlib

/// The bytes of a gzip stream, of one member or several (RFC 1952).
struct GzipSource: ByteSource {
    private static let pieceBytes = 256 << 10

    private var source: any ByteSource
    private let name: String
    private let stream: Inflation
    private var input: [UInt8] = []
    private var consumed = 0
    /// Whether a member is begun and not ended.
    private var isInside = false

    /// Inflates what `source` gives.
    init(_ source: any ByteSource, name: String) {
        self.source = source
        self.name = name
        stream = Inflation()
    }

    mutating func next() throws -> [UInt8]? {
        while true {
            if consumed == input.count {
                guard let piece = try source.next() else {
                    guard !isInside else { throw broken("ends too early") }
                    return nil
                }
                input = piece
                consumed = 0
            }
            if !isInside {
                stream.reset()
                isInside = true
            }
            let step = stream.inflate(input[consumed...], upTo: GzipSource.pieceBytes)
            consumed += step.consumed
            switch step.status {
            case Z_OK, Z_BUF_ERROR: break
            case Z_STREAM_END: isInside = false
            default: throw broken("is not gzip, or damaged")
            }
            if !step.output.isEmpty { return step.output }
        }
    }

    private func broken(_ what: String) -> CommandFailure {
        .badInput("\(name) \(what)")
    }
}

/// The state of zlib, at one address for as long as it lives.
private final class Inflation {
    private let stream: UnsafeMutablePointer<z_stream>

    init() {
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        // 15 bits of window, and 16 for a gzip header.
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

    func reset() {
        inflateReset(stream)
    }

    func inflate(
        _ input: ArraySlice<UInt8>,
        upTo limit: Int
    ) -> (output: [UInt8], consumed: Int, status: Int32) {
        var input = input
        var consumed = 0
        var status = Z_OK
        let output = [UInt8](unsafeUninitializedCapacity: limit) { buffer, count in
            input.withUnsafeMutableBufferPointer { bytes in
                stream.pointee.next_in = bytes.baseAddress
                stream.pointee.avail_in = UInt32(bytes.count)
                stream.pointee.next_out = buffer.baseAddress
                stream.pointee.avail_out = UInt32(limit)
                status = CZlib.inflate(stream, Z_NO_FLUSH)
                consumed = bytes.count - Int(stream.pointee.avail_in)
            }
            count = limit - Int(stream.pointee.avail_out)
        }
        return (output, consumed, status)
    }
}
