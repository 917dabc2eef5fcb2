// SPDX-License-Identifier: Apache-2.0
import Cairn
import Testing

@Suite("Proof files")
struct TLogProofTests {
    struct Case: Decodable, CustomTestStringConvertible {
        let name: String
        let expect: String
        let leaf: String
        let proof: String
        let log_vkey: String
        let witness_vkeys: [String]

        var testDescription: String { name }

        func verify() throws -> Checkpoint {
            let log = try NoteVerifierKey(parsing: log_vkey)
            let witnesses = try witness_vkeys.map { try NoteVerifierKey(parsing: $0) }
            let policy = TrustPolicy(logKeys: [log], witnesses: witnesses, quorum: witnesses.count)
            return try TLogProof(parsing: proof).verify(
                leafHash: .leaf(Array(leaf.utf8)),
                policy: policy,
                origin: log.name
            )
        }
    }

    static let cases: [Case] = {
        let cases = try? VectorFiles.json("checkpoint/tlog-proofs.json", as: [Case].self)
        return cases ?? []
    }()

    private func proof(_ name: String) throws -> String {
        try #require(TLogProofTests.cases.first { $0.name == name }).proof
    }

    @Test("The published proof files are all there")
    func casesAreRead() {
        #expect(TLogProofTests.cases.filter { $0.expect == "valid" }.count == 8)
        #expect(TLogProofTests.cases.filter { $0.expect == "reject" }.count == 7)
    }

    @Test("Every published proof file proves its entry, or is refused", arguments: cases)
    func published(_ item: Case) throws {
        guard item.expect == "valid" else {
            #expect(throws: (any Error).self) { try item.verify() }
            return
        }
        let file = try TLogProof(parsing: item.proof)
        #expect(try item.verify().text == file.checkpoint.text)
        #expect(file.encoded.utf8.elementsEqual(item.proof.utf8))
        #expect("entry-\(file.index)" == item.leaf)
        if let extra = file.extra { #expect(extra == Array("hello \(file.index)".utf8)) }
    }

    @Test("A refused proof is refused for the reason its authors give")
    func reasons() throws {
        let refuted: [(String, RefutedProof)] = [
            ("wrong leaf", .wrongRoot),
            ("wrong index", .wrongRoot),
            ("index beyond size", .impossiblePath),
            ("one hash missing", .impossiblePath),
            ("one hash too many", .impossiblePath),
        ]
        for (name, reason) in refuted {
            let item = try #require(TLogProofTests.cases.first { $0.name == name })
            #expect(throws: reason, "\(name)") { try item.verify() }
        }
        #expect(throws: MalformedProofFile.badIndex) {
            try TLogProof(parsing: proof("leading zero index"))
        }
        #expect(throws: MalformedProofFile.wrongHeader) {
            try TLogProof(parsing: proof("wrong header"))
        }
    }

    @Test("A proof whose checkpoint the policy does not trust proves nothing")
    func untrusted() throws {
        let item = try #require(TLogProofTests.cases.first { $0.name == "index 255" })
        let file = try TLogProof(parsing: item.proof)
        let leaf = Digest.leaf(Array(item.leaf.utf8))
        let log = try NoteVerifierKey(parsing: item.log_vkey)
        let strict = TrustPolicy(logKeys: [log], witnesses: [], quorum: 1)
        #expect(throws: RefutedProof.untrusted(.noQuorum(found: 0, needed: 1))) {
            try file.verify(leafHash: leaf, policy: strict, origin: nil)
        }
        let policy = TrustPolicy(logKeys: [log], witnesses: [], quorum: 0)
        #expect(throws: RefutedProof.untrusted(.otherOrigin(log.name))) {
            try file.verify(leafHash: leaf, policy: policy, origin: "other.example/log")
        }
        #expect(try file.verify(leafHash: leaf, policy: policy, origin: nil).size == 600)
    }

    @Test("A file with a line too many, too few or misspelt is refused")
    func malformed() throws {
        let good = try proof("single-entry tree, empty proof")
        let note = try TLogProof(parsing: good).checkpoint.encoded
        let header = "c2sp.org/tlog-proof@v1\n"
        let hash = "\(Digest.leaf([]).base64)\n"
        let refused: [(String, MalformedProofFile)] = [
            ("", .wrongHeader),
            (String(good.dropFirst()), .wrongHeader),
            (header, .badIndex),
            ("\(header)\n\(note)", .badIndex),
            ("\(header)index\n\n\(note)", .badIndex),
            ("\(header)index -1\n\n\(note)", .badIndex),
            ("\(header)Index 0\n\n\(note)", .badIndex),
            ("\(header)index 0 \n\n\(note)", .badIndex),
            ("\(header)index 0\r\n\n\(note)", .badIndex),
            ("\(header)index 9223372036854775808\n\n\(note)", .badIndex),
            ("\(header)extra AA=\nindex 0\n\n\(note)", .badExtra),
            ("\(header)extra AB==\nindex 0\n\n\(note)", .badExtra),
            ("\(header)extra AA==\nextra AA==\nindex 0\n\n\(note)", .badIndex),
            ("\(header)index 0\nextra AA==\n\n\(note)", .badHash(0)),
            ("\(header)index 0\n\(hash)AA==\n\n\(note)", .badHash(1)),
            ("\(header)index 0\n\(hash)", .noSeparator),
            ("\(header)index 0\n", .noSeparator),
            ("\(header)index 0\n\n", .badCheckpoint(.noFinalNewline)),
            ("\(header)index 0\n\(String(repeating: hash, count: 64))\n\(note)", .pathTooLong),
            ("\(good)\n", .badCheckpoint(.noSignatures)),
            (String(repeating: "x", count: TLogProof.limitBytes + 1), .tooLarge),
        ]
        for (file, reason) in refused {
            #expect(throws: reason, "\(file.prefix(200).debugDescription)") {
                try TLogProof(parsing: file)
            }
        }
        let longest = "\(header)index 0\n\(String(repeating: hash, count: 63))\n\(note)"
        #expect(try TLogProof(parsing: longest).path.count == 63)
    }

    @Test("A proof file put together here reads back as it was")
    func roundTrip() throws {
        let note = try NoteKeys.logA().sign("text\n")
        for extra: [UInt8]? in [nil, [], [0], Array(repeating: 0xFF, count: 100)] {
            let file = TLogProof(
                extra: extra,
                index: UInt64(Int64.max),
                path: [.leaf([1]), .leaf([2])],
                checkpoint: note
            )
            #expect(try TLogProof(parsing: file.encoded) == file)
        }
    }

    @Test("A proof with any one byte changed proves the entry under the same text, or nothing")
    func mutations() throws {
        let item = try #require(TLogProofTests.cases.first { $0.name == "index 512" })
        let bytes = Array(item.proof.utf8)
        let text = try TLogProof(parsing: item.proof).checkpoint.text
        let log = try NoteVerifierKey(parsing: item.log_vkey)
        let policy = TrustPolicy(logKeys: [log], witnesses: [], quorum: 0)
        let head = bytes.count - (try TLogProof(parsing: item.proof).checkpoint.encoded.utf8.count)
        for place in bytes.indices {
            var mutant = bytes
            mutant[place] ^= 1
            guard let file = try? TLogProof(parsing: String(decoding: mutant, as: UTF8.self)),
                let checkpoint = try? file.verify(
                    leafHash: .leaf(Array(item.leaf.utf8)),
                    policy: policy,
                    origin: log.name
                )
            else { continue }
            // Only the line of the witness, unknown to this policy, may differ.
            #expect(checkpoint.text == text, "byte \(place)")
            #expect(place >= head + text.utf8.count, "byte \(place)")
        }
    }
}
