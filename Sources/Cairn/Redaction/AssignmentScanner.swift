// SPDX-License-Identifier: Apache-2.0

/// Finds secrets that a text assigns to a name: `password=…`, `?access_token=…`, `"apiKey": "…"`, and
/// the fields of HTTP that hold credentials.
struct AssignmentScanner: Sendable {
    /// How long a name is looked at, in bytes.
    private static let nameBytes = 64

    private let names: SensitiveNames

    init(_ names: SensitiveNames) {
        self.names = names
    }

    /// The first value at or after a place, and what becomes of it; nil when there is none.
    func next(
        in text: UnsafeRawBufferPointer,
        from start: Int
    ) -> (range: Range<Int>, action: RedactionRules.Action)? {
        for at in start..<text.count {
            switch text[at] {
            case UInt8(ascii: "="):
                guard let action = action(endingAt: at, in: text, from: start),
                    let range = assigned(text, at + 1)
                else { continue }
                return (range, action)
            case UInt8(ascii: ":") where at > start:
                let isQuoted = text[at - 1] == UInt8(ascii: "\"")
                let end = isQuoted ? at - 1 : at
                guard isQuoted || Self.isField(text, at, from: start),
                    let action = action(endingAt: end, in: text, from: start),
                    let range = isQuoted ? quoted(text, at + 1) : line(text, at + 1)
                else { continue }
                return (range, action)
            default: continue
            }
        }
        return nil
    }

    /// Whether there may be one in canonical JSON, escapes and all.
    func concern(_ text: UnsafeRawBufferPointer) -> Bool {
        for at in text.indices {
            switch text[at] {
            case UInt8(ascii: "="):
                if action(endingAt: at, in: text, from: 0) != nil { return true }
            case UInt8(ascii: ":") where at > 2:
                // `\":` within a text; a member's own colon follows a quote that is not escaped.
                let isEscaped = text[at - 1] == UInt8(ascii: "\"") && text[at - 2] == 0x5C
                if isEscaped, action(endingAt: at - 2, in: text, from: 0) != nil { return true }
                if Self.isField(text, at, from: 0) { return true }
            default: continue
            }
        }
        return false
    }

    /// What becomes of the value of the name that ends at a place.
    private func action(
        endingAt end: Int,
        in text: UnsafeRawBufferPointer,
        from start: Int
    ) -> RedactionRules.Action? {
        var first = end
        while first > start, end - first < Self.nameBytes, Self.isName(text[first - 1]) {
            first -= 1
        }
        guard end - first >= 3 else { return nil }
        let name = UnsafeRawBufferPointer(rebasing: text[first..<end])
        return names.concern(name)
            ? names.rule(String(decoding: name, as: UTF8.self))?.action : nil
    }

    /// A value after `=`: in quotes, or to the next mark that ends one.
    private func assigned(_ text: UnsafeRawBufferPointer, _ start: Int) -> Range<Int>? {
        guard start < text.count, !Self.isMark(text, start) else { return nil }
        if text[start] == UInt8(ascii: "\"") || text[start] == UInt8(ascii: "'") {
            return closed(text, start + 1, by: text[start])
        }
        var end = start
        while end < text.count, !Self.ends.contains(text[end]) { end += 1 }
        return start < end ? start..<end : nil
    }

    /// A text after a colon, in quotes.
    private func quoted(_ text: UnsafeRawBufferPointer, _ start: Int) -> Range<Int>? {
        var start = start
        while start < text.count, text[start] == UInt8(ascii: " ") { start += 1 }
        guard start < text.count, text[start] == UInt8(ascii: "\"") else { return nil }
        return closed(text, start + 1, by: UInt8(ascii: "\""))
    }

    private func closed(
        _ text: UnsafeRawBufferPointer,
        _ start: Int,
        by quote: UInt8
    ) -> Range<Int>? {
        guard !Self.isMark(text, start) else { return nil }
        var end = start
        while end < text.count, text[end] != quote { end += text[end] == 0x5C ? 2 : 1 }
        return start < end ? start..<min(end, text.count) : nil
    }

    /// The rest of a line.
    private func line(_ text: UnsafeRawBufferPointer, _ start: Int) -> Range<Int>? {
        var start = start
        while start < text.count, text[start] == UInt8(ascii: " ") { start += 1 }
        guard !Self.isMark(text, start) else { return nil }
        var end = start
        while end < text.count, text[end] != 0x0A, text[end] != 0x0D { end += 1 }
        return start < end ? start..<end : nil
    }

    /// Whether a value begins that stands for one which was taken out before.
    private static func isMark(_ text: UnsafeRawBufferPointer, _ start: Int) -> Bool {
        guard start < text.count else { return false }
        return text[start...].starts(with: Redactor.mark.utf8)
            || text[start...].starts(with: "hmac:".utf8)
    }

    /// Fields of HTTP whose whole value is a credential, in lower case.
    private static let fields: [StaticString] = [
        "authorization", "proxy-authorization", "cookie", "set-cookie", "x-api-key",
    ]

    /// Whether such a field's name ends at a colon, at the beginning of a line or a text.
    private static func isField(_ text: UnsafeRawBufferPointer, _ at: Int, from start: Int) -> Bool
    {
        fields.contains { field in
            let first = at - field.utf8CodeUnitCount
            guard first >= start, Shape.starts(text, first, field, ignoringCase: true) else {
                return false
            }
            return first == start || !isName(text[first - 1])
                || text[first - 1] == UInt8(ascii: "n")
        }
    }

    private static let ends = Set(Array("&;, \t\r\n\"'<>)]}|".utf8))

    private static func isName(_ byte: UInt8) -> Bool {
        SecretScanner.isWord(byte) || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-")
            || byte == UInt8(ascii: ".")
    }
}
