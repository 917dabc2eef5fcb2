// SPDX-License-Identifier: Apache-2.0
import Cairn
import Testing

/// What a witness does first with a request: it opens the checkpoint and follows the proof.
///
/// The state of a witness, and the answers that follow from it alone, are not part of this module.
@Suite("Checkpoints sent to a witness")
struct CheckpointWitnessRequestTests {
    private struct File: Decodable {
        struct Log: Decodable {
            let origin: String
            let vkey: String
        }

        struct Case: Decodable {
            let name: String
            let request: String
            let status: Int
        }

        let known_log: Log
        let cases: [Case]
    }

    /// A request taken apart: the size the sender starts from, its proof, the signed checkpoint.
    private struct Request {
        let old: UInt64?
        let path: [Digest]
        let note: SignedNote

        init(_ text: String) throws {
            // The head of a request has one empty line, its last; the checkpoint follows.
            let parts = text.split(separator: "\n\n", maxSplits: 1).map(String.init)
            let head = try #require(parts.first).split(separator: "\n").map(String.init)
            let first = try #require(head.first)
            try #require(first.hasPrefix("old "))
            let digits = first.dropFirst(4)
            old = digits.count > 1 && digits.hasPrefix("0") ? nil : UInt64(digits)
            path = try head.dropFirst().map { try #require(Digest(base64: $0)) }
            note = try SignedNote(parsing: try #require(parts.last))
        }
    }

    private static func file() throws -> File {
        try VectorFiles.json("checkpoint/witness-add-checkpoint.json", as: File.self)
    }

    @Test("The checkpoint of a request opens, or is refused, as the witness's answer implies")
    func checkpoints() throws {
        let file = try CheckpointWitnessRequestTests.file()
        #expect(file.cases.count == 13)
        let key = try NoteVerifierKey(parsing: file.known_log.vkey)
        for item in file.cases {
            let note = try Request(item.request).note
            let opened = Result { () throws(UntrustedCheckpoint) in
                try Checkpoint.open(note, origin: file.known_log.origin, keys: [key])
            }
            let failure: UntrustedCheckpoint? =
                switch item.name {
                case "unknown origin", "untrusted signature": .unverified(.noKnownSignature)
                case "known key, bad signature":
                    .unverified(.badSignature(name: key.name, keyID: key.keyID))
                case "size 0 with non-empty root": .malformed(.wrongEmptyRoot)
                default: nil
                }
            if let failure {
                #expect(opened == .failure(failure), "\(item.name)")
                #expect([403, 404, 422].contains(item.status), "\(item.name)")
            } else {
                #expect(try opened.get().text == note.text, "\(item.name)")
                #expect(![403, 404].contains(item.status), "\(item.name)")
            }
        }
    }

    @Test("A request's proof leads from the published old root to its checkpoint, or is refused")
    func consistency() throws {
        let file = try CheckpointWitnessRequestTests.file()
        let key = try NoteVerifierKey(parsing: file.known_log.vkey)
        let published = CheckpointTests.cases.compactMap { try? Checkpoint(parsing: $0.text) }
        var seen: [String: Bool] = [:]
        for item in file.cases {
            let request = try Request(item.request)
            guard let old = request.old, old > 0,
                let new = try? Checkpoint.open(request.note, origin: nil, keys: [key]),
                old <= new.size
            else { continue }
            let oldRoot = try #require(published.first { $0.size == old }).root
            seen[item.name] = ConsistencyProof(from: old, to: new.size, path: request.path)
                .holds(from: oldRoot, to: new.root)
        }
        #expect(
            seen == [
                "advance": true, "same size resubmission": true, "stale old size": true,
                "bad proof": false, "forked tree, same size": false,
            ]
        )
    }
}
