// SPDX-License-Identifier: Apache-2.0
import Cairn
import Testing

@Suite("A JSON tree means what its text means")
struct JSONValueTests {
    static let sample: JSONValue = [
        "b": [1, "two", true, ["x": "\u{0}\u{1F}\"\\/\u{7F}é😀"]], "a": [:], "c": [],
    ]

    @Test("Literals make trees, and members and elements are found")
    func literals() throws {
        let value = Self.sample
        #expect(value["b"]?[0]?.integer == 1)
        #expect(value["b"]?[1]?.string == "two")
        #expect(value["b"]?[2]?.bool == true)
        #expect(value["b"]?[3]?["x"]?.string?.utf8.count == 12)
        #expect(value["b"]?[4] == nil)
        #expect(value["b"]?[-1] == nil)
        #expect(value["z"] == nil)
        #expect(value["b"]?["x"] == nil)
        #expect(value[0] == nil)
        #expect(value["a"]?.object?.isEmpty == true)
        #expect(value["c"]?.array == [])
        #expect(value.object?.map(\.name) == ["b", "a", "c"])
        #expect(JSONValue.null.string == nil)
        #expect(JSONValue.null.integer == nil)
        #expect(JSONValue.null.bool == nil)
    }

    @Test("Canonical text sorts and escapes, and reading it gives the same tree")
    func canonical() throws {
        let expected =
            "{\"a\":{},\"b\":[1,\"two\",true,{\"x\":\"\\u0000\\u001f\\\"\\\\/\u{7F}é😀\"}],\"c\":[]}"
        #expect(Self.sample.canonical.text == expected)
        #expect(CanonicalJSON(Self.sample).description == expected)
        #expect(try JSONValue(parsing: expected) == Self.sample)
    }

    @Test("Texts are equal by bytes, not by canonical equivalence")
    func equality() {
        let composed = JSONValue.string("\u{E9}")
        let decomposed = JSONValue.string("e\u{301}")
        #expect(composed != decomposed)
        #expect(Set([composed, decomposed]).count == 2)
        let one: JSONValue = ["\u{E9}": 1]
        let other: JSONValue = ["e\u{301}": 1]
        #expect(one != other)
        #expect(Set([one, other]).count == 2)
    }

    @Test("The order of members does not count, their values and number do")
    func objects() {
        let one: JSONValue = ["a": 1, "b": 2]
        let other: JSONValue = ["b": 2, "a": 1]
        #expect(one == other)
        #expect(one.hashValue == other.hashValue)
        #expect(one != ["a": 1])
        #expect(one != ["a": 2, "b": 1])
        #expect(one != ["a": 1, "c": 2])
        #expect(one.canonical == other.canonical)
        #expect(([1, 2] as JSONValue) != [2, 1])
    }

    @Test("Members can be set and removed, in objects small and large", arguments: [3, 15, 16, 40])
    func mutation(count: Int) {
        var object = JSONObject()
        for index in 0..<count {
            object["n\(index)"] = .number(JSONNumber(index))
        }
        #expect(object.count == count)
        #expect(object.map(\.name) == (0..<count).map { "n\($0)" })
        object["n1"] = "new"
        #expect(object.count == count)
        #expect(object["n1"] == "new")
        object["n0"] = nil
        object["absent"] = nil
        #expect(object.count == count - 1)
        #expect(object["n0"] == nil)
        for index in 2..<count {
            #expect(object["n\(index)"]?.integer == index)
        }
        object["n0"] = 0
        #expect(object.map(\.name).last == "n0")
        #expect(object["n0"] == 0)
        #expect(object == JSONObject(object.reversed()))
    }

    @Test("Text for people is indented, and keeps the order of members")
    func prettyPrinted() {
        let expected = """
            {
              "b": [
                1,
                "two",
                true,
                {
                  "x": "\\u0000\\u001f\\"\\\\/\u{7F}é😀"
                }
              ],
              "a": {},
              "c": []
            }
            """
        #expect(JSONText.prettyPrinted(Self.sample) == expected)
        #expect(JSONText.prettyPrinted("x") == #""x""#)
    }

    @Test("A string is escaped as RFC 8785 says, wherever the escape falls")
    func escapes() throws {
        for length in 0..<20 {
            for place in 0...length {
                for byte in UInt8(0)...0x7F {
                    var inner = [UInt8](repeating: 0x61, count: length)
                    inner.insert(byte, at: place)
                    let text = String(decoding: inner, as: UTF8.self)
                    var output: [UInt8] = []
                    JSONText.appendString(text, to: &output)
                    let expected = PlainCanonicalWriter.string(text)
                    guard output == Array(expected.utf8) else {
                        Issue.record("byte \(byte) at \(place) of \(length)")
                        continue
                    }
                    #expect(JSONText.string(fromCanonical: output) == text)
                }
            }
        }
    }

    @Test(
        "Only one whole string is read back as one",
        arguments: [
            "", "\"", "\"a", "a\"", "\"a\" ", " \"a\"", "\"a\"\"b\"", "1", "[\"a\"]", "\"\\ud800\"",
        ]
    )
    func stringFromCanonical(text: String) {
        #expect(JSONText.string(fromCanonical: Array(text.utf8)) == nil)
    }

    @Test("Whole numbers of every width are written in full")
    func integers() {
        func written(_ value: some FixedWidthInteger) -> String {
            var output: [UInt8] = [0x3A]
            JSONText.appendInteger(value, to: &output)
            return String(decoding: output, as: UTF8.self)
        }
        #expect(written(0) == ":0")
        #expect(written(-10) == ":-10")
        #expect(written(UInt8.max) == ":255")
        #expect(written(Int8.min) == ":-128")
        #expect(written(Int64.min) == ":-9223372036854775808")
        #expect(written(UInt64.max) == ":18446744073709551615")
    }
}
