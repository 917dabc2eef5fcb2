// SPDX-License-Identifier: Apache-2.0
import Cairn
import Foundation
import Testing

@Suite("Canonical JSON agrees with the RFC 8785 vectors")
struct JSONCanonicalVectorTests {
    struct Case: Decodable, CustomTestStringConvertible {
        let id: Int
        let input: String
        let canonical: String
        let canonical_hex: String

        var testDescription: String { "\(id): \(input.prefix(60))" }
    }

    struct Refusal: Decodable, CustomTestStringConvertible {
        let why: String
        let input: String

        var testDescription: String { why }
    }

    /// The lines where RFC 8785 rounds a number and we keep its value.
    static let exactLines = [
        46: #"{"n":12345678901234567890}"#,
        48: #"{"x":4.9406564584124654e-324}"#,
    ]

    /// In the same way, `values.json` holds 333333333.33333329.
    static let exactFiles = [
        "values": [(rounded: "333333333.3333333,", kept: "333333333.33333329,")]
    ]

    @Test(
        "Every published file becomes the published bytes",
        arguments: [
            "arrays", "french", "structures", "unicode", "values", "weird",
        ]
    )
    func publishedFile(name: String) throws {
        let input = [UInt8](try VectorFiles.data("jcs/input/\(name).json"))
        let hex = String(decoding: try VectorFiles.data("jcs/outhex/\(name).txt"), as: UTF8.self)
        var expected = try #require(Self.bytes(hex: hex))
        if let replacements = Self.exactFiles[name] {
            var text = String(decoding: expected, as: UTF8.self)
            for (rounded, kept) in replacements {
                #expect(text.contains(rounded))
                text = text.replacingOccurrences(of: rounded, with: kept)
            }
            expected = Array(text.utf8)
        }
        #expect(try CanonicalJSON(parsing: input).bytes == expected)
        #expect(try JSONValue(parsing: input).canonical.bytes == expected)
    }

    @Test(
        "Every case becomes its canonical bytes",
        arguments: try VectorFiles.lines("jcs/cases.jsonl", as: Case.self)
    )
    func generatedCase(_ vector: Case) throws {
        var expected = try #require(Self.bytes(hex: vector.canonical_hex))
        if let exact = Self.exactLines[vector.id] {
            #expect(Array(exact.utf8) != expected, "the line needs no replacement")
            expected = Array(exact.utf8)
        }
        #expect(try CanonicalJSON(parsing: vector.input).bytes == expected)
        #expect(try JSONValue(parsing: vector.input).canonical.bytes == expected)
    }

    @Test("The cases are all there")
    func countsOfVectors() throws {
        #expect(try VectorFiles.lines("jcs/cases.jsonl", as: Case.self).count == 50)
        #expect(try VectorFiles.json("jcs/must-reject.json", as: [Refusal].self).count == 14)
    }

    @Test(
        "What a canonicaliser must refuse is refused",
        arguments: try VectorFiles.json("jcs/must-reject.json", as: [Refusal].self)
    )
    func refusal(_ vector: Refusal) {
        #expect(throws: InvalidJSON.self) { try CanonicalJSON(parsing: vector.input) }
        #expect(throws: InvalidJSON.self) { try JSONValue(parsing: vector.input) }
    }

    @Test("The shortest form of 10 000 doubles is written as ECMAScript writes it")
    func shortestDoubles() throws {
        let lines = try VectorFiles.data("jcs/es6-numbers-10000.txt").split(separator: 0x0A)
        #expect(lines.count == 10_000)
        for line in lines {
            let parts = String(decoding: line, as: UTF8.self).split(separator: ",")
            let bits = try #require(UInt64(parts[0], radix: 16))
            let input = Double(bitPattern: bits).description
            let canonical = try CanonicalJSON(parsing: input)
            #expect(canonical.text == parts[1], "\(parts[0]), written \(input)")
        }
    }

    private static func bytes(hex: String) -> [UInt8]? {
        let digits = hex.filter { !$0.isWhitespace }.utf8.map { $0 }
        guard digits.count.isMultiple(of: 2) else { return nil }
        var bytes: [UInt8] = []
        for index in stride(from: 0, to: digits.count, by: 2) {
            let pair = String(decoding: digits[index...index + 1], as: UTF8.self)
            guard let byte = UInt8(pair, radix: 16) else { return nil }
            bytes.append(byte)
        }
        return bytes
    }
}
