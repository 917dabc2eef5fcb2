// SPDX-License-Identifier: Apache-2.0

extension EvidenceLine {
    /// Why bytes are no line of evidence.
    public struct Malformed: Error, Equatable, Sendable {}

    /// Reads a line without its end, accepting nothing but the one encoding.
    public init(parsing bytes: UnsafeRawBufferPointer) throws(Malformed) {
        var scanner = EvidenceScanner(bytes)
        guard let line = scanner.line(), scanner.isAtEnd else { throw Malformed() }
        self = line
    }

    /// Reads a line without its end, accepting nothing but the one encoding.
    public init(parsing bytes: [UInt8]) throws(Malformed) {
        guard let line = bytes.withUnsafeBytes({ try? EvidenceLine(parsing: $0) }) else {
            throw Malformed()
        }
        self = line
    }
}

/// Reads the members of a line in their only order, in place.
private struct EvidenceScanner {
    private let bytes: UnsafeRawBufferPointer
    private var at = 0

    init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
    }

    var isAtEnd: Bool { at == bytes.count }

    mutating func line() -> EvidenceLine? {
        guard !take("{\"from\":") else { return gap() }
        guard take("{\"index\":"), let index = integer() else { return nil }
        if take(",\"previous_hash\":\"") {
            guard let previous = hex(), take(",\"leaf\":\""), let leaf = base64(),
                take(",\"fields\":["), let items = items(), take("}")
            else { return nil }
            return .shown(
                index: index,
                previousHash: previous,
                Disclosure(leaf: leaf, items: items)
            )
        }
        if take(",\"withheld\":\"") {
            guard let condition = string(), take(",\"leaf\":\""), let leaf = base64() else {
                return nil
            }
            var shown: [Disclosure.Item]?
            if take(",\"fields\":[") {
                guard let items = items() else { return nil }
                shown = items
            }
            guard take("}") else { return nil }
            return .withheld(
                index: index,
                condition: String(decoding: condition, as: UTF8.self),
                leaf: leaf,
                items: shown
            )
        }
        guard take(",\"undecidable\":\""), let word = text(),
            let reason = EvidenceLine.Reason(rawValue: String(decoding: word, as: UTF8.self)),
            take(",\"leaf\":\""), let leaf = base64(), take("}")
        else { return nil }
        return .undecidable(index: index, reason: reason, leaf: leaf)
    }

    private mutating func gap() -> EvidenceLine? {
        guard let from = integer(), take(",\"to\":"), let to = integer(), from < to,
            take(",\"hashes\":[")
        else { return nil }
        var hashes: [Digest] = []
        // More than two of each level there cannot be.
        while hashes.count < 128, take(hashes.isEmpty ? "\"" : ",\"") {
            guard let hash = hex() else { return nil }
            hashes.append(hash)
        }
        guard take("]}") else { return nil }
        return .gap(from..<to, hashes)
    }

    private mutating func items() -> [Disclosure.Item]? {
        var items: [Disclosure.Item] = []
        items.reserveCapacity(24)
        while take(items.isEmpty ? "{\"path\":\"" : ",{\"path\":\"") {
            guard let name = text(),
                let path = FieldPath(String(decoding: name, as: UTF8.self))
            else { return nil }
            if take(",\"salt\":\"") {
                guard let salt = base64URL(), take(",\"value\":\""), let value = string(), take("}")
                else { return nil }
                items.append(
                    Disclosure.Item(path: path, content: .shown(salt: salt, value: value))
                )
            } else {
                guard take(",\"digest\":\""), let digest = base64URL(), take("}") else {
                    return nil
                }
                items.append(Disclosure.Item(path: path, content: .withheld(digest)))
            }
        }
        return take("]") ? items : nil
    }

    // MARK: Parts

    @inline(__always)
    private mutating func take(_ literal: StaticString) -> Bool {
        let count = literal.utf8CodeUnitCount
        guard bytes.count - at >= count else { return false }
        let wanted = literal.utf8Start
        for offset in 0..<count where bytes[at + offset] != wanted[offset] {
            return false
        }
        at += count
        return true
    }

    /// Reads to the closing quote; there are no escapes in it.
    private mutating func text() -> UnsafeRawBufferPointer? {
        let start = at
        while at < bytes.count {
            switch bytes[at] {
            case UInt8(ascii: "\""):
                defer { at += 1 }
                return UnsafeRawBufferPointer(rebasing: bytes[start..<at])
            case UInt8(ascii: "\\"): return nil
            default: at += 1
            }
        }
        return nil
    }

    private mutating func hex() -> Digest? {
        text().flatMap { Hex.decode(utf8: $0) }.flatMap { Digest($0) }
    }

    private mutating func base64() -> [UInt8]? {
        text().flatMap { Base64.decode(utf8: $0) }
    }

    private mutating func base64URL() -> Digest? {
        text().flatMap { Base64URL.decode(utf8: $0) }.flatMap { Digest($0) }
    }

    /// Reads to the closing quote of a string whose escapes are the canonical ones.
    private mutating func string() -> [UInt8]? {
        var output: [UInt8] = []
        output.reserveCapacity(48)
        var start = at
        while at < bytes.count {
            let byte = bytes[at]
            if byte == UInt8(ascii: "\"") {
                output.append(contentsOf: UnsafeRawBufferPointer(rebasing: bytes[start..<at]))
                at += 1
                return output
            }
            guard byte >= 0x20 else { return nil }
            guard byte == UInt8(ascii: "\\") else {
                at += 1
                continue
            }
            output.append(contentsOf: UnsafeRawBufferPointer(rebasing: bytes[start..<at]))
            guard let escaped = escape() else { return nil }
            output.append(escaped)
            start = at
        }
        return nil
    }

    private mutating func escape() -> UInt8? {
        guard bytes.count - at >= 2 else { return nil }
        let letter = bytes[at + 1]
        at += 2
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): return letter
        case UInt8(ascii: "b"): return 0x08
        case UInt8(ascii: "t"): return 0x09
        case UInt8(ascii: "n"): return 0x0A
        case UInt8(ascii: "f"): return 0x0C
        case UInt8(ascii: "r"): return 0x0D
        case UInt8(ascii: "u"):
            guard take("00"), bytes.count - at >= 2,
                let byte = Hex.decode(
                    utf8: UnsafeRawBufferPointer(rebasing: bytes[at..<at + 2])
                )?.first, byte < 0x20, ![0x08, 0x09, 0x0A, 0x0C, 0x0D].contains(byte)
            else { return nil }
            at += 2
            return byte
        default: return nil
        }
    }

    private mutating func integer() -> UInt64? {
        let start = at
        var value: UInt64 = 0
        while at < bytes.count, case let digit = bytes[at] &- UInt8(ascii: "0"), digit < 10 {
            guard at - start < 16, value > 0 || at == start else { return nil }
            value = value * 10 + UInt64(digit)
            at += 1
        }
        return at > start && value < 1 << 53 ? value : nil
    }
}
