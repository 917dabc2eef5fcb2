// SPDX-License-Identifier: Apache-2.0

extension EvidenceLine {
    /// Why bytes are no line of evidence.
    public struct Malformed: Error, Equatable, Sendable {}

    /// Reads a line without its end, accepting nothing but the one encoding.
    public init(parsing bytes: UnsafeRawBufferPointer) throws(Malformed) {
        var scanner = MemberScanner(bytes)
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

extension MemberScanner {
    /// Reads a line of evidence.
    fileprivate mutating func line() -> EvidenceLine? {
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
                let path = FieldPath(utf8: name)
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
}
