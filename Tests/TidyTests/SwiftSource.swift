// SPDX-License-Identifier: Apache-2.0

/// Swift source as the rules see it: lines, and the same lines without comments and texts.
struct SwiftSource {
    /// The file's path.
    let path: String
    /// The lines as they are.
    let lines: [Substring]
    /// The lines with comments and the content of string literals taken out.
    let code: [Substring]

    init(path: String, text: String) {
        self.path = path
        lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        var blanker = Blanker(Array(text.utf8))
        let blanked = String(decoding: blanker.run(), as: UTF8.self)
        code = blanked.split(separator: "\n", omittingEmptySubsequences: false)
    }

    /// The top folder below `Sources`: the module, or nil for what is no module.
    var module: String? {
        let parts = path.split(separator: "/")
        return parts.count > 2 && parts[0] == "Sources" ? String(parts[1]) : nil
    }

    /// Says where a rule is broken.
    func finding(_ line: Int, _ message: String) -> String {
        "\(path):\(line + 1): \(message)"
    }
}

/// Copies source, with spaces for comments and for what stands in string literals.
private struct Blanker {
    private let bytes: [UInt8]
    private var at = 0
    private var output: [UInt8] = []

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        output.reserveCapacity(bytes.count)
    }

    mutating func run() -> [UInt8] {
        while at < bytes.count {
            if starts("//") {
                while at < bytes.count, bytes[at] != UInt8(ascii: "\n") { blank() }
            } else if starts("/*") {
                comment()
            } else if let pounds = literalPounds() {
                literal(pounds: pounds)
            } else {
                copy()
            }
        }
        return output
    }

    private func starts(_ text: String) -> Bool {
        bytes[at...].starts(with: text.utf8)
    }

    private mutating func copy() {
        output.append(bytes[at])
        at += 1
    }

    private mutating func blank(_ count: Int = 1) {
        for _ in 0..<count where at < bytes.count {
            let isLineEnd = bytes[at] == UInt8(ascii: "\n")
            output.append(isLineEnd ? bytes[at] : UInt8(ascii: " "))
            at += 1
        }
    }

    private mutating func comment() {
        var depth = 0
        repeat {
            if starts("/*") {
                depth += 1
            } else if starts("*/") {
                depth -= 1
            } else {
                blank()
                continue
            }
            blank(2)
        } while depth > 0 && at < bytes.count
    }

    /// How many pounds stand before a quote here, or nil where no literal begins.
    private func literalPounds() -> Int? {
        let pounds = bytes[at...].prefix { $0 == UInt8(ascii: "#") }.count
        let quote = at + pounds
        return quote < bytes.count && bytes[quote] == UInt8(ascii: "\"") ? pounds : nil
    }

    private mutating func literal(pounds: Int) {
        let fence = String(repeating: "#", count: pounds)
        blank(pounds)
        let quotes = starts("\"\"\"") ? "\"\"\"" : "\""
        blank(quotes.utf8.count)
        while at < bytes.count {
            if starts(quotes + fence) {
                blank(quotes.utf8.count + pounds)
                return
            }
            if starts("\\" + fence + "(") {
                blank(2 + pounds)
                interpolation()
            } else if starts("\\" + fence) {
                blank(2 + pounds)
            } else if quotes == "\"", bytes[at] == UInt8(ascii: "\n") {
                return
            } else {
                blank()
            }
        }
    }

    /// Takes out what is interpolated, up to the closing parenthesis.
    private mutating func interpolation() {
        var depth = 1
        while at < bytes.count, depth > 0 {
            if let pounds = literalPounds() {
                literal(pounds: pounds)
                continue
            }
            if bytes[at] == UInt8(ascii: "(") { depth += 1 }
            if bytes[at] == UInt8(ascii: ")") { depth -= 1 }
            blank()
        }
    }
}
