// SPDX-License-Identifier: Apache-2.0
import Cairn
import Testing

@Suite("Signed notes")
struct NoteTests {
    struct Case: Decodable, CustomTestStringConvertible {
        let name: String
        let note: String
        let vkeys: [String]
        let verified: [String]
        let expect: String

        var testDescription: String { name }
    }

    static let cases: [Case] = {
        let cases = try? VectorFiles.json("signed-note/notes.json", as: [Case].self)
        return cases ?? []
    }()

    @Test("The published notes are all there")
    func casesAreRead() {
        #expect(NoteTests.cases.count == 21)
        #expect(NoteTests.cases.filter { $0.expect == "valid" }.count == 7)
    }

    @Test("Every published note verifies, or is refused, as its authors say", arguments: cases)
    func published(_ item: Case) throws {
        let keys = try item.vkeys.map { try NoteVerifierKey(parsing: $0) }
        guard item.expect == "valid" else {
            #expect(throws: (any Error).self) {
                try SignedNote(parsing: item.note).verify(with: keys)
            }
            return
        }
        let note = try SignedNote(parsing: item.note)
        #expect(try note.verify(with: keys).map(\.name) == item.verified)
        #expect(note.encoded.utf8.elementsEqual(item.note.utf8))
    }

    @Test("A refused note is refused for the reason its authors give")
    func reasons() throws {
        func note(_ name: String) throws -> String {
            try #require(NoteTests.cases.first { $0.name == name }).note
        }
        let malformed: [(String, MalformedNote)] = [
            ("missing final newline", .noFinalNewline),
            ("CRLF line endings", .controlCharacter(0x0D)),
            ("tab in text", .controlCharacter(0x09)),
            ("no blank line", .noSeparator),
            ("hyphen instead of em dash", .malformedSignature(0)),
            ("two spaces", .malformedSignature(0)),
            ("base64 without padding", .malformedSignature(0)),
            ("url-safe base64", .malformedSignature(0)),
            ("short signature", .malformedSignature(0)),
            ("empty signature block", .noSignatures),
        ]
        for (name, reason) in malformed {
            #expect(throws: reason, "\(name)") { try SignedNote(parsing: note(name)) }
        }
        let key = try NoteKeys.logA()
        #expect(throws: NoteVerificationFailure.noKnownSignature) {
            try SignedNote(parsing: note("no known signature")).verify(with: [key.verifierKey])
        }
        for name in ["known key, wrong signature", "text changed"] {
            let failure = NoteVerificationFailure.badSignature(
                name: key.verifierKey.name,
                keyID: key.verifierKey.keyID
            )
            #expect(throws: failure, "\(name)") {
                try SignedNote(parsing: note(name)).verify(with: [key.verifierKey])
            }
        }
    }

    @Test("A note signed here has the bytes of the published one, line for line")
    func signing() throws {
        let published = try #require(
            NoteTests.cases.first { $0.name == "two known signers" }?.note
        )
        let text = "Line one\n\nLine three after an empty line\n"
        let other = try NoteKeys.named("audit.example.com/other")
        let note = try NoteKeys.logA().sign(text).adding(other.signature(over: text))
        #expect(note.encoded == published)
        #expect(try SignedNote(parsing: published) == note)
    }

    @Test("Texts that Unicode holds to be equal are different notes")
    func textIsBytes() throws {
        let key = try NoteKeys.logA()
        let composed = key.sign("\u{E9}\n")
        let decomposed = "e\u{301}\n"
        let forged = try SignedNote(text: decomposed, signatures: composed.signatures)
        #expect(forged != composed)
        #expect(forged.text.utf8.elementsEqual(decomposed.utf8))
        #expect(throws: NoteVerificationFailure.self) {
            try forged.verify(with: [key.verifierKey])
        }
    }

    @Test("Bytes that are not a note are refused")
    func notNotes() throws {
        let line = "\u{2014} a AAAAAAE=\n"
        let refused: [(String, MalformedNote)] = [
            ("", .noFinalNewline),
            ("\n", .noSeparator),
            ("\n\n", .noSignatures),
            ("text\n\n", .noSignatures),
            ("\n\(line)", .noSeparator),
            ("text\n\n\(line)\n", .noSignatures),
            ("text\n\n\(line)\n\(line)x\n", .malformedSignature(1)),
            ("a\u{0}b\n\n\(line)", .controlCharacter(0)),
            ("text\n\n\u{2014} a+b AAAAAAE=\n", .malformedSignature(0)),
            ("text\n\n\u{2014} a\u{A0}b AAAAAAE=\n", .malformedSignature(0)),
            ("text\n\n\u{2014}  AAAAAAE=\n", .malformedSignature(0)),
            ("text\n\n\u{2014} a AAAAAAE= \n", .malformedSignature(0)),
            ("text\n\n\u{2014} a AAAAAAF=\n", .malformedSignature(0)),
            ("text\n\n\u{2014} a AAAAAA==\n", .malformedSignature(0)),
            ("text\n\n\u{2014} a\n", .malformedSignature(0)),
            ("text\n\n\u{2014}\u{A0}a AAAAAAE=\n", .malformedSignature(0)),
        ]
        for (note, reason) in refused {
            #expect(throws: reason, "\(note.debugDescription)") { try SignedNote(parsing: note) }
        }
        let invalid: [UInt8] = [0xFF, 0x0A, 0x0A] + Array(line.utf8)
        #expect(throws: MalformedNote.notUTF8) { try SignedNote(parsing: invalid) }
        #expect(try SignedNote(parsing: "\n\n\(line)").text == "\n")
        #expect(try SignedNote(parsing: "text\n\n\n\(line)").text == "text\n\n")
    }

    @Test("A note holds 64 signatures and 64 KiB, and nothing more")
    func limits() throws {
        let key = try NoteKeys.logA()
        var note = key.sign("text\n")
        let one = try #require(note.signatures.first)
        for _ in 1..<SignedNote.maxSignatures { note = try note.adding(one) }
        #expect(note.signatures.count == 64)
        #expect(try SignedNote(parsing: note.encoded) == note)
        #expect(try note.verify(with: [key.verifierKey]) == [key.verifierKey])
        #expect(throws: MalformedNote.tooManySignatures) { try note.adding(one) }
        let line = note.encoded.split(separator: "\n").last ?? ""
        #expect(throws: MalformedNote.tooManySignatures) {
            try SignedNote(parsing: "\(note.encoded)\(line)\n")
        }

        let rest = key.sign("\n").encoded.utf8.count
        let longest = String(repeating: "x", count: SignedNote.limitBytes - rest) + "\n"
        #expect(try SignedNote(parsing: key.sign(longest).encoded).text == longest)
        #expect(throws: MalformedNote.tooLarge) {
            try SignedNote(text: "x\(longest)", signatures: [one])
        }
        #expect(throws: MalformedNote.tooLarge) {
            try SignedNote(parsing: "x\(key.sign(longest).encoded)")
        }
    }
}

/// The private keys that the published notes and checkpoints were signed with.
enum NoteKeys {
    struct Entry: Decodable {
        let name: String
        let type: UInt8
        let seed_hex: String
        let public_hex: String
        let vkey: String
    }

    private struct File: Decodable {
        let keys: [Entry]
    }

    static func all() throws -> [Entry] {
        try VectorFiles.json("signed-note/test-keys.json", as: File.self).keys
    }

    static func named(_ name: String) throws -> NoteSigningKey {
        let entry = try #require(all().first { $0.name == name })
        return try NoteSigningKey(name: name, seed: #require(Hex.decode(entry.seed_hex)))
    }

    static func logA() throws -> NoteSigningKey { try named("audit.example.com/t/acme") }
}
