// SPDX-License-Identifier: Apache-2.0
import Cairn
import Testing

@Suite("The reader gives what it is asked for")
struct JSONReaderTests {
    @discardableResult
    private func read<Value>(
        _ text: String,
        _ body: (inout JSONReader) throws -> Value
    ) rethrows -> Value {
        try Array(text.utf8).withUnsafeBytes { buffer in
            var reader = JSONReader(buffer)
            return try body(&reader)
        }
    }

    @Test("An object is read member by member")
    func members() throws {
        let text = #" { "type" : "user.login", "n": [1, {"b":2,"a":1.0}], "ok" :true, "x":null } "#
        try read(text) { reader in
            #expect(try reader.peek() == .object)
            try reader.beginObject()
            let first = try #require(try reader.nextName())
            #expect(first.equals("type"))
            #expect(!first.equals("typo"))
            #expect(!first.equals("types"))
            #expect(try reader.peek() == .string)
            #expect(try reader.readString() == "user.login")

            #expect(try reader.nextName()?.text == "n")
            try reader.beginArray()
            #expect(try reader.nextElement())
            #expect(try reader.peek() == .number)
            #expect(try reader.readNumber() == JSONNumber(1))
            #expect(try reader.nextElement())
            var bytes = Array("kept ".utf8)
            try reader.appendCanonical(to: &bytes)
            #expect(String(decoding: bytes, as: UTF8.self) == #"kept {"a":1,"b":2}"#)
            #expect(try !reader.nextElement())

            #expect(try reader.nextName()?.text == "ok")
            #expect(try reader.peek() == .bool)
            #expect(try reader.readBool())
            #expect(try reader.nextName()?.text == "x")
            #expect(try reader.peek() == .null)
            try reader.readNull()
            #expect(try reader.nextName() == nil)
            try reader.finish()
            #expect(reader.offset == text.utf8.count)
        }
    }

    @Test("A value of another kind is refused where it stands, and can still be read")
    func wrongType() throws {
        try read(#"{"a":{"b": [7]}}"#) { reader in
            try reader.beginObject()
            _ = try reader.nextName()
            let expected = InvalidJSON(reason: .wrongType, offset: 5, path: "a")
            #expect(throws: expected) { try reader.readString() }
            #expect(throws: expected) { try reader.beginArray() }
            #expect(throws: expected) { try reader.readBool() }
            #expect(throws: expected) { try reader.readNull() }
            #expect(throws: expected) { try reader.readNumber() }
            try reader.beginObject()
            _ = try reader.nextName()
            #expect(throws: InvalidJSON(reason: .wrongType, offset: 11, path: "a.b")) {
                try reader.beginObject()
            }
            try reader.skip()
            #expect(try reader.nextName() == nil)
            #expect(try reader.nextName() == nil)
            try reader.finish()
        }
    }

    @Test("What cannot be read leaves the output as it was")
    func outputAfterThrow() {
        var output: [UInt8] = [1, 2, 3]
        read(#"{"b":[1, 2.50], "a":tru}"#) { reader in
            #expect(throws: InvalidJSON.self) { try reader.appendCanonical(to: &output) }
        }
        #expect(output == [1, 2, 3])
    }

    @Test(
        "A skipped value is checked as fully as any other",
        arguments: [
            #"{"a":1,"a":2}"#, #"[{"b":0,"a":1,"b":2}]"#, #""\ud800""#, "[1e999]", "[1,]",
            "\"\u{7}\"",
        ]
    )
    func skipChecks(text: String) {
        read(text) { reader in
            #expect(throws: InvalidJSON.self) { try reader.skip() }
        }
    }

    @Test("Names of an inner object do not count for the outer one")
    func namesPerObject() throws {
        let text = #"{"a":{"a":{"a":1},"b":2},"b":{"a":1},"c":[{"a":1},{"a":2}]}"#
        #expect(try JSONValue(parsing: text).canonical.text == text)
        #expect(try CanonicalJSON(parsing: text).text == text)
        read(#"{"a":{"b":1},"a":2}"#) { reader in
            #expect(throws: InvalidJSON(reason: .duplicateName, offset: 13, path: "a")) {
                _ = try JSONValue(reading: &reader)
            }
        }
    }

    @Test("Names that differ in bytes are different names, and both are kept")
    func namesByBytes() throws {
        let text = "{\"e\u{301}\":1,\"\u{E9}\":2}"
        #expect(try CanonicalJSON(parsing: text).bytes == Array(text.utf8))
        let tree = try JSONValue(parsing: text)
        #expect(tree.object?.count == 2)
        #expect(tree["e\u{301}"] == 1)
        #expect(tree["\u{E9}"] == 2)
        #expect(JSONName("\u{E9}") != JSONName("e\u{301}"))
        #expect(JSONName("\u{E9}").equals("\u{E9}"))
        #expect(!JSONName("\u{E9}").equals("e\u{301}"))
    }

    @Test("A name of any length is what it was made of")
    func namesOfEveryLength() {
        let alphabet = Array("abcdefghijklmnopqrstuvwxyz".utf8)
        for length in 0...alphabet.count {
            let bytes = Array(alphabet[..<length])
            let text = String(decoding: bytes, as: UTF8.self)
            let name = JSONName(text)
            #expect(name.utf8 == bytes)
            #expect(name.text == text)
            #expect(name == JSONName(text))
            #expect(name.equals("abcdefghijklmnopqrstuvwxyz") == (length == 26))
            #expect(name.equals("abcdefghijklmno") == (length == 15))
            #expect(name.equals("abcdefghijklmnop") == (length == 16))
            #expect(name.equals("abcde") == (length == 5))
            #expect(name.equals("") == (length == 0))
            for place in 0..<length {
                var other = bytes
                other[place] = 0x5F
                #expect(name != JSONName(String(decoding: other, as: UTF8.self)))
            }
            #expect(name != JSONName(text + "\u{0}"))
        }
    }

    @Test("Members are ordered by UTF-16 code units, however the names are written")
    func order() throws {
        let sorted = [
            "", "\u{0}", "\u{1}", "\t", "\n", "\u{1F}", " ", "!", "\"", "#", "/", "0", "A", "Z",
            "[",
            "\\", "]", "a", "a\u{0}", "a\"", "aa", "abcdefgh", "abcdefgh\u{1}", "abcdefgha",
            "abcdefghb", "\u{7F}", "\u{80}", "é", "\u{7FF}", "\u{800}", "\u{D7FF}", "\u{10000}",
            "\u{10000}a", "😀", "\u{10FFFF}", "\u{E000}", "\u{FB33}", "\u{FFFD}", "\u{FFFF}",
        ]
        #expect(sorted == sorted.sorted { $0.utf16.lexicographicallyPrecedes($1.utf16) })
        var expected: [UInt8] = [0x7B]
        for (index, name) in sorted.enumerated() {
            if index > 0 { expected.append(0x2C) }
            JSONText.appendString(name, to: &expected)
            expected += [0x3A, 0x30]
        }
        expected.append(0x7D)
        func escaped(_ name: String) -> String {
            name.utf16.map { "\\u" + String(0x10000 + Int($0), radix: 16).dropFirst() }.joined()
        }
        for seed in UInt64(0)..<50 {
            var generator = SeededGenerator(seed: seed)
            // Small objects are sorted in another way than large ones.
            let kept =
                seed.isMultiple(of: 2) ? sorted : Array(sorted.shuffled(using: &generator)[..<20])
            let members = kept.shuffled(using: &generator).map { name in
                var text: [UInt8] = []
                if Bool.random(using: &generator) {
                    text = Array("\"\(escaped(name))\"".utf8)
                } else {
                    JSONText.appendString(name, to: &text)
                }
                return String(decoding: text, as: UTF8.self) + ":0"
            }
            let text = "{" + members.joined(separator: ",") + "}"
            let canonical = try CanonicalJSON(parsing: text)
            if kept.count == sorted.count {
                #expect(canonical.bytes == expected, "seed \(seed)")
            }
            #expect(canonical == (try JSONValue(parsing: text)).canonical, "seed \(seed)")
        }
    }
}
