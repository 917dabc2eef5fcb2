// SPDX-License-Identifier: Apache-2.0

/// The elements of an array in constant memory: of one that is the whole file, or of a member such
/// as `Records` in a file that is one JSON object.
///
/// Only the outline is read here: where an element begins and ends. What reads an element checks
/// its JSON.
struct RecordsReader: EntryReader {
    /// The longest element, in bytes.
    static let limitBytes = 7 << 20

    private enum State {
        case start, members, records, end, over
    }

    let unit: String
    private var source: any ByteSource
    private let name: String
    private let member: String?
    private var piece: [UInt8] = []
    private var position = 0
    private var state = State.start
    private var place = 0
    private var sawRecords = false

    /// Reads the member of this name; without one, the file is the array.
    init(_ source: any ByteSource, name: String, member: String?, unit: String = "item") {
        self.source = source
        self.name = name
        self.member = member
        self.unit = unit
    }

    mutating func next() throws -> ImportEntry? {
        while true {
            switch state {
            case .start:
                let first = UInt8(ascii: member == nil ? "[" : "{")
                guard try nextToken() == first else { throw noRecords }
                state = member == nil ? .records : .members
            case .members: try findRecords()
            case .records:
                if let entry = try nextElement() { return entry }
                state = member == nil ? .end : .members
            case .end:
                state = .over
                guard try nextToken() == nil else {
                    throw CommandFailure.badInput(
                        "\(name) goes on after its end; what was before it is imported"
                    )
                }
            case .over: return nil
            }
        }
    }

    private var noRecords: CommandFailure {
        .badInput(
            member.map { "\(name) is no object with an array `\($0)`" } ?? "\(name) is no array"
        )
    }

    private var truncated: CommandFailure {
        .badInput("\(name) ends in the middle; what was before its end is imported")
    }

    private mutating func byte() throws -> UInt8? {
        while position == piece.count {
            guard let next = try source.next() else { return nil }
            piece = next
            position = 0
        }
        defer { position += 1 }
        return piece[position]
    }

    /// The next byte that is not white space; nil at the end.
    private mutating func nextToken() throws -> UInt8? {
        while let byte = try byte() {
            switch byte {
            case 0x20, 0x09, 0x0A, 0x0D: continue
            default: return byte
            }
        }
        return nil
    }

    /// Passes over members of the outer object up to the array `Records`, or to the end.
    private mutating func findRecords() throws {
        while let token = try nextToken() {
            switch token {
            case UInt8(ascii: "}"):
                guard sawRecords else { throw noRecords }
                state = .end
                return
            case UInt8(ascii: ","): continue
            case UInt8(ascii: "\""):
                var key: [UInt8] = []
                try passString(keeping: &key, limit: 1024)
                guard try nextToken() == UInt8(ascii: ":"), let first = try nextToken() else {
                    throw noRecords
                }
                if key == Array("\(member ?? "")\"".utf8), first == UInt8(ascii: "[") {
                    sawRecords = true
                    state = .records
                    return
                }
                var dropped: [UInt8] = []
                try passValue(from: first, keeping: &dropped, limit: 0)
            default: throw noRecords
            }
        }
        throw truncated
    }

    private mutating func nextElement() throws -> ImportEntry? {
        while let token = try nextToken() {
            switch token {
            case UInt8(ascii: ","): continue
            case UInt8(ascii: "]"): return nil
            default:
                var bytes: [UInt8] = []
                try passValue(from: token, keeping: &bytes, limit: RecordsReader.limitBytes)
                place += 1
                guard bytes.count < RecordsReader.limitBytes else {
                    return .unreadable(
                        place: place,
                        reason: "the \(unit) is longer than \(RecordsReader.limitBytes) bytes"
                    )
                }
                return .entry(place: place, bytes: bytes)
            }
        }
        throw truncated
    }

    /// Passes over a value, keeping its bytes as far as the limit goes.
    private mutating func passValue(
        from first: UInt8,
        keeping bytes: inout [UInt8],
        limit: Int
    ) throws {
        var depth = 0
        var current: UInt8? = first
        while let byte = current {
            if bytes.count < limit { bytes.append(byte) }
            switch byte {
            case UInt8(ascii: "\""):
                try passString(keeping: &bytes, limit: limit)
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
            default: break
            }
            if depth == 0 {
                let isWord = ![UInt8(ascii: "\""), UInt8(ascii: "}"), UInt8(ascii: "]")]
                    .contains(byte)
                guard isWord else { return }
                // A number, or true, false or null, ends before what follows it.
                guard let following = try self.byte() else { throw truncated }
                if [0x20, 0x09, 0x0A, 0x0D, 0x2C, 0x5D, 0x7D].contains(following) {
                    position -= 1
                    return
                }
                current = following
            } else {
                current = try self.byte()
            }
        }
        throw truncated
    }

    /// Passes over a string after its first quote, keeping the rest with the last quote.
    private mutating func passString(keeping text: inout [UInt8], limit: Int) throws {
        var isEscaped = false
        while let byte = try byte() {
            if text.count < limit { text.append(byte) }
            if isEscaped {
                isEscaped = false
            } else if byte == UInt8(ascii: "\\") {
                isEscaped = true
            } else if byte == UInt8(ascii: "\"") {
                return
            }
        }
        throw truncated
    }
}
