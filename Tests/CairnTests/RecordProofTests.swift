// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Cairn

@Suite("The proof document of a record")
struct RecordProofTests {
    private func document() throws -> JSONValue {
        let disclosure = try SampleRecord.disclosure { $0 != .known(.sourceIP) }
        return try JSONValue(parsing: SampleRecord.proof(disclosure).encoded)
    }

    private func proof(_ value: JSONValue) throws -> RecordProof {
        try RecordProof(parsing: value.canonical.bytes)
    }

    @Test("A proof is read back as it was written, in any order of members and any layout")
    func roundTrip() throws {
        let proof = try SampleRecord.proof(
            SampleRecord.disclosure { $0 != .known(.sourceIP) }
        )
        #expect(try RecordProof(parsing: proof.encoded) == proof)
        #expect(try self.proof(document()) == proof)
        let spaced = String(decoding: proof.encoded, as: UTF8.self)
            .split(separator: ",\"", omittingEmptySubsequences: false).joined(separator: " ,\n \"")
        #expect(try RecordProof(parsing: spaced.bytes) == proof)
    }

    @Test("A document with a member missing or of another kind cannot be read")
    func members() throws {
        let values: [JSONValue?] = [nil, .null, true, "", [], [:], -1, "x", [1], ["zz"]]
        for name in ["index", "size", "checkpoint", "inclusion_proof", "leaf", "fields"] {
            for value in values {
                // Lists may be empty, and so may the leaf; the verifier refuses them.
                if name == "leaf", value == .some("") { continue }
                if name == "fields" || name == "inclusion_proof", value == .some([]) { continue }
                var object = try #require(try document().object)
                object[name] = value
                #expect(throws: Disclosure.Malformed.self, "\(name): \(String(describing: value))")
                {
                    _ = try proof(.object(object))
                }
            }
        }
        for text in ["", "null", "[]", "{}", "{", "\u{FEFF}{}"] {
            #expect(throws: Disclosure.Malformed.self) {
                _ = try RecordProof(parsing: text.bytes)
            }
        }
    }

    @Test("Salts and digests are exactly 32 bytes of base64url, hashes 64 digits of hex")
    func encodings() throws {
        let good = Digest.emptyRoot.base64URL
        let bad = [
            "", String(good.dropLast()), good + "A", good + "=", "+" + good.dropFirst(),
            String(good.dropLast()) + "_", Digest.emptyRoot.hex, Digest.emptyRoot.base64,
        ]
        func reading(_ item: JSONValue) throws {
            var object = try #require(try document().object)
            object["fields"] = [item]
            _ = try proof(.object(object))
        }
        try reading(["path": "type", "digest": .string(good)])
        try reading(["path": "type", "salt": .string(good), "value": "1"])
        for text in bad {
            #expect(throws: Disclosure.Malformed.self, "\(text)") {
                try reading(["path": "type", "digest": .string(text)])
            }
            #expect(throws: Disclosure.Malformed.self, "\(text)") {
                try reading(["path": "type", "salt": .string(text), "value": "1"])
            }
        }
        let wrong: [JSONValue] = [
            [:], ["path": "type"], ["digest": .string(good)],
            ["path": "type", "salt": .string(good)], ["path": "type", "value": "1"],
            ["path": "type", "salt": .string(good), "value": 1],
            ["path": "type", "salt": .string(good), "value": "1", "digest": .string(good)],
            ["path": "type", "value": "1", "digest": .string(good)],
            ["path": "", "digest": .string(good)], ["path": "a b", "digest": .string(good)],
            ["path": "details.é", "digest": .string(good)], ["path": 1, "digest": .string(good)],
        ]
        for item in wrong {
            #expect(throws: Disclosure.Malformed.self, "\(item.canonical)") { try reading(item) }
        }
        for hex in ["", Digest.emptyRoot.hex.uppercased(), Digest.emptyRoot.hex + "0", good] {
            var object = try #require(try document().object)
            object["inclusion_proof"] = [.string(hex)]
            #expect(throws: Disclosure.Malformed.self) { _ = try proof(.object(object)) }
        }
    }

    @Test("No changed byte of a proof makes it hold for anything else")
    func everyByte() throws {
        let original = try SampleRecord.proof(
            SampleRecord.disclosure { $0 != .known(.sourceIP) }
        )
        let verifier = Verifier(key: try SampleRecord.key().verifierKey)
        try #require(verifier.verdict(on: original).holds)
        var held = 0
        for position in original.encoded.indices {
            for mask: UInt8 in [0x01, 0x20] {
                var bytes = original.encoded
                bytes[position] ^= mask
                guard let changed = try? RecordProof(parsing: bytes),
                    verifier.verdict(on: changed).holds
                else { continue }
                held += 1
                #expect(changed.disclosure == original.disclosure, "byte \(position)")
                #expect(changed.inclusion == original.inclusion, "byte \(position)")
                #expect(changed.checkpoint.text == original.checkpoint.text, "byte \(position)")
            }
        }
        // A few changes are of no meaning, such as those to the name of a member that is ignored.
        #expect(held < 10)
    }
}
