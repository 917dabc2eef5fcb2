// SPDX-License-Identifier: Apache-2.0
import Cairn
import Testing

@Suite("Cosignatures and trust")
struct CheckpointCosignatureTests {
    struct Case: Decodable, CustomTestStringConvertible {
        let name: String
        let expect: String
        let note: String
        let log_vkey: String
        let witness_vkeys: [String]
        let quorum: Int?
        let timestamps: [UInt64]?
        let signed_message_w1: String?

        var testDescription: String { name }
    }

    static let cases: [Case] = {
        let cases = try? VectorFiles.json("checkpoint/cosignatures.json", as: [Case].self)
        return cases ?? []
    }()

    private let origin = "audit.example.com/t/acme"

    private func text() -> String {
        Checkpoint(origin: origin, size: 3, root: .leaf([3])).text
    }

    @Test("The published cosignatures are all there")
    func casesAreRead() {
        #expect(CheckpointCosignatureTests.cases.count == 6)
    }

    @Test("Every published cosigned checkpoint is judged as its authors say", arguments: cases)
    func published(_ item: Case) throws {
        let log = try NoteVerifierKey(parsing: item.log_vkey)
        let witnesses = try item.witness_vkeys.map { try NoteVerifierKey(parsing: $0) }
        let note = try SignedNote(parsing: item.note)
        let quorum = item.quorum ?? witnesses.count
        let policy = TrustPolicy(logKeys: [log], witnesses: witnesses, quorum: quorum)
        switch item.expect {
        case "valid":
            #expect(try policy.judge(note, origin: log.name).text == note.text)
            try expectParts(of: note, witnesses: witnesses, item)
        case "reject":
            let witness = try #require(witnesses.first)
            let failure = NoteVerificationFailure.badSignature(
                name: witness.name,
                keyID: witness.keyID
            )
            #expect(throws: UntrustedCheckpoint.unverified(failure)) {
                try policy.judge(note, origin: log.name)
            }
        case "no-witness":
            expectNoQuorum(policy, note, found: 0)
        case "no-quorum":
            expectNoQuorum(policy, note, found: 1)
        default:
            Issue.record("an expectation this test does not know: \(item.expect)")
        }
    }

    private func expectNoQuorum(_ policy: TrustPolicy, _ note: SignedNote, found: Int) {
        let failure = UntrustedCheckpoint.noQuorum(found: found, needed: policy.quorum)
        #expect(throws: failure) { try policy.judge(note, origin: nil) }
        let lenient = TrustPolicy(
            logKeys: policy.logKeys,
            witnesses: policy.witnesses,
            quorum: found
        )
        #expect(throws: Never.self) { try lenient.judge(note, origin: nil) }
    }

    private func expectParts(
        of note: SignedNote,
        witnesses: [NoteVerifierKey],
        _ item: Case
    ) throws {
        let timestamps = try #require(item.timestamps)
        #expect(timestamps.count == witnesses.count)
        for (witness, timestamp) in zip(witnesses, timestamps) {
            let line = try #require(note.signatures.first { $0.keyID == witness.keyID })
            let cosignature = try #require(Cosignature(parsing: line.bytes))
            #expect(cosignature.timestamp == timestamp)
            #expect(cosignature.bytes == line.bytes)
            #expect(cosignature.verifies(over: note.text, by: witness))
            let key = try NoteKeys.named(witness.name)
            #expect(Cosignature.make(over: note.text, at: timestamp, by: key) == line)
        }
        let message = try #require(item.signed_message_w1)
        let signed = Cosignature.message(over: note.text, at: timestamps[0])
        #expect(signed == Array(message.utf8))
    }

    @Test("A cosignature says its own time, and verifies with no other")
    func timeIsSigned() throws {
        let witness = try NoteKeys.named("witness.example.com/w1")
        let line = Cosignature.make(over: text(), at: 1_767_225_600, by: witness)
        #expect(line.bytes.count == 72)
        for place in 0..<8 {
            var bytes = line.bytes
            bytes[place] ^= 1
            let moved = try #require(Cosignature(parsing: bytes))
            #expect(!moved.verifies(over: text(), by: witness.cosignatureVerifierKey))
        }
        var negative = line.bytes
        negative[0] = 0x80
        #expect(Cosignature(parsing: negative) == nil)
        #expect(Cosignature(parsing: Array(line.bytes.dropLast())) == nil)
        #expect(Cosignature(parsing: line.bytes + [0]) == nil)
        let same = try #require(Cosignature(parsing: line.bytes))
        #expect(same.verifies(over: text(), by: witness.cosignatureVerifierKey))
        #expect(!same.verifies(over: text(), by: witness.verifierKey))
    }

    @Test("A witness counts once, under however many names and on however many lines")
    func publicKeysCount() throws {
        let log = try NoteKeys.logA()
        let witness = try NoteKeys.named("witness.example.com/w1")
        let alias = witness.named("witness.example.com/alias")
        let second = try NoteKeys.named("witness.example.com/w2")
        var note = log.sign(text())
        for (key, time) in [(witness, UInt64(1)), (witness, 2), (alias, 3)] {
            note = try note.adding(Cosignature.make(over: text(), at: time, by: key))
        }
        let witnesses = [witness, alias, second].map(\.cosignatureVerifierKey)
        let policy = TrustPolicy(logKeys: [log.verifierKey], witnesses: witnesses, quorum: 2)
        #expect(throws: UntrustedCheckpoint.noQuorum(found: 1, needed: 2)) {
            try policy.judge(note, origin: origin)
        }
        note = try note.adding(Cosignature.make(over: text(), at: 4, by: second))
        #expect(try policy.judge(note, origin: origin).size == 3)
    }

    @Test("Witnesses without the log's own signature are not enough")
    func logMustSign() throws {
        let witness = try NoteKeys.named("witness.example.com/w1")
        let line = Cosignature.make(over: text(), at: 1, by: witness)
        let note = try SignedNote(text: text(), signatures: [line])
        let policy = TrustPolicy(
            logKeys: [try NoteKeys.logA().verifierKey],
            witnesses: [witness.cosignatureVerifierKey],
            quorum: 1
        )
        #expect(throws: UntrustedCheckpoint.unverified(.noKnownSignature)) {
            try policy.judge(note, origin: origin)
        }
    }

    @Test("A witness's key for plain notes never counts towards the quorum")
    func plainKeysDoNotCount() throws {
        let log = try NoteKeys.logA()
        let witness = try NoteKeys.named("witness.example.com/w1")
        let note = try log.sign(text()).adding(witness.signature(over: text()))
        let policy = TrustPolicy(
            logKeys: [log.verifierKey],
            witnesses: [witness.verifierKey],
            quorum: 1
        )
        #expect(throws: UntrustedCheckpoint.noQuorum(found: 0, needed: 1)) {
            try policy.judge(note, origin: origin)
        }
    }
}
