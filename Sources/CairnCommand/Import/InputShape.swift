// SPDX-License-Identifier: Apache-2.0

/// How a file holds its entries, as far as its beginning tells.
enum InputShape: Equatable {
    /// One JSON array.
    case array
    /// One JSON object, with the entries in an array of this name.
    case list(String)
    /// A JSON text a line.
    case lines
    /// CSV.
    case table

    /// Tells the shape from the first bytes of a file.
    ///
    /// - Parameters:
    ///   - head: The first bytes.
    ///   - lists: The names that an array of entries may have.
    init(of head: [UInt8], lists: Set<String>) {
        switch head.first(where: { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }) {
        case UInt8(ascii: "["): self = .array
        case UInt8(ascii: "{"): self = InputShape.list(in: head, lists).map { .list($0) } ?? .lines
        case nil: self = .lines
        default: self = .table
        }
    }

    /// The name of the array of entries in the object that begins here, if it has one.
    private static func list(in head: [UInt8], _ lists: Set<String>) -> String? {
        var depth = 0
        var name: [UInt8] = []
        var isInString = false
        var isEscaped = false
        var isValue = false
        for byte in head {
            if isInString {
                if isEscaped {
                    isEscaped = false
                } else if byte == UInt8(ascii: "\\") {
                    isEscaped = true
                } else if byte == UInt8(ascii: "\"") {
                    isInString = false
                    continue
                }
                if !isValue { name.append(byte) }
                continue
            }
            switch byte {
            case UInt8(ascii: "\""):
                isInString = true
                if !isValue { name = [] }
            case UInt8(ascii: ":") where depth == 1: isValue = true
            case UInt8(ascii: ",") where depth == 1: isValue = false
            case UInt8(ascii: "["):
                let text = String(decoding: name, as: UTF8.self)
                if depth == 1, isValue, lists.contains(text) { return text }
                depth += 1
            case UInt8(ascii: "{"): depth += 1
            case UInt8(ascii: "]"), UInt8(ascii: "}"):
                depth -= 1
                if depth == 0 { return nil }
            default: break
            }
        }
        return nil
    }
}

/// Bytes whose beginning was looked at already.
struct PeekedSource: ByteSource {
    /// How much of a file is looked at.
    static let headBytes = 64 << 10

    /// The first bytes, without a byte order mark.
    let head: [UInt8]
    private var source: any ByteSource
    private var isHeadRead = false

    /// Reads the beginning of a source.
    init(_ source: any ByteSource) throws {
        var source = source
        var head: [UInt8] = []
        while head.count < PeekedSource.headBytes, let piece = try source.next() {
            head += piece
        }
        if head.starts(with: [0xEF, 0xBB, 0xBF]) { head.removeFirst(3) }
        self.head = head
        self.source = source
    }

    mutating func next() throws -> [UInt8]? {
        guard isHeadRead || head.isEmpty else {
            isHeadRead = true
            return head
        }
        return try source.next()
    }
}
