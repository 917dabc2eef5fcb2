// SPDX-License-Identifier: Apache-2.0

internal import Cairn
internal import CairnAPI
internal import Hummingbird

/// The parameters of a request's query, decoded; names that a route does not have are refused.
struct QueryParameters {
    private(set) var pairs: [(name: String, value: String)] = []

    /// Reads the query.
    ///
    /// - Throws: ``Problem`` naming a parameter that is not well-formed.
    init(_ request: Request) throws(Problem) {
        guard let query = request.uri.query else { return }
        for part in query.utf8.split(separator: UInt8(ascii: "&")) {
            let end = part.firstIndex(of: UInt8(ascii: "=")) ?? part.endIndex
            guard let name = QueryParameters.decode(part[..<end]) else {
                throw Problem(.invalidParameter, "The name of a parameter is not well-formed.")
            }
            let text = end == part.endIndex ? part[end...] : part[part.index(after: end)...]
            guard let value = QueryParameters.decode(text) else {
                throw .parameter(name, "is not percent-encoded UTF-8")
            }
            pairs.append((name, value))
        }
    }

    /// Reads the members of an object as if they had been parameters; absent is none.
    ///
    /// - Throws: ``Problem`` naming the member that there is not, or that is no text.
    init(of value: JSONValue?, named name: String, only names: Set<String>) throws(Problem) {
        guard let value else { return }
        guard let members = value.object else {
            throw .member(name, "wrong_type", "must be an object")
        }
        for (member, value) in members {
            let field = name.isEmpty ? member : "\(name).\(member)"
            guard names.contains(member) else {
                throw .member(field, "unknown_member", "is not a filter")
            }
            guard let text = value.string else {
                throw .member(field, "wrong_type", "must be a text")
            }
            pairs.append((member, text))
        }
    }

    /// The same without some parameters.
    func without(_ names: [String]) -> QueryParameters {
        var rest = self
        rest.pairs.removeAll { names.contains($0.name) }
        return rest
    }

    /// Whether there is none.
    var isEmpty: Bool { pairs.isEmpty }

    /// The names, in order, as often as they appear.
    var names: [String] { pairs.map(\.name) }

    /// Refuses parameters that are not among the given ones.
    func allow(only names: Set<String>) throws(Problem) {
        for (name, _) in pairs where !names.contains(name) {
            throw Problem(
                .unknownParameter,
                "\(name) is not a parameter of this route.",
                errors: [.init(field: name, code: "unknown_parameter", message: "is not known")]
            )
        }
    }

    /// All values of a parameter.
    func all(_ name: String) -> [String] {
        pairs.filter { $0.name == name }.map(\.value)
    }

    /// The value of a parameter that may appear once.
    func one(_ name: String) throws(Problem) -> String? {
        let values = all(name)
        guard values.count <= 1 else { throw .parameter(name, "appears more than once") }
        return values.first
    }

    /// A whole number without a sign.
    func number(_ name: String) throws(Problem) -> UInt64? {
        guard let text = try one(name) else { return nil }
        guard let number = QueryParameters.number(text) else {
            throw .parameter(name, "must be a whole number below 2^53")
        }
        return number
    }

    /// `true` or `false`; absent is false, and the name alone is true.
    func flag(_ name: String) throws(Problem) -> Bool {
        switch try one(name) {
        case nil, "false": return false
        case "true", "": return true
        default: throw .parameter(name, "must be true or false")
        }
    }

    /// One end of a range of time; a bare date as the end means the end of that day.
    func bound(_ name: String, isEnd: Bool) throws(Problem) -> Timestamp? {
        guard let text = try one(name) else { return nil }
        // A plus of an offset that was not encoded reads as a space, which no time has.
        let written = String(text.map { $0 == " " ? "+" : $0 })
        do {
            return try Timestamp.parseBound(written, isEnd: isEnd)
        } catch {
            throw .parameter(name, "must be an RFC 3339 time or a date: \(error)")
        }
    }

    /// Reads decimal digits without a leading zero, below 2^53.
    static func number(_ text: String) -> UInt64? {
        guard (1...16).contains(text.utf8.count),
            text.utf8.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }),
            text.utf8.count == 1 || text.utf8.first != UInt8(ascii: "0"),
            let number = UInt64(text), number < 1 << 53
        else { return nil }
        return number
    }

    /// Undoes the encoding of forms: percent and two digits are a byte, plus is a space.
    private static func decode(_ text: Substring.UTF8View) -> String? {
        decode(text, isForm: true)
    }

    /// Undoes the encoding of a part of a path: percent and two digits are a byte.
    static func decode(path text: String) -> String? {
        decode(text[...].utf8, isForm: false)
    }

    private static func decode(_ text: Substring.UTF8View, isForm: Bool) -> String? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count)
        var rest = text.makeIterator()
        while let byte = rest.next() {
            switch byte {
            case UInt8(ascii: "+") where isForm:
                bytes.append(UInt8(ascii: " "))
            case UInt8(ascii: "%"):
                guard let high = rest.next().flatMap(digit), let low = rest.next().flatMap(digit)
                else { return nil }
                bytes.append(high << 4 | low)
            default:
                bytes.append(byte)
            }
        }
        return String(validating: bytes, as: UTF8.self)
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
