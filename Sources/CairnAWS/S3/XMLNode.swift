// SPDX-License-Identifier: Apache-2.0

/// An element of an answer's XML: what S3 says is small and plain.
///
/// Attributes, comments and namespaces are passed over; document types, and entities but the five
/// of XML itself, are refused, so that no answer makes the reader fetch or grow anything.
struct XMLNode: Equatable {
    /// Text that is no such XML.
    struct Malformed: Error {}

    let name: String
    private(set) var text = ""
    private(set) var children: [XMLNode] = []

    /// The first element of that name inside.
    subscript(_ name: String) -> XMLNode? { children.first { $0.name == name } }

    /// Reads a document.
    init(parsing bytes: [UInt8]) throws(Malformed) {
        var reader = Reader(rest: bytes[...])
        self = try reader.document()
    }

    fileprivate init(name: String) {
        self.name = name
    }

    fileprivate mutating func add(_ text: String) {
        self.text += text
    }

    fileprivate mutating func add(_ child: XMLNode) {
        children.append(child)
    }
}

/// Reads elements one after the other, without calling itself.
private struct Reader {
    private static let depthLimit = 16

    var rest: ArraySlice<UInt8>

    mutating func document() throws(XMLNode.Malformed) -> XMLNode {
        var open: [XMLNode] = []
        while true {
            let text = take { $0 != UInt8(ascii: "<") }
            if !open.isEmpty { open[open.count - 1].add(try decoded(text)) }
            guard rest.popFirst() != nil else { throw XMLNode.Malformed() }
            switch rest.first {
            case UInt8(ascii: "?"): try skip("?>")
            case UInt8(ascii: "!"):
                guard rest.starts(with: "!--".utf8) else { throw XMLNode.Malformed() }
                try skip("-->")
            case UInt8(ascii: "/"):
                rest.removeFirst()
                let name = try name()
                guard var node = open.popLast(), node.name == name else {
                    throw XMLNode.Malformed()
                }
                try skip(">")
                node = node.trimmed
                guard !open.isEmpty else { return node }
                open[open.count - 1].add(node)
            default:
                let node = XMLNode(name: try name())
                if try closesItself() {
                    guard !open.isEmpty else { return node }
                    open[open.count - 1].add(node)
                } else {
                    guard open.count < Reader.depthLimit else { throw XMLNode.Malformed() }
                    open.append(node)
                }
            }
        }
    }

    /// A name without its namespace's prefix.
    private mutating func name() throws(XMLNode.Malformed) -> String {
        let bytes = take { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"),
                UInt8(ascii: "."), UInt8(ascii: ":"):
                true
            default: false
            }
        }
        let last = bytes.split(separator: UInt8(ascii: ":")).last
        guard let last else { throw XMLNode.Malformed() }
        return String(decoding: last, as: UTF8.self)
    }

    /// Passes over attributes to the end of a tag, and says whether it ends its element, too.
    private mutating func closesItself() throws(XMLNode.Malformed) -> Bool {
        var last: UInt8 = 0
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: ">"): return last == UInt8(ascii: "/")
            case UInt8(ascii: "\""), UInt8(ascii: "'"):
                _ = take { $0 != byte }
                guard rest.popFirst() != nil else { throw XMLNode.Malformed() }
            case UInt8(ascii: "<"): throw XMLNode.Malformed()
            default: break
            }
            last = byte
        }
        throw XMLNode.Malformed()
    }

    private mutating func take(while isPart: (UInt8) -> Bool) -> ArraySlice<UInt8> {
        let taken = rest.prefix(while: isPart)
        rest = rest[taken.endIndex...]
        return taken
    }

    private mutating func skip(_ end: String) throws(XMLNode.Malformed) {
        while !rest.starts(with: end.utf8) {
            guard rest.popFirst() != nil else { throw XMLNode.Malformed() }
        }
        rest = rest.dropFirst(end.utf8.count)
    }

    private func decoded(_ bytes: ArraySlice<UInt8>) throws(XMLNode.Malformed) -> String {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw XMLNode.Malformed()
        }
        guard text.contains("&") else { return text }
        var parts = text.split(separator: "&", omittingEmptySubsequences: false)[...]
        var result = String(parts.removeFirst())
        for part in parts {
            guard let end = part.firstIndex(of: ";"), let sign = Reader.entity(part[..<end])
            else { throw XMLNode.Malformed() }
            result += sign + part[part.index(after: end)...]
        }
        return result
    }

    private static func entity(_ name: Substring) -> String? {
        switch name {
        case "lt": return "<"
        case "gt": return ">"
        case "amp": return "&"
        case "quot": return "\""
        case "apos": return "'"
        default:
            guard name.hasPrefix("#") else { return nil }
            let isHex = name.hasPrefix("#x")
            let code = UInt32(name.dropFirst(isHex ? 2 : 1), radix: isHex ? 16 : 10)
            return code.flatMap { Unicode.Scalar($0) }.map { String(Character($0)) }
        }
    }
}

extension XMLNode {
    /// The same without the spaces that only lay out what is inside.
    fileprivate var trimmed: XMLNode {
        guard !children.isEmpty else { return self }
        var node = self
        node.text = text.filter { !$0.isWhitespace }
        return node
    }
}
