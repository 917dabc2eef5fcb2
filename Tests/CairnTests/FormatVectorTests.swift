// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import Cairn

@Suite("The test vector of the record format, section 9")
struct FormatVectorTests {
    @Test("The digests of the fields are those of the vector")
    func fieldDigests() throws {
        let fields = try SampleRecord.fields()
        let seed = try SampleRecord.seed()
        let expected = [
            "source.ip": "2e435b16186e67edfe833bcea02276bed57f65558e103139bdad1357c02ab8b5",
            "details": "b586af6899739e8efcbc349886d82b67bcf6949e2b2a2109c5ec15233dc372e1",
        ]
        for (text, hex) in expected {
            let path = try #require(FieldPath(text))
            let salt = Commitment.salt(seed: seed, path: path)
            let value = try #require(fields.value(path))
            #expect(Commitment.digest(salt: salt, value: value).hex == hex, "\(text)")
        }
    }

    @Test("Record, leaf, leaf hash and chain are those of the vector")
    func leafAndChain() throws {
        let record = Commitment.record(try SampleRecord.fields(), seed: try SampleRecord.seed())
        #expect(record.hex == "51b343cf47f4efbc8a19091f530f4356c167231e6159222461cbf96a7716b6bb")

        let leaf = try SampleRecord.leaf(record: record)
        let text =
            "audit-leaf/v1\n"
            + #"{"class":"std","id":"018f6b1e-7c2a-7000-8000-000000000001","index":0,"#
            + #""origin":"cairn.example/0123456789abcdef0123456789abcdef","#
            + #""received_at":"2026-01-23T14:30:00.123Z","#
            + #""record":"UbNDz0f077yKGQkfUw9DVsFnIx5hWSIkYcv5ancWtrs","schema":"event/1","v":1}"#
        #expect(leaf.bytes == text.bytes)
        #expect(leaf.bytes.count == 262)
        #expect(try Leaf(parsing: text.bytes) == leaf)

        let hash = Digest.leaf(leaf.bytes)
        #expect(hash.hex == "31a8fd8ac1d5e0a66f4ff42a463723c401b469cbf7c7d72cce28a952739b388a")
        let start = Chain.start(origin: SampleRecord.origin)
        #expect(start.hex == "feb56e12cb646e3982902ba0954021ad2271e6dcea3683d7d5b1ae28b082a956")
        let next = Chain.next(start, leafHash: hash)
        #expect(next.hex == "fb5725c63de937be06c3020139c5276ba077e0a17644a5d3d7a1116319147c15")
    }

    @Test("The vector's fields are canonical, and an event gives the same values")
    func eventGivesValues() throws {
        for (path, value) in SampleRecord.values {
            #expect(try CanonicalJSON(parsing: value).text == value, "\(path)")
        }
        let event = try Event(
            parsing: #"""
                {"type":"user.login","actor":{"type":"user","id":"user-123"},"action":"login",
                 "outcome":"success","occurred_at":"2026-01-23T16:30:00+02:00",
                 "source":{"ip":"192.168.1.100"},
                 "details":{"\u00e9":15e-1,"n":12345678901234567890}}
                """#
        )
        let fields = event.fields(EventFacts(now: .epoch), registry: .standard)
        for (text, value) in SampleRecord.values {
            let path = try #require(FieldPath(text))
            #expect(fields.value(path).map { String(decoding: $0, as: UTF8.self) } == value)
        }
    }

    @Test("A proof that was made by code that shares nothing with ours holds, and is read whole")
    func goldenProof() throws {
        let folder = VectorFiles.root.deletingLastPathComponent().appendingPathComponent("Golden")
        let bytes = try Data(contentsOf: folder.appendingPathComponent("proof.json"))
        let vkey = try String(
            contentsOf: folder.appendingPathComponent("proof.vkey"),
            encoding: .utf8
        )
        let proof = try RecordProof(parsing: Array(bytes))
        let key = try NoteVerifierKey(
            parsing: vkey.trimmingCharacters(in: .whitespacesAndNewlines)
        )
        guard case .holds(let checkpoint, let leaf) = Verifier(key: key).verdict(on: proof) else {
            Issue.record("\(Verifier(key: key).verdict(on: proof))")
            return
        }
        #expect(checkpoint.size == 7)
        #expect(leaf.index == 4)
        let withheld = proof.disclosure.items.filter {
            if case .withheld = $0.content { true } else { false }
        }
        #expect(withheld.map(\.path.text) == ["actor.email"])
    }
}

extension Event {
    /// Reads an event from text.
    init(parsing text: String, limits: Limits = Limits()) throws {
        var text = text
        self = try text.withUTF8 {
            try Event(parsing: UnsafeRawBufferPointer($0), limits: limits)
        }
    }
}
