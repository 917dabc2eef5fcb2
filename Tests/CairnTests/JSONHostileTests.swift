// SPDX-License-Identifier: Apache-2.0
import Cairn
import Testing

@Suite("Hostile JSON is refused, cheaply and by name")
struct JSONHostileTests {
    /// The fault of a text, which reading as a tree and skipping must agree is one.
    private func fault(
        _ bytes: [UInt8],
        limits: JSONLimits = JSONLimits()
    ) -> InvalidJSON? {
        #expect(throws: InvalidJSON.self) { try JSONValue(parsing: bytes, limits: limits) }
        return #expect(throws: InvalidJSON.self) {
            try CanonicalJSON(parsing: bytes, limits: limits)
        }
    }

    private func fault(_ text: String, limits: JSONLimits = JSONLimits()) -> InvalidJSON? {
        fault(Array(text.utf8), limits: limits)
    }

    @Test("32 containers may be open, and not 33", arguments: [("[", "]"), (#"{"a":"#, "}")])
    func depth(open: String, close: String) throws {
        func nested(_ count: Int) -> String {
            String(repeating: open, count: count) + "1" + String(repeating: close, count: count)
        }
        #expect(try CanonicalJSON(parsing: nested(32)).text == nested(32))
        #expect(try JSONValue(parsing: nested(32)).canonical.text == nested(32))
        let found = fault(nested(33))
        #expect(found?.reason == .tooDeep)
        #expect(found?.offset == 32 * open.utf8.count)
        let wide = "[" + Array(repeating: nested(31), count: 3).joined(separator: ",") + "]"
        #expect(try CanonicalJSON(parsing: wide).text == wide)
        let deeper = JSONLimits(depth: 33)
        #expect(try CanonicalJSON(parsing: nested(33), limits: deeper).text == nested(33))
    }

    @Test("Depth counts across the pull reader and what it copies")
    func depthAcrossReader() throws {
        let text = Array((String(repeating: "[", count: 33)).utf8)
        text.withUnsafeBytes { buffer in
            let found = #expect(throws: InvalidJSON.self) {
                var reader = JSONReader(buffer)
                for _ in 0..<10 {
                    try reader.beginArray()
                    _ = try reader.nextElement()
                }
                try reader.skip()
            }
            #expect(found?.reason == .tooDeep)
            #expect(found?.offset == 32)
        }
    }

    @Test("100 000 openings are refused at the limit", arguments: ["[", #"{"":"#, #"[{"":"#])
    func openings(open: String) {
        let bytes = Array(String(repeating: open, count: 100_000).utf8)
        let limits = JSONLimits(bytes: bytes.count)
        #expect(fault(bytes, limits: limits)?.reason == .tooDeep)
        let unlimited = JSONLimits(depth: .max, bytes: bytes.count)
        #expect(fault(bytes, limits: unlimited)?.reason == .tooDeep)
    }

    @Test("A text of the limit's size is read, and one byte more is not")
    func size() throws {
        let text = "[" + String(repeating: " ", count: 98) + "]"
        #expect(try CanonicalJSON(parsing: text, limits: JSONLimits(bytes: 100)).text == "[]")
        let found = fault(text, limits: JSONLimits(bytes: 99))
        #expect(found == InvalidJSON(reason: .tooLarge, offset: 99, path: ""))
    }

    @Test(
        "A name used twice is found among 20 000, wherever the two are",
        arguments: [
            (0, 1), (0, 19_999), (9_000, 9_001), (19_998, 19_999),
        ]
    )
    func manyNames(first: Int, second: Int) throws {
        var names = (0..<20_000).map { "n\($0 * 7_919 % 20_011)" }
        func text() -> String { "{" + names.map { "\"\($0)\":0" }.joined(separator: ",") + "}" }
        #expect(try JSONValue(parsing: text()).object?.count == 20_000)
        let sorted = "{" + names.sorted().map { "\"\($0)\":0" }.joined(separator: ",") + "}"
        #expect(try CanonicalJSON(parsing: text()).text == sorted)
        names[second] = names[first]
        let found = fault(text())
        #expect(found?.reason == .duplicateName)
        #expect(found?.path == names[first])
        let before = names[..<second].reduce(1) { $0 + $1.utf8.count + 5 }
        #expect(found?.offset == before)
    }

    @Test(
        "The second use of a name is the one that is named",
        arguments: [
            (#"{"a":1,"a":2}"#, 7, "a"), (#"{"a":1,"\u0061":2}"#, 7, "a"),
            (#"{"b":1,"a":2,"b":3}"#, 13, "b"), (#"{"x":[{"c":1,"c":2}]}"#, 13, "x[0].c"),
            (#"{"\n":1,"\u000a":2}"#, 8, "\n"), (#"{"":1,"":2}"#, 6, ""),
            (#"{"é":1,"\u00e9":2}"#, 8, "é"), (#"{"😀":1,"\ud83d\uDE00":2}"#, 10, "😀"),
            (#"{"abcdefghijklmnop":1,"abcdefghijklmnop":2}"#, 22, "abcdefghijklmnop"),
        ]
    )
    func duplicates(text: String, offset: Int, path: String) {
        let expected = InvalidJSON(reason: .duplicateName, offset: offset, path: path)
        #expect(fault(text) == expected)
        let tree = #expect(throws: InvalidJSON.self) { try JSONValue(parsing: text) }
        #expect(tree == expected)
    }

    @Test(
        "Each fault has its reason and its place",
        arguments: [
            ("", InvalidJSON.Reason.unexpectedEnd, 0, ""),
            (" ", .unexpectedEnd, 1, ""),
            ("{\"a\":", .unexpectedEnd, 5, "a"),
            ("[1,", .unexpectedEnd, 3, "[1]"),
            ("[1,]", .syntax, 3, "[1]"),
            ("{\"a\":1,}", .syntax, 7, ""),
            ("{\"a\" 1}", .syntax, 5, "a"),
            ("[1 2]", .syntax, 3, "[0]"),
            ("{1:2}", .syntax, 1, ""),
            ("nul", .unexpectedEnd, 3, ""),
            ("nulL", .syntax, 3, ""),
            ("[] []", .trailingContent, 3, ""),
            ("1x", .trailingContent, 1, ""),
            ("\"abc", .unexpectedEnd, 4, ""),
            ("{\"a\":{\"b\":\"\u{1}\"}}", .controlCharacter, 11, "a.b"),
            ("[\"a\nb\"]", .controlCharacter, 3, "[0]"),
            ("[\"\\x\"]", .invalidEscape, 2, "[0]"),
            ("[\"\\u12G4\"]", .invalidEscape, 2, "[0]"),
            ("\"\\u12", .unexpectedEnd, 5, ""),
            ("\"\\", .unexpectedEnd, 2, ""),
            ("{\"a\":\"\\ud83d\"}", .loneSurrogate, 6, "a"),
            ("{\"a\":\"\\ud83d\\u0041\"}", .loneSurrogate, 6, "a"),
            ("\u{FEFF}{}", .byteOrderMark, 0, ""),
            ("[\u{FEFF}]", .syntax, 1, "[0]"),
        ]
    )
    func faults(text: String, reason: InvalidJSON.Reason, offset: Int, path: String) {
        #expect(fault(text) == InvalidJSON(reason: reason, offset: offset, path: path))
    }

    @Test("A long path and a long name are cut")
    func longPaths() throws {
        let name = String(repeating: "é", count: 5_000)
        #expect(fault("{\"\(name)\":x}")?.path == String(repeating: "é", count: 64) + "…")
        let path = try #require(fault(String(repeating: "[", count: 31) + "x")).path
        #expect(path == String(repeating: "[0]", count: 16) + "…")
    }

    @Test("Exactly the sequences that are UTF-8 pass, in a value and in a name")
    func utf8() {
        let tails: [[UInt8]] = [[], [0x80], [0xBF, 0x80], [0x80, 0xBF, 0x80], [0x80, 0x41]]
        for lead in UInt8(0x80)...0xFF {
            for second in UInt8(0x7D)...0xC4 {
                for tail in tails {
                    let sequence = [lead, second] + tail
                    let isValid = String(validating: sequence, as: UTF8.self) != nil
                    let value = [0x22] + sequence + [0x22]
                    #expect(isRead(value) == isValid, "\(sequence)")
                    let name = [0x7B] + value + [0x3A, 0x30, 0x7D]
                    #expect(isRead(name) == isValid, "\(sequence)")
                }
            }
        }
        for cut in [[0xC3], [0xE2, 0x82], [0xF0, 0x9F, 0x98]] as [[UInt8]] {
            #expect(fault([0x22] + cut)?.reason == .invalidUTF8)
            #expect(fault([0x22] + cut + [0x22])?.reason == .invalidUTF8)
        }
    }

    @Test("A special byte is found at every place of a word, and around its edges")
    func wordScan() {
        for length in 0..<24 {
            for place in 0...length {
                func text(_ special: [UInt8]) -> [UInt8] {
                    var inner = [UInt8](repeating: 0x61, count: length)
                    inner.insert(contentsOf: special, at: place)
                    return [0x22] + inner + [0x22]
                }
                for byte in [0x20, 0x21, 0x23, 0x5B, 0x5D, 0x7F] as [UInt8] {
                    #expect(isRead(text([byte])))
                }
                #expect(!isRead(text([0x1F])))
                #expect(!isRead(text([0x00])))
                #expect(!isRead(text([0x22])))
                #expect(!isRead(text([0x5C, 0x61])))
                #expect(!isRead(text([0x80])))
                #expect(!isRead(text([0xFF])))
                #expect(isRead(text([0xC3, 0xA9])))
                #expect(isRead(text([0x5C, 0x22])))
            }
        }
    }

    private func isRead(_ bytes: [UInt8]) -> Bool {
        (try? CanonicalJSON(parsing: bytes)) != nil
    }
}
