// SPDX-License-Identifier: Apache-2.0

/// Finds declarations for others that say nothing of themselves.
struct DocumentationRules {
    /// Requirements that Swift's own protocols document.
    private static let inherited: Set<String> = [
        "description", "debugDescription", "hash", "==", "<", "next", "makeIterator", "encode",
        "init(from", "init(stringLiteral", "init(integerLiteral", "init(floatLiteral",
        "init(booleanLiteral", "init(arrayLiteral", "init(dictionaryLiteral", "init(nilLiteral",
    ]

    /// The names that the project's protocols require, and so document.
    private let required: Set<String>

    /// Takes the requirements of all protocols in `sources`.
    init(sources: [SwiftSource]) {
        required = Set(sources.flatMap(DocumentationRules.requirements))
    }

    /// The `public` and `package` declarations of a source that have no documentation comment.
    func findings(in source: SwiftSource) -> [String] {
        source.code.indices.compactMap { number in
            guard let name = DocumentationRules.declared(source.code[number]),
                !required.contains(name), !DocumentationRules.inherited.contains(name),
                !DocumentationRules.saysItAll(source.code[number]),
                !DocumentationRules.isDocumented(number, in: source)
            else { return nil }
            return source.finding(number, "`\(name)` has no documentation comment")
        }
    }

    private static let kinds: Set<Substring> = [
        "func", "var", "let", "struct", "class", "enum", "actor", "protocol", "subscript",
        "typealias",
    ]

    /// The name of what a line declares for other modules, or nil if it declares nothing for them.
    static func declared(_ line: Substring) -> String? {
        guard line.contains("public") || line.contains("package") else { return nil }
        var isForOthers = false
        var words = line.split(separator: " ")[...]
        while let word = words.popFirst() {
            if word == "public" || word == "package" { isForOthers = true }
            guard isForOthers || word.first == "@" || modifiers.contains(word) else { return nil }
            if word.hasPrefix("init") { return String(word.prefix { $0 != ":" && $0 != ")" }) }
            guard kinds.contains(word) else { continue }
            return String(words.first ?? word).trimmedSignature
        }
        return nil
    }

    /// Whether a line is a constant with its text beside it, as in a list of paths.
    private static func saysItAll(_ line: Substring) -> Bool {
        var code = line
        while code.last == " " { code.removeLast() }
        return code.contains("static let ") && code.last == "="
    }

    private static let modifiers: Set<Substring> = ["nonisolated", "static", "final"]

    /// Whether a documentation comment stands right before a line and its attributes.
    private static func isDocumented(_ number: Int, in source: SwiftSource) -> Bool {
        var above = number - 1
        while above >= 0, source.code[above].drop(while: { $0 == " " }).first == "@" { above -= 1 }
        return above >= 0 && source.lines[above].drop { $0 == " " }.hasPrefix("///")
    }

    /// The names that the protocols of a source require.
    private static func requirements(_ source: SwiftSource) -> [String] {
        var names: [String] = []
        var depth = 0
        for line in source.code where depth > 0 || line.contains("protocol ") {
            if depth == 0, line.firstMatch(of: /\bprotocol\s+\w+/) != nil, line.contains("{") {
                depth = 1
                continue
            }
            guard depth > 0 else { continue }
            if let match = line.firstMatch(
                of: /^\s*(?:static\s+|mutating\s+)*(?:func|var)\s+([^\s(:<]+)/
            ) {
                names.append(String(match.output.1))
            }
            depth += line.count { $0 == "{" } - line.count { $0 == "}" }
        }
        return names
    }
}

extension String {
    /// The name of a function without its parameters; operators keep their signs.
    fileprivate var trimmedSignature: String {
        guard let first, first.isLetter else { return String(prefix { $0 != "(" }) }
        return String(prefix { $0.isLetter || $0.isNumber || $0 == "_" })
    }
}
