// SPDX-License-Identifier: Apache-2.0
import Cairn
import Testing

@Suite("A number keeps its exact decimal value")
struct JSONNumberTests {
    @Test(
        "The layout is that of ECMAScript",
        arguments: [
            ("0", "0"), ("-0", "0"), ("-0.0e5", "0"), ("0e99999999999999999999", "0"),
            ("0.000e-99999999999999999999", "0"),
            ("1", "1"), ("-1", "-1"), ("1.0", "1"), ("10", "10"), ("1e0", "1"), ("1.50", "1.5"),
            ("12.5", "12.5"), ("0.5", "0.5"), ("-0.5", "-0.5"), ("100e-2", "1"), ("100e-3", "0.1"),
            ("1e20", "100000000000000000000"), ("1e21", "1e+21"), ("123e19", "1.23e+21"),
            ("100000000000000000000", "100000000000000000000"), ("1000000000000000000000", "1e+21"),
            ("0.000001", "0.000001"), ("0.0000001", "1e-7"), ("0.00000123", "0.00000123"),
            ("0.000000123", "1.23e-7"), ("1E-6", "0.000001"), ("1E+2", "100"), ("1e-7", "1e-7"),
            ("1.000000000000000000000", "1"), ("0.10", "0.1"), ("120.0e-1", "12"),
        ]
    )
    func layout(input: String, expected: String) throws {
        #expect(try CanonicalJSON(parsing: input).text == expected)
        #expect(JSONNumber(parsing: input)?.text == expected)
    }

    @Test(
        "Nothing is rounded",
        arguments: [
            "12345678901234567890", "333333333.33333329", "4.9406564584124654e-324",
            "9007199254740993", "18446744073709551616", "-123456789012345678901",
            "123456789012345678901.2345678901234567891",
            "0.1234567890123456789012345678901234567891",
            "1.234567890123456789012345678901234567891e+40",
        ]
    )
    func exact(text: String) throws {
        #expect(try CanonicalJSON(parsing: text).text == text)
    }

    @Test("40 digits are kept and 41 refused, zeros at either end not counted")
    func digitLimit() throws {
        let forty = String(repeating: "1234567891", count: 4)
        let zeros = String(repeating: "0", count: 200)
        let canonical = "1.234567891123456789112345678911234567891e+39"
        #expect(try CanonicalJSON(parsing: forty).text == canonical)
        #expect(try CanonicalJSON(parsing: "\(forty).\(zeros)").text == canonical)
        #expect(try CanonicalJSON(parsing: "0.\(zeros)\(forty)e240").text == canonical)
        #expect(try CanonicalJSON(parsing: "\(forty)\(zeros)e-200").text == canonical)
        for text in ["\(forty)1", "0.\(forty)1", "\(forty).5", "1\(zeros)1", "1.\(zeros)1"] {
            #expect(fault(text)?.reason == .numberOutOfRange, "\(text)")
        }
    }

    @Test("The first digit may stand at any place that a double reaches, and at no other")
    func exponentLimit() throws {
        #expect(try CanonicalJSON(parsing: "1e308").text == "1e+308")
        #expect(try CanonicalJSON(parsing: "9.99e308").text == "9.99e+308")
        #expect(try CanonicalJSON(parsing: "0.01e310").text == "1e+308")
        #expect(try CanonicalJSON(parsing: "1e-324").text == "1e-324")
        #expect(try CanonicalJSON(parsing: "10e-325").text == "1e-324")
        let zeros = String(repeating: "0", count: 1_000)
        #expect(try CanonicalJSON(parsing: "0.\(zeros)1e1001").text == "1")
        #expect(try CanonicalJSON(parsing: "1\(zeros)e-1000").text == "1")
        for text in [
            "1e309", "0.1e310", "10e308", "1e-325", "0.9e-324", "1e99999999999999999999",
            "-1e400", "1e-99999999999999999999", "1\(zeros)",
        ] {
            #expect(fault(text)?.reason == .numberOutOfRange, "\(text)")
        }
    }

    @Test("The fault names the path of the number")
    func path() {
        let found = fault(#"{"a":1,"details":{"b":[1,2,{"c":1e999}]}}"#)
        #expect(
            found
                == InvalidJSON(
                    reason: .numberOutOfRange,
                    offset: 32,
                    path: "details.b[2].c"
                )
        )
    }

    @Test(
        "What RFC 8259 does not call a number is none",
        arguments: [
            "", "-", "+1", "01", "-01", "1.", ".5", "1e", "1e+", "1.e1", "0x10", "1_000",
            "Infinity",
            "NaN", " 1", "1 ", "--1", "1e1.5", "\"1\"", "true",
        ]
    )
    func grammar(text: String) {
        #expect(JSONNumber(parsing: text) == nil)
    }

    @Test("A whole number that fits is had as an integer, and no other")
    func integers() {
        #expect(JSONNumber(parsing: "1e3")?.integer == 1_000)
        #expect(JSONNumber(parsing: "-0")?.integer == 0)
        #expect(JSONNumber(parsing: "9223372036854775807")?.integer == Int.max)
        #expect(JSONNumber(parsing: "-9223372036854775808")?.integer == Int.min)
        #expect(JSONNumber(parsing: "9223372036854775808")?.integer == nil)
        #expect(JSONNumber(parsing: "1.5")?.integer == nil)
        #expect(JSONNumber(parsing: "1e300")?.integer == nil)
        #expect(JSONNumber(UInt64.max).text == "18446744073709551615")
        #expect(JSONNumber(Int64.min).text == "-9223372036854775808")
        #expect(JSONNumber(parsing: "1.0") == JSONNumber(1))
    }

    private func fault(_ text: String) -> InvalidJSON? {
        do {
            _ = try CanonicalJSON(parsing: text)
            return nil
        } catch {
            return error
        }
    }
}
