// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Cairn

@Suite("Paths and fields of a record")
struct FieldsTests {
    @Test(
        "The paths are those of the format, in ascending byte order, with codes that never change"
    )
    func knownPaths() {
        let texts = FieldPath.Known.allCases.map { FieldPath.known($0).text }
        #expect(
            texts == [
                "action", "actor.email", "actor.id", "actor.name", "actor.session_id",
                "actor.type", "category", "change.after", "change.before", "defaulted",
                "description", "details", "dialect", "dialect.rest", "event_schema", "external_id",
                "occurred_at", "occurred_offset", "outcome", "principal.id", "principal.subject",
                "redaction.paths", "redaction.rules", "resources", "risk", "severity", "source.ip",
                "source.request_id", "source.traceparent", "source.user_agent", "type",
            ]
        )
        #expect(FieldPath.Known.allCases.map(\.rawValue) == Array(1...31))
        let bytes = texts.map(\.bytes)
        #expect(zip(bytes, bytes.dropFirst()).allSatisfy { $0.lexicographicallyPrecedes($1) })
        for known in FieldPath.Known.allCases {
            let path = FieldPath.known(known)
            #expect(FieldPath(path.text) == path)
            #expect(path.utf8 == path.text.bytes)
            #expect(path.digest.bytes == SampleRecord.sha256(path.text.bytes))
        }
    }

    @Test("What is not personal is the format's list, and everything else is")
    func personal() {
        let plain = Set(
            FieldPath.Known.allCases.map { FieldPath.known($0) }.filter { !$0.isPersonal }
                .map(\.text)
        )
        #expect(
            plain == [
                "type", "category", "outcome", "severity", "risk", "occurred_at",
                "occurred_offset", "actor.type", "dialect", "redaction.rules", "principal.id",
                "event_schema", "defaulted",
            ]
        )
        #expect(FieldPath.other("details.key").isPersonal)
    }

    @Test("A path keeps to its grammar")
    func pathGrammar() {
        for text in [
            "details.key", "details.A-b_9", "change.before.k", "removal",
            "details.\(String(repeating: "k", count: 64))",
        ] {
            #expect(FieldPath(text)?.text == text, "\(text)")
            #expect(FieldPath(text)?.digest.bytes == SampleRecord.sha256(text.bytes))
        }
        for text in [
            "", ".", "a.", ".a", "a..b", "a.b.c.d", "details.k y", "details.é", "details.\u{0}",
            "details.\(String(repeating: "k", count: 65))", "a/b", "a\n", "\"", "a:b",
            "\(String(repeating: "k", count: 64)).\(String(repeating: "k", count: 64))",
        ] {
            #expect(FieldPath(text) == nil, "\(text)")
        }
    }

    @Test("Fields are read back from what a store keeps, whatever their length")
    func roundTrip() throws {
        var generator = SeededGenerator(seed: 5)
        for _ in 0..<30 {
            let fields = CommitmentTests.randomFields(&generator)
            let read = try #require(Fields(encoded: fields.encoded))
            #expect(read == fields)
            #expect(read.map(\.path) == fields.map(\.path))
            #expect(read.map(\.range) == fields.map(\.range))
        }
        #expect(Fields(encoded: []) == Fields())
        #expect(Array(Fields()).isEmpty)
    }

    @Test("Texts come back as they were given, at every length of the length itself")
    func texts() {
        for length in [0, 1, 124, 125, 126, 127, 128, 16_380, 16_381, 16_382, 16_383, 70_000] {
            for unit in ["x", "\n", "\""] {
                let text = String(repeating: unit, count: length)
                var fields = Fields()
                fields.append(.action, text: text)
                fields.append(.type, text: "after")
                #expect(fields.text(.action) == text, "\(length)")
                #expect(fields.text(.type) == "after", "\(length)")
                #expect(Fields(encoded: fields.encoded) == fields)
            }
        }
        for text in ["\u{0}", "é", "e\u{301}", "\r\n", "😀", "\\u0041", "\u{7F}"] {
            var fields = Fields()
            fields.append(.action, text: text)
            #expect(fields.text(.action)?.bytes == text.bytes)
        }
    }

    @Test("A field is found by its path, and only by it")
    func lookup() throws {
        let fields = try SampleRecord.fields()
        #expect(fields.value(.known(.outcome)) == #""success""#.bytes)
        #expect(fields.value(.known(.risk)) == nil)
        #expect(fields.value(.other("details.n")) == nil)
        #expect(fields.text(.actorID) == "user-123")
        #expect(fields.text(.details) == nil)
        #expect(fields.map(\.path.text) == SampleRecord.values.map(\.path))
    }

    @Test("Bytes that no encoder makes are refused: cut off, out of order, doubled, unknown")
    func malformed() throws {
        let fields = try SampleRecord.fields()
        var split = Fields()
        split.append(.other("details.k"), value: "1".bytes)
        for encoded in [fields.encoded, split.encoded] {
            let ends = Set(Fields(unchecked: encoded).map(\.range.upperBound) + [0])
            for end in 0..<encoded.count where !ends.contains(end) {
                #expect(Fields(encoded: Array(encoded[..<end])) == nil, "cut at \(end)")
            }
        }
        let (action, type) = ([1, 1, 0x31] as [UInt8], [31, 1, 0x31] as [UInt8])
        #expect(Fields(encoded: action + type) != nil)
        let other: [UInt8] = [0, 1, 0x78, 1, 0x31]
        #expect(Fields(encoded: type + other) != nil)
        for wrong: [UInt8] in [
            type + action, action + action, other + type, other + other, [32, 1, 0x31],
            [255, 0], [0, 0, 1, 0x31], [0, 1, 0x20, 1, 0x31], [1, 0x80], [1, 0xFF, 0xFF],
            [1] + Array(repeating: 0x80, count: 9) + [1], [0], [0, 200, 0x78],
        ] {
            #expect(Fields(encoded: wrong) == nil, "\(wrong)")
        }
    }

    @Test("Iteration of bytes that are no fields ends, and reads nothing outside")
    func hostileBytes() {
        var generator = SeededGenerator(seed: 6)
        for round in 0..<2000 {
            let bytes = (0..<Int(generator.next() % 40)).map { _ in
                UInt8(truncatingIfNeeded: generator.next() % (round % 2 == 0 ? 40 : 256))
            }
            for field in Fields(unchecked: bytes) {
                #expect(field.range.upperBound <= bytes.count)
            }
        }
    }
}
