// SPDX-License-Identifier: Apache-2.0
import Cairn

/// Makes trees, ways to write them, and damage, all from one seed.
struct RandomJSON {
    private var generator: SeededGenerator

    private static let scalars: [Unicode.Scalar] =
        Array("abcdefghij0189 _/\"\\\u{0}\u{8}\t\n\u{C}\r\u{1F}\u{7F}\u{E9}\u{301}".unicodeScalars)
        + [
            "\u{7FF}", "\u{800}", "\u{D7FF}", "\u{E000}", "\u{FFFF}", "\u{10000}", "\u{1F600}",
            "\u{10FFFF}",
        ]

    init(seed: UInt64) {
        generator = SeededGenerator(seed: seed)
    }

    /// A tree of at most `depth` containers within each other.
    mutating func value(depth: Int) -> JSONValue {
        switch draw(depth > 0 ? 8 : 5) {
        case 0: return .null
        case 1: return .bool(draw(2) == 0)
        case 2: return .number(number())
        case 3, 4: return .string(text(below: 20))
        case 5: return .array((0..<draw(6)).map { _ in value(depth: depth - 1) })
        default:
            var object = JSONObject()
            for _ in 0..<(draw(10) == 0 ? draw(60) : draw(8)) {
                object[text(below: 12)] = value(depth: depth - 1)
            }
            return .object(object)
        }
    }

    /// A number of few or many digits, at any place that is allowed.
    mutating func number() -> JSONNumber {
        let digits = (0..<(1 + draw(draw(2) == 0 ? 4 : 40))).map { _ in "\(draw(10))" }.joined()
        let exponent = draw(2) == 0 ? draw(12) - 6 : draw(560) - 280
        let sign = draw(2) == 0 ? "-" : ""
        guard let number = JSONNumber(parsing: "\(sign)0.\(digits)e\(exponent)") else {
            preconditionFailure("0.\(digits)e\(exponent) is no number")
        }
        return number
    }

    /// The tree with white space, order of members, escapes and number layouts as they fall.
    mutating func formatted(_ value: JSONValue) -> String {
        let body: String
        switch value {
        case .null: body = "null"
        case .bool(let value): body = value ? "true" : "false"
        case .number(let number): body = formatted(number)
        case .string(let text): body = formatted(text)
        case .array(let elements):
            let parts = elements.map { formatted($0) }
            body = "[" + (parts.isEmpty ? space() : parts.joined(separator: ",")) + "]"
        case .object(let members):
            let parts = members.shuffled(using: &generator).map { member in
                space() + formatted(member.name) + space() + ":" + formatted(member.value)
            }
            body = "{" + (parts.isEmpty ? space() : parts.joined(separator: ",")) + "}"
        }
        return space() + body + space()
    }

    /// The number with its point moved, zeros added, and an exponent that makes up for it.
    mutating func formatted(_ number: JSONNumber) -> String {
        guard draw(3) > 0 else { return number.text }
        let sign = number.text.hasPrefix("-") ? "-" : ""
        let parts = number.text.dropFirst(sign.count).split(separator: "e")
        let decimal = parts[0].split(separator: ".")
        let fraction = decimal.count > 1 ? decimal[1] : ""
        var exponent = (parts.count > 1 ? Int(parts[1]) ?? 0 : 0) - fraction.count
        var digits = (decimal[0] + fraction).drop { $0 == "0" }
        if digits.isEmpty { return sign + "0.0E+7" }
        let zeros = draw(5)
        digits += String(repeating: "0", count: zeros)
        exponent -= zeros
        let moved = draw(digits.count)
        let whole = digits.dropLast(moved)
        let point = moved > 0 ? "." + digits.suffix(moved) : ""
        exponent += moved
        let mark = draw(2) == 0 ? "e" : "E"
        let plus = exponent >= 0 && draw(2) == 0 ? "+0" : ""
        return "\(sign)\(whole)\(point)\(mark)\(plus)\(exponent)"
    }

    /// Changes, removes, repeats or cuts a byte.
    mutating func damage(_ bytes: inout [UInt8]) {
        let place = draw(bytes.count)
        switch draw(5) {
        case 0: bytes[place] ^= 1 << UInt8(draw(8))
        case 1: bytes.remove(at: place)
        case 2: bytes.insert(bytes[draw(bytes.count)], at: place)
        case 3: bytes.removeLast(bytes.count - place)
        default: bytes.swapAt(place, draw(bytes.count))
        }
    }

    private mutating func formatted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            let mustEscape = scalar.value < 0x20 || scalar == "\"" || scalar == "\\"
            guard mustEscape || draw(6) == 0 else {
                result.unicodeScalars.append(scalar)
                continue
            }
            let short = PlainCanonicalWriter.shortEscapes[scalar] ?? (scalar == "/" ? "\\/" : nil)
            if let short, draw(2) == 0 {
                result += short
                continue
            }
            for unit in String(scalar).utf16 {
                let hex = String(0x10000 + Int(unit), radix: 16, uppercase: draw(2) == 0)
                result += "\\u" + hex.dropFirst()
            }
        }
        return result + "\""
    }

    private mutating func text(below limit: Int) -> String {
        var text = ""
        let isPlain = draw(2) == 0
        for _ in 0..<draw(limit) {
            text.unicodeScalars.append(Self.scalars[draw(isPlain ? 14 : Self.scalars.count)])
        }
        return text
    }

    private mutating func space() -> String {
        guard draw(3) == 0 else { return "" }
        return (0..<draw(3)).map { _ in [" ", "\n", "\r", "\t"][draw(4)] }.joined()
    }

    private mutating func draw(_ limit: Int) -> Int {
        Int.random(in: 0..<limit, using: &generator)
    }
}

/// Writes canonical JSON the slow and obvious way, to compare with.
enum PlainCanonicalWriter {
    static let shortEscapes: [Unicode.Scalar: String] = [
        "\"": "\\\"", "\\": "\\\\", "\u{8}": "\\b", "\t": "\\t", "\n": "\\n", "\u{C}": "\\f",
        "\r": "\\r",
    ]

    static func text(_ value: JSONValue) -> String {
        switch value {
        case .null: "null"
        case .bool(let value): "\(value)"
        case .number(let number): number.text
        case .string(let text): string(text)
        case .array(let elements): "[" + elements.map(text).joined(separator: ",") + "]"
        case .object(let members):
            "{"
                + members.sorted { $0.name.utf16.lexicographicallyPrecedes($1.name.utf16) }
                .map { string($0.name) + ":" + text($0.value) }
                .joined(separator: ",") + "}"
        }
    }

    static func string(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            if let short = shortEscapes[scalar] {
                result += short
            } else if scalar.value < 0x20 {
                let hex = String(scalar.value, radix: 16)
                result += "\\u00" + (hex.count < 2 ? "0" : "") + hex
            } else {
                result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
