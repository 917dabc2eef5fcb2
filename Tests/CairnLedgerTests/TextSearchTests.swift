// SPDX-License-Identifier: Apache-2.0

import CairnLedger
import CairnTesting
import Testing

@Suite("Words of texts and of what people search for")
struct TextSearchTests {
    @Test(
        "A text is split into folded words",
        arguments: [
            ("", []), ("  ", []), ("one", ["one"]), ("One TWO", ["one", "two"]),
            ("user.login-failed_x", ["user", "login", "failed", "x"]),
            ("a1b2 42", ["a1b2", "42"]), ("O'Brien", ["o", "brien"]),
            ("ann@example.com", ["ann", "example", "com"]),
            ("Crème Brûlée", ["creme", "brulee"]), ("cre\u{300}me", ["creme"]),
            ("\u{301}x", ["x"]), ("\u{301}", []), ("Ångström", ["angstrom"]),
            ("Straße", ["straße"]), ("ŁÓDŹ", ["łodz"]), ("İstanbul", ["istanbul"]),
            ("ΆΛΦΑ", ["αλφα"]), ("Ёлка Їжак", ["елка", "іжак"]), ("東京タワー", ["東京タワー"]),
            ("a\u{0}b", ["a", "b"]), ("a😀b", ["a", "b"]), ("a\u{200D}b", ["a", "b"]),
            ("١٢٣", ["١٢٣"]), ("line\r\nbreak\ttab", ["line", "break", "tab"]),
            ("!?;\"\\", []), ("𝐁old", ["𝐁old"]),
        ] as [(String, [String])]
    )
    func words(text: String, expected: [String]) {
        #expect(TextTokenizer.words(text) == expected)
    }

    @Test("A word is cut at its limit, between letters")
    func longWords() {
        let limit = TextTokenizer.wordLimitBytes
        let ascii = TextTokenizer.words(String(repeating: "x", count: limit * 2))
        #expect(ascii == [String(repeating: "x", count: limit)])
        let wide = TextTokenizer.words("a" + String(repeating: "東", count: limit) + " next")
        #expect(wide == ["a" + String(repeating: "東", count: (limit - 1) / 3), "next"])
    }

    @Test("Each word has the prefix before it and a space after it")
    func appends() {
        var output = Array("<".utf8)
        Array("One, twö".utf8).withUnsafeBytes {
            TextTokenizer.append($0, prefix: Array("p:".utf8), to: &output)
        }
        #expect(String(decoding: output, as: UTF8.self) == "<p:one p:two ")
    }

    @Test("Composed and decomposed, upper and lower, give the same words")
    func foldsAlike() {
        for text in ["É", "ñ", "Ǖ", "ậ", "Й", "ΰ", "Å", "ç̌"] {
            let forms = [text, text.lowercased(), text.uppercased(), text.decomposed]
            let words = Set(forms.map { TextTokenizer.words($0) })
            #expect(words.count == 1, "\(text): \(words)")
        }
    }

    @Test(
        "A search is words, phrases and prefixes",
        arguments: [
            ("one", [.phrase(["one"])]), ("One two", [.phrase(["one"]), .phrase(["two"])]),
            ("\"one two\"", [.phrase(["one", "two"])]),
            ("a \"b c\" d", [.phrase(["a"]), .phrase(["b", "c"]), .phrase(["d"])]),
            ("pre*", [.prefix("pre")]),
            ("a pre* b", [.phrase(["a"]), .prefix("pre"), .phrase(["b"])]),
            ("user.log*", [.phrase(["user"]), .prefix("log")]),
            ("\"open ended", [.phrase(["open", "ended"])]),
            ("\"\" x", [.phrase(["x"])]), ("\"a\"\"b\"", [.phrase(["a"]), .phrase(["b"])]),
            ("\"pre*\"", [.phrase(["pre"])]), ("* a", [.phrase(["a"])]),
            ("a*b", [.phrase(["a"]), .phrase(["b"])]), ("Crème*", [.prefix("creme")]),
            ("a\u{A0}b\tc\nd", [.phrase(["a"]), .phrase(["b"]), .phrase(["c"]), .phrase(["d"])]),
        ] as [(String, [TextQuery.Clause])]
    )
    func parses(text: String, expected: [TextQuery.Clause]) throws {
        let query = try #require(TextQuery(parsing: text))
        #expect(query.clauses == expected)
    }

    @Test("A search without a word is none", arguments: ["", " ", "\"\"", "*", "!?", "\"-\" *"])
    func noWords(text: String) {
        #expect(TextQuery(parsing: text) == nil)
    }

    @Test("Bytes are found where they are, and only there")
    func containsBytes() {
        let haystack: [UInt8] = [1, 2, 1, 2, 3, 1]
        let found: [[UInt8]] = [[], [1], [3, 1], [1, 2, 3], haystack]
        #expect(found.allSatisfy { haystack.contains($0) })
        let absent: [[UInt8]] = [[4], [2, 2], [3, 1, 2], haystack + [1]]
        #expect(absent.allSatisfy { !haystack.contains($0) })
        #expect(![UInt8]().contains([1] as [UInt8]))
    }
}

extension String {
    /// The text with letters and marks apart, where the standard library can show it.
    fileprivate var decomposed: String {
        var output = String.UnicodeScalarView()
        for scalar in unicodeScalars {
            output.append(contentsOf: Self.parts[scalar] ?? [scalar])
        }
        return String(output)
    }

    private static let parts: [Unicode.Scalar: [Unicode.Scalar]] = [
        "É": ["E", "\u{301}"], "ñ": ["n", "\u{303}"], "Ǖ": ["U", "\u{308}", "\u{304}"],
        "ậ": ["a", "\u{323}", "\u{302}"], "Й": ["И", "\u{306}"], "Å": ["A", "\u{30A}"],
        "ΰ": ["υ", "\u{308}", "\u{301}"], "ç": ["c", "\u{327}"],
    ]
}
