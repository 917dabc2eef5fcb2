// SPDX-License-Identifier: Apache-2.0

internal import NIOCore

/// Cuts a stream of bytes into lines, holding no more than one line that is not complete.
struct LineSplitter {
    /// A line that has something in it, and its number, from 1.
    enum Line<Value> {
        /// What was made of the line.
        case read(number: Int, Value)
        /// The line is longer than allowed; the rest of it is passed over.
        case tooLong(number: Int)
    }

    private let limit: Int
    private var carried: [UInt8] = []
    private var isPassingOver = false
    private var number = 0

    /// Cuts into lines of at most so many bytes, without the line feed.
    init(limit: Int) {
        self.limit = limit
    }

    /// The next line of a chunk that has something in it; nil once the chunk is used up.
    ///
    /// `body` is given the line's bytes, without the line feed, in place where that is possible.
    mutating func next<Value>(
        in chunk: inout ByteBuffer,
        _ body: (UnsafeRawBufferPointer) -> Value
    ) -> Line<Value>? {
        while chunk.readableBytes > 0 {
            let end = chunk.withUnsafeReadableBytes { $0.firstIndex(of: UInt8(ascii: "\n")) }
            let count = end ?? chunk.readableBytes
            defer { chunk.moveReaderIndex(forwardBy: count + (end == nil ? 0 : 1)) }
            guard !isPassingOver else {
                isPassingOver = end == nil
                continue
            }
            guard carried.count + count <= limit else {
                carried = []
                isPassingOver = end == nil
                number += 1
                return .tooLong(number: number)
            }
            guard end != nil else {
                chunk.withUnsafeReadableBytes { carried.append(contentsOf: $0) }
                return nil
            }
            number += 1
            let value = chunk.withUnsafeReadableBytes { bytes in
                read(UnsafeRawBufferPointer(rebasing: bytes[..<count]), body)
            }
            if let value { return .read(number: number, value) }
        }
        return nil
    }

    /// The last line, if it has something in it and no line feed.
    mutating func finish<Value>(_ body: (UnsafeRawBufferPointer) -> Value) -> Line<Value>? {
        guard !carried.isEmpty else { return nil }
        number += 1
        let empty = UnsafeRawBufferPointer(start: nil, count: 0)
        return read(empty, body).map { .read(number: number, $0) }
    }

    /// Runs `body` on what was carried and the end of the line, unless all of it is white space.
    private mutating func read<Value>(
        _ end: UnsafeRawBufferPointer,
        _ body: (UnsafeRawBufferPointer) -> Value
    ) -> Value? {
        guard !carried.isEmpty else { return LineSplitter.isBlank(end) ? nil : body(end) }
        carried.append(contentsOf: end)
        defer { carried.removeAll(keepingCapacity: true) }
        return carried.withUnsafeBytes { LineSplitter.isBlank($0) ? nil : body($0) }
    }

    private static func isBlank(_ line: UnsafeRawBufferPointer) -> Bool {
        line.allSatisfy { $0 == 0x20 || $0 == 0x0D || $0 == 0x09 }
    }
}
