// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Cairn

@Suite("The leaf of a record")
struct LeafTests {
    private static let text =
        "audit-leaf/v1\n"
        + #"{"class":"std","id":"018f6b1e-7c2a-7000-8000-000000000001","index":7,"#
        + #""origin":"cairn.example/0123456789abcdef0123456789abcdef","#
        + #""received_at":"2026-01-23T14:30:00.123Z","#
        + #""record":"UbNDz0f077yKGQkfUw9DVsFnIx5hWSIkYcv5ancWtrs","schema":"event/1","v":1}"#

    /// The leaf with a part of its text replaced.
    private func leaf(_ part: String, _ other: String) throws -> [UInt8] {
        let parts = Self.text.split(separator: part, omittingEmptySubsequences: false)
        try #require(parts.count == 2, "\(part) is there once")
        return parts.joined(separator: other).bytes
    }

    private func error(_ bytes: [UInt8]) -> Leaf.Malformed? {
        do throws(Leaf.Malformed) {
            _ = try Leaf(parsing: bytes)
            return nil
        } catch {
            return error
        }
    }

    @Test("A leaf is read back as it was written, at the edges of every member")
    func roundTrip() throws {
        let times = try [
            "1678-01-01T00:00:00.000Z", "1969-12-31T23:59:59.999Z", "2261-12-31T23:59:59.999Z",
        ].map { try Timestamp.parse($0).timestamp }
        let origins = [
            "a/b", "host.example:65535/x_y.z/0", "a/" + String(repeating: "b", count: 198),
        ]
        for index: UInt64 in [0, 9, 1 << 32, (1 << 53) - 1] {
            for schema in Leaf.Schema.allCases {
                for (origin, time) in zip(origins, times) {
                    let leaf = Leaf(
                        origin: origin,
                        index: index,
                        id: try #require(EventID("018f6b1e-7c2a-4000-bfff-000000000001")),
                        receivedAt: time,
                        schema: schema,
                        retentionClass: try #require(RetentionClass("a1b2c3d4")),
                        record: .emptyRoot
                    )
                    #expect(try Leaf(parsing: leaf.bytes) == leaf)
                    #expect(
                        try CanonicalJSON(parsing: Array(leaf.bytes.dropFirst(14))).bytes
                            == Array(leaf.bytes.dropFirst(14))
                    )
                }
            }
        }
        #expect(try Leaf(parsing: Self.text.bytes).bytes == Self.text.bytes)
    }

    @Test("Only the one encoding is read")
    func onlyOneEncoding() throws {
        let members = #""index":7,"#
        for (part, other) in [
            ("audit-leaf/v1\n", ""), ("audit-leaf/v1\n", "audit-leaf/v1"),
            ("audit-leaf/v1\n", "audit-leaf/v1\r\n"),
            ("audit-leaf/v1\n", "\u{FEFF}audit-leaf/v1\n"),
            ("audit-leaf/v1\n", "audit-node/v1\n"), (#""v":1}"#, #""v":1}"# + "\n"),
            (#""v":1}"#, #""v":1} "#), (#""v":1}"#, #""v":1"#), (#""index":7"#, #""index": 7"#),
            ("{\"class\"", "{ \"class\""), (#""class":"std","#, ""), (members, ""),
            (members, #""index":7,"index":7,"#), (members, #""index":7,"indeX":7,"#),
            (#""v":1}"#, #""v":1,"x":1}"#), (#""v":1}"#, #""tags":[],"v":1}"#),
            ("{\"class\"", "{\"a\":1,\"class\""),
            (#""schema":"event/1","v":1}"#, #""v":1,"schema":"event/1"}"#),
            ("\"class\"", "\"cl\\u0061ss\""), (#""std""#, #""st\u0064""#),
            ("event/1", #"event\/1"#), (#""v":1}"#, #""v":1.0}"#), (#""v":1}"#, #""v":"1"}"#),
            (#""v":1}"#, #""v":null}"#), (#""v":1}"#, "}"),
        ] {
            #expect(error(try leaf(part, other)) == .grammar, "\(part) becomes \(other)")
        }
    }

    @Test("Every member keeps to its grammar")
    func memberGrammar() throws {
        let record = "UbNDz0f077yKGQkfUw9DVsFnIx5hWSIkYcv5ancWtrs"
        let id = "018f6b1e-7c2a-7000-8000-000000000001"
        let time = "2026-01-23T14:30:00.123Z"
        let origin = "cairn.example/0123456789abcdef0123456789abcdef"
        for (part, other) in [
            (#""std""#, #""""#), (#""std""#, #""Std""#), (#""std""#, #""stdstdstd""#),
            (#""std""#, #""st-d""#), (#""std""#, "1"),
            (id, id.uppercased()), (id, "018f6b1e-7c2a-1000-8000-000000000001"),
            (id, "018f6b1e-7c2a-7000-c000-000000000001"), (id, "018f6b1e7c2a70008000000000000001"),
            (id, ""), (":7,", ":07,"), (":7,", ":-7,"), (":7,", ":7.0,"), (":7,", ":7e0,"),
            (":7,", ":9007199254740992,"), (":7,", ":18446744073709551623,"), (":7,", ":,"),
            (":7,", ":\"7\","), (":7,", ":+7,"),
            (time, "2026-01-23T14:30:00Z"), (time, "2026-01-23T14:30:00.123456Z"),
            (time, "2026-01-23T14:30:00.1230Z"), (time, "2026-01-23T14:30:00.123+00:00"),
            (time, "2026-01-23t14:30:00.123z"), (time, "2026-02-30T14:30:00.123Z"),
            (time, "2026-01-23 14:30:00.123Z"), (time, "2026-01-23T24:00:00.000Z"), (time, ""),
            (record, String(record.dropLast())), (record, record + "A"), (record, record + "="),
            (record, record.dropLast() + "t"), (record, "+" + record.dropFirst()), (record, ""),
            ("event/1", "event/2"), ("event/1", "Event/1"), ("event/1", ""),
            (origin, "cairn.example"), (origin, "/x"), (origin, "Cairn.example/x"),
            (origin, "cairn.example/é"), (origin, "a/" + String(repeating: "b", count: 199)),
            (origin, ""),
        ] {
            #expect(error(try leaf(part, other)) == .grammar, "\(part) becomes \(other)")
        }
        #expect(error([]) == .grammar)
        #expect(error(Array(repeating: 0x61, count: Leaf.limitBytes + 1)) == .grammar)
    }

    @Test("Another version is told apart from a malformed leaf, because it may be right")
    func otherVersions() throws {
        for bytes in [
            try leaf(#""v":1}"#, #""v":2}"#), try leaf(#""v":1}"#, #""v":0}"#),
            try leaf("audit-leaf/v1", "audit-leaf/v2"),
            try leaf(#""v":1}"#, #""v":2,"w":{"anything":true}}"#),
            "audit-leaf/v9\nwhatever it is".bytes,
        ] {
            #expect(error(bytes) == .unsupportedVersion)
        }
        // What is no JSON, or names no version, is of no version.
        for text in [
            "audit-leaf/v1\n", "audit-leaf/v1\n{", "audit-leaf/v1\n{}", "audit-leaf/v2",
            "audit-leaf/v\n{}", "audit-leaf/vx\n{}", "audit-leaf/v1\r\n{\"v\":1}",
        ] {
            #expect(error(text.bytes) == .grammar, "\(text)")
        }
    }

    @Test("No changed byte goes unnoticed: it is refused, or it is another leaf with those bytes")
    func everyByte() throws {
        let original = Self.text.bytes
        let leaf = try Leaf(parsing: original)
        for position in original.indices {
            for mask: UInt8 in [0x01, 0x04, 0x20, 0x80] {
                var bytes = original
                bytes[position] ^= mask
                guard let read = try? Leaf(parsing: bytes) else { continue }
                #expect(read != leaf, "byte \(position)")
                #expect(read.bytes == bytes, "byte \(position)")
            }
            var shorter = original
            shorter.remove(at: position)
            if let read = try? Leaf(parsing: shorter) { #expect(read.bytes == shorter) }
        }
    }
}
