// SPDX-License-Identifier: Apache-2.0

/// Takes text apart line by line, on bytes: only LF ends a line, and any other byte is content.
struct NoteLines {
    private(set) var rest: ArraySlice<UInt8>

    init(_ bytes: some Collection<UInt8>) {
        rest = ArraySlice(bytes)
    }

    /// Takes the next line without its LF, or nothing when no LF is left.
    mutating func next() -> ArraySlice<UInt8>? {
        guard let end = rest.firstIndex(of: NoteLines.feed) else { return nil }
        defer { rest = rest[(end + 1)...] }
        return rest[..<end]
    }

    /// The byte that ends a line.
    static let feed: UInt8 = 0x0A

    /// Finds a control character that no note may hold: one below U+0020 that is not LF.
    static func controlCharacter(in bytes: some Sequence<UInt8>) -> UInt8? {
        bytes.first { $0 < 0x20 && $0 != feed }
    }

    /// Reads a decimal below 2^63 that has neither sign nor leading zero.
    static func decimal(_ line: ArraySlice<UInt8>) -> UInt64? {
        guard (1...19).contains(line.count) else { return nil }
        guard line.count == 1 || line.first != UInt8(ascii: "0") else { return nil }
        // Nineteen digits stay below 10^19, which 64 bits hold.
        var value: UInt64 = 0
        for byte in line {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
            value = value * 10 + UInt64(byte - UInt8(ascii: "0"))
        }
        return value <= UInt64(Int64.max) ? value : nil
    }

    /// Reads the base64 text of 32 bytes.
    static func digest(_ line: ArraySlice<UInt8>) -> Digest? {
        Digest(base64: String(decoding: line, as: UTF8.self))
    }

    /// Says whether a key may have this name: not empty, no space of Unicode's, no `+`, no control.
    static func isKeyName(_ bytes: some Collection<UInt8>) -> Bool {
        guard !bytes.isEmpty, let name = String(validating: bytes, as: UTF8.self) else {
            return false
        }
        return name.unicodeScalars.allSatisfy { scalar in
            scalar.value >= 0x20 && scalar != "+" && !scalar.properties.isWhitespace
        }
    }
}
