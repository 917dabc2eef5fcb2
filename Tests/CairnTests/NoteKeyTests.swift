// SPDX-License-Identifier: Apache-2.0
import Cairn
import Testing

@Suite("Keys of notes")
struct NoteKeyTests {
    struct Case: Decodable {
        let vkey: String
        let expect: String
        let name: String?
        let key_id: String?
        let public_key_hex: String?
    }

    @Test("Every published verifier key is read, or refused, as its authors say")
    func published() throws {
        let cases = try VectorFiles.json("signed-note/verifier-keys.json", as: [Case].self)
        #expect(cases.count == 10)
        for item in cases {
            guard item.expect == "valid" else {
                #expect(throws: MalformedKey.self, "\(item.vkey)") {
                    try NoteVerifierKey(parsing: item.vkey)
                }
                continue
            }
            let key = try NoteVerifierKey(parsing: item.vkey)
            #expect(key.description == item.vkey)
            #expect(key.algorithm == .ed25519)
            if let name = item.name { #expect(key.name == name) }
            if let id = item.key_id { #expect(key.keyID == UInt32(id, radix: 16)) }
            if let hex = item.public_key_hex { #expect(Hex.encode(key.publicKey) == hex) }
        }
    }

    @Test("A key that is changed in any part is refused, and the part is named")
    func refused() {
        let key = "AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
        let refused: [(String, MalformedKey)] = [
            ("", .wrongShape),
            ("example.com/foo+530d903a", .wrongShape),
            ("example.com/foo+530D903A+\(key)", .wrongKeyID),
            ("example.com/fop+530d903a+\(key)", .wrongKeyID),
            ("example.com/foo++\(key)", .wrongKeyID),
            ("+530d903a+\(key)", .badName),
            ("exam ple+530d903a+\(key)", .badName),
            ("exam\u{2003}ple+530d903a+\(key)", .badName),
            ("exam\nple+530d903a+\(key)", .badName),
            ("exam\u{1}ple+530d903a+\(key)", .badName),
            ("example.com/foo+530d903a+", .badEncoding),
            ("example.com/foo+530d903a+\(key)=", .badEncoding),
            ("example.com/foo+530d903a+\(key)\n", .badEncoding),
            ("example.com/foo+530d903a+Auky\(key.dropFirst(4))", .unsupportedAlgorithm(2)),
            ("example.com/foo+530d903a+\(key)AAAA", .wrongLength(35)),
        ]
        for (vkey, reason) in refused {
            #expect(throws: reason, "\(vkey.debugDescription)") {
                try NoteVerifierKey(parsing: vkey)
            }
        }
    }

    @Test("One point of the curve has one key: other encodings of it are refused")
    func canonicalPoints() throws {
        func key(_ first: UInt8, _ middle: UInt8, _ last: UInt8) throws -> NoteVerifierKey {
            let bytes = [first] + Array(repeating: middle, count: 30) + [last]
            return try NoteVerifierKey(name: "n", algorithm: .ed25519, publicKey: bytes)
        }
        for first: UInt8 in 0xED...0xFF {
            #expect(throws: MalformedKey.notCanonical) { try key(first, 0xFF, 0x7F) }
            #expect(throws: MalformedKey.notCanonical) { try key(first, 0xFF, 0xFF) }
        }
        #expect(throws: MalformedKey.notCanonical) { try key(0xEC, 0xFF, 0xFF) }
        #expect(throws: MalformedKey.notCanonical) { try key(0x01, 0x00, 0x80) }
        #expect(throws: Never.self) { try key(0xEC, 0xFF, 0x7F) }
        #expect(throws: Never.self) { try key(0xEB, 0xFF, 0xFF) }
        #expect(throws: Never.self) { try key(0xED, 0xFE, 0x7F) }
        #expect(throws: Never.self) { try key(0x02, 0x00, 0x80) }
    }

    @Test("A seed gives the public key, the key ID and the vkey that others compute")
    func seeds() throws {
        let entries = try NoteKeys.all()
        #expect(entries.count == 4)
        for entry in entries {
            let key = try NoteKeys.named(entry.name)
            let verifier = entry.type == 1 ? key.verifierKey : key.cosignatureVerifierKey
            #expect(verifier.algorithm.rawValue == entry.type)
            #expect(Hex.encode(verifier.publicKey) == entry.public_hex)
            #expect(verifier.description == entry.vkey)
            #expect(try NoteVerifierKey(parsing: entry.vkey) == verifier)
        }
    }

    @Test("The Go note package's example key is read, and signs its example note")
    func goExample() throws {
        let file = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
        let key = try NoteSigningKey(parsing: file)
        #expect(key.encoded == file)
        let example = try #require(NoteTests.cases.first { $0.name == "go-note-package-example" })
        #expect([key.verifierKey.description] == example.vkeys)
        let text = try SignedNote(parsing: example.note).text
        #expect(key.sign(text).encoded == example.note)
    }

    @Test("A key file is written and read back, and refused when any part of it is changed")
    func keyFile() throws {
        let seed = [UInt8](0..<32)
        let key = try NoteSigningKey(name: "PeterNeumann", seed: seed)
        let text = key.encoded
        #expect(text.hasPrefix("PRIVATE+KEY+PeterNeumann+"))
        #expect(text.hasSuffix("+AQABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f"))
        let again = try NoteSigningKey(parsing: text)
        #expect(again.verifierKey == key.verifierKey)
        #expect(again.encoded == text)

        let parts = text.split(separator: "+", maxSplits: 4).map(String.init)
        let refused: [(String, MalformedKey)] = [
            ("", .wrongShape),
            (key.verifierKey.description, .wrongShape),
            ("private+key+\(parts[2])+\(parts[3])+\(parts[4])", .wrongShape),
            ("PRIVATE+KEY+\(parts[2])x+\(parts[3])+\(parts[4])", .wrongKeyID),
            ("PRIVATE+KEY+\(parts[2])+00000000+\(parts[4])", .wrongKeyID),
            ("PRIVATE+KEY++\(parts[3])+\(parts[4])", .badName),
            (
                "PRIVATE+KEY+\(parts[2])+\(parts[3])+BA\(parts[4].dropFirst(2))",
                .unsupportedAlgorithm(4)
            ),
            ("PRIVATE+KEY+\(parts[2])+\(parts[3])+\(parts[4])AAAA", .wrongLength(35)),
            ("\(text)\n", .badEncoding),
        ]
        for (file, reason) in refused {
            #expect(throws: reason, "\(file.debugDescription)") {
                try NoteSigningKey(parsing: file)
            }
        }
        #expect(throws: MalformedKey.wrongLength(31)) {
            try NoteSigningKey(name: "n", seed: Array(seed.dropLast()))
        }
    }

    @Test("One private key under two names has two key IDs and one public key")
    func names() throws {
        let key = try NoteKeys.logA()
        let other = key.named("audit.example.com/t/other")
        #expect(other.verifierKey.name == "audit.example.com/t/other")
        #expect(other.verifierKey.publicKey == key.verifierKey.publicKey)
        #expect(other.verifierKey.keyID != key.verifierKey.keyID)
        let note = other.sign("text\n")
        #expect(try note.verify(with: [other.verifierKey]) == [other.verifierKey])
        #expect(throws: NoteVerificationFailure.noKnownSignature) {
            try note.verify(with: [key.verifierKey])
        }
    }

    @Test("Printing, dumping and reflecting never show a private key")
    func secrecy() throws {
        let seed = [UInt8](repeating: 0xA7, count: 32)
        let key = try NoteSigningKey(name: "audit.example.com/t/acme", seed: seed)
        var dumped = ""
        dump([key], to: &dumped)
        let shown = [
            "\(key)", String(reflecting: key), "\([key])", "\(Optional(key) as Any)", dumped,
            "\(Mirror(reflecting: key).children.map { "\($0)" })",
        ]
        for text in shown {
            #expect(text.contains("audit.example.com/t/acme"))
            #expect(!text.contains(Base64.encode(seed)))
            #expect(!text.contains("p6en"))
            #expect(!text.lowercased().contains("a7a7"))
            #expect(!text.contains("167"))
            #expect(!text.contains("PRIVATE"))
        }
        #expect(key.encoded.contains("p6en"))
    }
}
