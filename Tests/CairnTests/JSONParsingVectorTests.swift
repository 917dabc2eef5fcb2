// SPDX-License-Identifier: Apache-2.0
import Cairn
import Foundation
import Testing

@Suite("The parser agrees with JSONTestSuite")
struct JSONParsingVectorTests {
    struct Case: Decodable, CustomTestStringConvertible {
        enum Expectation: String, Decodable {
            case accept
            case reject
            case either
        }

        let name: String
        let expect: Expectation
        let base64: Data

        var testDescription: String { name }
    }

    /// The `either` cases that the record format can hold: whole numbers of at most 40 digits.
    static let acceptedOfEither: Set<String> = [
        "i_number_too_big_neg_int.json", "i_number_too_big_pos_int.json",
    ]

    @Test("Nothing is missing from the suite but its two deepest files")
    func countOfCases() throws {
        let cases = try VectorFiles.lines("json-parsing/cases.jsonl", as: Case.self)
        #expect(cases.count == 316)
        #expect(cases.count { $0.name.hasPrefix("y_object_duplicated_key") } == 2)
        #expect(Self.acceptedOfEither.isSubset(of: cases.map(\.name)))
    }

    @Test(
        "What RFC 8259 allows is read, unless the record format is stricter",
        arguments: try VectorFiles.lines("json-parsing/cases.jsonl", as: Case.self)
    )
    func parse(_ vector: Case) throws {
        let bytes = [UInt8](vector.base64)
        let isAccepted =
            switch vector.expect {
            case .accept: !vector.name.hasPrefix("y_object_duplicated_key")
            case .reject: false
            case .either: Self.acceptedOfEither.contains(vector.name)
            }
        guard isAccepted else {
            #expect(throws: InvalidJSON.self) { try CanonicalJSON(parsing: bytes) }
            #expect(throws: InvalidJSON.self) { try JSONValue(parsing: bytes) }
            #expect(throws: InvalidJSON.self) { try Self.skip(bytes) }
            return
        }
        let canonical = try CanonicalJSON(parsing: bytes)
        #expect(try JSONValue(parsing: bytes).canonical == canonical)
        #expect(try CanonicalJSON(parsing: canonical.bytes) == canonical)
        try Self.skip(bytes)
    }

    @Test(
        "A fault that has a name is named",
        arguments: [
            ("y_object_duplicated_key.json", InvalidJSON.Reason.duplicateName),
            ("y_object_duplicated_key_and_value.json", .duplicateName),
            ("i_string_UTF8_surrogate_U+D800.json", .invalidUTF8),
            ("i_string_overlong_sequence_2_bytes.json", .invalidUTF8),
            ("i_string_not_in_unicode_range.json", .invalidUTF8),
            ("i_string_incomplete_surrogate_pair.json", .loneSurrogate),
            ("i_string_inverted_surrogates_U+1D11E.json", .loneSurrogate),
            ("i_object_key_lone_2nd_surrogate.json", .loneSurrogate),
            ("i_structure_UTF-8_BOM_empty_object.json", .byteOrderMark),
            ("i_structure_500_nested_arrays.json", .tooDeep),
            ("i_number_huge_exp.json", .numberOutOfRange),
            ("i_number_real_underflow.json", .numberOutOfRange),
            ("i_number_very_big_negative_int.json", .numberOutOfRange),
        ]
    )
    func reason(name: String, reason: InvalidJSON.Reason) throws {
        let cases = try VectorFiles.lines("json-parsing/cases.jsonl", as: Case.self)
        let bytes = [UInt8](try #require(cases.first { $0.name == name }).base64)
        let fault = #expect(throws: InvalidJSON.self) { try CanonicalJSON(parsing: bytes) }
        #expect(fault?.reason == reason)
    }

    private static func skip(_ bytes: [UInt8]) throws {
        try bytes.withUnsafeBytes { buffer in
            var reader = JSONReader(buffer)
            try reader.skip()
            try reader.finish()
        }
    }
}
