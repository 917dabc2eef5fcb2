// SPDX-License-Identifier: Apache-2.0
import Cairn
import Testing

@Suite("Notes under mutation")
struct NoteMutationTests {
    /// Counts the readable mutants, and lists those that verify with another text.
    private func survivors(
        of note: SignedNote,
        keys: [NoteVerifierKey],
        mutants: [[UInt8]]
    ) -> (readable: Int, verified: Int, forged: [String]) {
        var readable = 0
        var verified = 0
        var forged: [String] = []
        for bytes in mutants {
            guard let mutant = try? SignedNote(parsing: bytes) else { continue }
            readable += 1
            guard (try? mutant.verify(with: keys)) != nil else { continue }
            verified += 1
            if !mutant.text.utf8.elementsEqual(note.text.utf8) { forged.append(mutant.encoded) }
        }
        return (readable, verified, forged)
    }

    private func signedCheckpoint() throws -> (note: SignedNote, keys: [NoteVerifierKey]) {
        let log = try NoteKeys.logA()
        let witness = try NoteKeys.named("witness.example.com/w1")
        let text = Checkpoint(origin: "audit.example.com/t/acme", size: 600, root: .leaf([])).text
        let note = try log.sign(text).adding(Cosignature.make(over: text, at: 7, by: witness))
        return (note, [log.verifierKey, witness.cosignatureVerifierKey])
    }

    @Test("A note with any one bit flipped verifies with its own text or not at all")
    func bitFlips() throws {
        let (note, keys) = try signedCheckpoint()
        let bytes = Array(note.encoded.utf8)
        var mutants: [[UInt8]] = []
        for place in bytes.indices {
            for bit in 0..<8 {
                var mutant = bytes
                mutant[place] ^= 1 << bit
                mutants.append(mutant)
            }
        }
        let result = survivors(of: note, keys: keys, mutants: mutants)
        #expect(result.forged.isEmpty)
        // A name or key ID that is no longer known leaves the other line to vouch for the text.
        #expect(result.verified > 0)
        #expect(result.readable > result.verified)
        // A note with one line has no other to vouch for it.
        let alone = try NoteKeys.logA().sign(note.text)
        let aloneBytes = Array(alone.encoded.utf8)
        let flips = aloneBytes.indices.map { place in
            var mutant = aloneBytes
            mutant[place] ^= 1
            return mutant
        }
        #expect(survivors(of: alone, keys: keys, mutants: flips).verified == 0)
    }

    @Test("A note with bytes replaced, removed or put in keeps its text or does not verify")
    func seededEdits() throws {
        let (note, keys) = try signedCheckpoint()
        let bytes = Array(note.encoded.utf8)
        let seed: UInt64 = 0x6E6F_7465
        var generator = SeededGenerator(seed: seed)
        let mutants = (0..<3_000).map { _ in
            var mutant = bytes
            let place = Int.random(in: bytes.indices, using: &generator)
            let byte = UInt8.random(in: 0x0A...0x7E, using: &generator)
            switch Int.random(in: 0..<3, using: &generator) {
            case 0: mutant[place] = byte
            case 1: mutant.remove(at: place)
            default: mutant.insert(byte, at: place)
            }
            return mutant
        }
        let result = survivors(of: note, keys: keys, mutants: mutants)
        #expect(result.forged.isEmpty, "seed \(seed)")
        #expect(result.readable > 500, "seed \(seed)")
    }

    @Test("A note that is read is written back byte for byte")
    func roundTrip() throws {
        let seed: UInt64 = 0x7265_6164
        var generator = SeededGenerator(seed: seed)
        let alphabet = Array("a \n\u{E9}\u{301}\u{2014}\u{1F600}\u{7F}".unicodeScalars)
        let key = try NoteKeys.logA()
        for round in 0..<100 {
            var scalars = String.UnicodeScalarView()
            for _ in 0..<Int.random(in: 0..<20, using: &generator) {
                scalars.append(alphabet.randomElement(using: &generator) ?? "a")
            }
            let text = "\(String(scalars))\n"
            let encoded = key.sign(text).encoded
            let note = try SignedNote(parsing: encoded)
            #expect(note.text.utf8.elementsEqual(text.utf8), "seed \(seed), round \(round)")
            #expect(note.encoded.utf8.elementsEqual(encoded.utf8), "seed \(seed), round \(round)")
            #expect(try note.verify(with: [key.verifierKey]).count == 1)
        }
    }
}
