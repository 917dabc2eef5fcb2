// SPDX-License-Identifier: Apache-2.0
import Cairn
import Testing

@Suite("Checkpoints")
struct CheckpointTests {
    struct Case: Decodable, CustomTestStringConvertible {
        let name: String
        let expect: String
        let origin: String?
        let size: UInt64?
        let root_base64: String?
        let extensions: [String]?
        let expected_origin: String?
        let text: String
        let note: String
        let vkey: String

        var testDescription: String { name }
    }

    private struct File: Decodable {
        let cases: [Case]
    }

    static let cases: [Case] = {
        let file = try? VectorFiles.json("checkpoint/checkpoints.json", as: File.self)
        return file?.cases ?? []
    }()

    private let origin = "audit.example.com/t/acme"
    private let root = Digest.leaf([])

    @Test("The published checkpoints are all there")
    func casesAreRead() {
        #expect(CheckpointTests.cases.filter { $0.expect == "valid" }.count == 14)
        #expect(CheckpointTests.cases.filter { $0.expect == "reject" }.count == 15)
    }

    @Test("Every published checkpoint opens, or is refused, as its authors say", arguments: cases)
    func published(_ item: Case) throws {
        let note = try? SignedNote(parsing: item.note)
        let key = try NoteVerifierKey(parsing: item.vkey)
        if item.expect == "valid" {
            let note = try #require(note)
            let checkpoint = try Checkpoint.open(note, origin: item.origin, keys: [key])
            #expect(checkpoint.origin == item.origin)
            #expect(checkpoint.size == item.size)
            #expect(checkpoint.root.base64 == item.root_base64)
            #expect(checkpoint.extensions == item.extensions ?? [])
            #expect(checkpoint.text.utf8.elementsEqual(item.text.utf8))
            #expect(try Checkpoint(parsing: item.text) == checkpoint)
            #expect(try Checkpoint.open(note, origin: nil, keys: [key]) == checkpoint)
        } else if let expected = item.expected_origin {
            let note = try #require(note)
            let failure = UntrustedCheckpoint.otherOrigin("other.example/log")
            #expect(throws: failure) {
                try Checkpoint.open(note, origin: expected, keys: [key])
            }
            #expect(throws: failure) { try Checkpoint.open(note, origin: nil, keys: [key]) }
        } else {
            #expect(throws: MalformedCheckpoint.self) { try Checkpoint(parsing: item.text) }
            // The signature is good, so that nothing but the reading refuses it.
            let readable = try #require(note)
            #expect(try readable.verify(with: [key]) == [key])
            #expect(throws: UntrustedCheckpoint.self) {
                try Checkpoint.open(readable, origin: nil, keys: [key])
            }
        }
    }

    @Test("A text that is not a checkpoint is refused for its own fault")
    func malformed() {
        let hash = root.base64
        let refused: [(String, MalformedCheckpoint)] = [
            ("", .missingLine),
            ("o\n1\n", .missingLine),
            ("o\n1\n\(hash)", .missingLine),
            ("o\n1\n\(hash)\next", .missingLine),
            ("o\r\n1\r\n\(hash)\r\n", .controlCharacter(0x0D)),
            ("\n1\n\(hash)\n", .emptyOrigin),
            ("o\n\n\(hash)\n", .badSize),
            ("o\n00\n\(hash)\n", .badSize),
            ("o\n01\n\(hash)\n", .badSize),
            ("o\n1_000\n\(hash)\n", .badSize),
            ("o\n\u{661}\n\(hash)\n", .badSize),
            ("o\n9223372036854775808\n\(hash)\n", .badSize),
            ("o\n18446744073709551616\n\(hash)\n", .badSize),
            ("o\n99999999999999999999\n\(hash)\n", .badSize),
            ("o\n1\n\n", .badRoot),
            ("o\n1\n\(hash)=\n", .badRoot),
            ("o\n1\n \(hash)\n", .badRoot),
            ("o\n0\n\(hash)\n", .wrongEmptyRoot),
            ("o\n1\n\(hash)\n\n", .emptyExtension),
        ]
        for (text, reason) in refused {
            #expect(throws: reason, "\(text.debugDescription)") { try Checkpoint(parsing: text) }
        }
    }

    @Test("The largest size is 2^63 - 1, and reads back as written")
    func largestSize() throws {
        let checkpoint = Checkpoint(origin: origin, size: UInt64(Int64.max), root: root)
        #expect(checkpoint.text == "\(origin)\n9223372036854775807\n\(root.base64)\n")
        #expect(try Checkpoint(parsing: checkpoint.text) == checkpoint)
    }

    @Test("An origin is compared byte by byte, not as Unicode compares texts")
    func originIsBytes() throws {
        let key = try NoteSigningKey(name: "log/\u{E9}", seed: [UInt8](0..<32))
        let note = key.sign(Checkpoint(origin: "log/\u{E9}", size: 1, root: root).text)
        let keys = [key.verifierKey]
        #expect(try Checkpoint.open(note, origin: "log/\u{E9}", keys: keys).size == 1)
        #expect(throws: UntrustedCheckpoint.self) {
            try Checkpoint.open(note, origin: "log/e\u{301}", keys: keys)
        }
    }

    @Test("Without an expected origin, one log's key cannot speak for another log")
    func keySpeaksForItsOwnLog() throws {
        let mine = try NoteKeys.logA()
        let other = try NoteKeys.named("audit.example.com/other")
        let text = Checkpoint(origin: origin, size: 1, root: root).text
        let keys = [mine.verifierKey, other.verifierKey]
        let forged = other.sign(text)
        #expect(throws: UntrustedCheckpoint.otherOrigin(origin)) {
            try Checkpoint.open(forged, origin: nil, keys: keys)
        }
        let both = try forged.adding(mine.signature(over: text))
        #expect(try Checkpoint.open(both, origin: nil, keys: keys).origin == origin)
    }

    @Test("While keys rotate, a checkpoint opens with the old key and with the new one")
    func rotation() throws {
        let old = try NoteKeys.logA()
        let new = try NoteSigningKey(name: origin, seed: [UInt8](0..<32))
        let text = Checkpoint(origin: origin, size: 1, root: root).text
        let note = try old.sign(text).adding(new.signature(over: text))
        for keys in [[old.verifierKey], [new.verifierKey], [old.verifierKey, new.verifierKey]] {
            #expect(try Checkpoint.open(note, origin: origin, keys: keys).size == 1)
        }
        #expect(throws: UntrustedCheckpoint.unverified(.noKnownSignature)) {
            try Checkpoint.open(note, origin: origin, keys: [])
        }
    }
}
