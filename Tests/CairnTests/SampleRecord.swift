// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Cairn

/// The record of the format's test vector (section 9), and proofs around it.
enum SampleRecord {
    static let origin = "cairn.example/0123456789abcdef0123456789abcdef"
    static let id = "018f6b1e-7c2a-7000-8000-000000000001"

    static func seed() throws -> Seed {
        try #require(Seed(Array(0..<32)))
    }

    /// The fields of the vector, as texts.
    static let values: [(path: String, value: String)] = [
        ("action", #""login""#), ("actor.id", #""user-123""#), ("actor.type", #""user""#),
        ("details", #"{"n":12345678901234567890,"é":1.5}"#),
        ("occurred_at", #""2026-01-23T14:30:00.000Z""#), ("outcome", #""success""#),
        ("source.ip", #""192.168.1.100""#), ("type", #""user.login""#),
    ]

    static func fields() throws -> Fields {
        var fields = Fields()
        for (path, value) in values {
            fields.append(try #require(FieldPath(path)), value: Array(value.utf8))
        }
        return fields
    }

    static func leaf(record: Digest, index: UInt64 = 0, origin: String = origin) throws -> Leaf {
        Leaf(
            origin: origin,
            index: index,
            id: try #require(EventID(id)),
            receivedAt: try Timestamp.parse("2026-01-23T14:30:00.123Z").timestamp,
            schema: .event,
            retentionClass: .standard,
            record: record
        )
    }

    static func key(_ name: String = origin, seed: UInt8 = 7) throws -> NoteSigningKey {
        try NoteSigningKey(name: name, seed: Array(repeating: seed, count: 32))
    }

    /// Proves a disclosure in a tree of five leaves, of which it is the third unless told.
    static func proof(
        _ disclosure: Disclosure,
        index: Int = 2,
        size: Int = 5,
        signer: NoteSigningKey? = nil,
        checkpointOrigin: String = origin
    ) throws -> RecordProof {
        var leaves = (0..<size).map { Array("another leaf \($0)".utf8) }
        leaves[index] = disclosure.leaf
        var reference = TreeReference(leaves: leaves)
        let root = try #require(Digest(reference.root(0..<size)))
        let path = reference.path(index, 0..<size).compactMap { Digest($0) }
        let checkpoint = Checkpoint(origin: checkpointOrigin, size: UInt64(size), root: root)
        return RecordProof(
            disclosure: disclosure,
            inclusion: InclusionProof(index: UInt64(index), size: UInt64(size), path: path),
            checkpoint: try (signer ?? key()).sign(checkpoint.text)
        )
    }

    /// The vector's record as the third of its ledger, with every field shown.
    static func disclosure(
        _ fields: Fields? = nil,
        isShown: (FieldPath) -> Bool = { _ in true }
    ) throws -> Disclosure {
        let fields = try fields ?? self.fields()
        let leaf = try leaf(record: Commitment.record(fields, seed: seed()), index: 2)
        return Disclosure(leaf: leaf.bytes, fields: fields, seed: try seed(), isShown: isShown)
    }

    /// SHA-256 of parts one after the other.
    static func sha256(_ parts: [UInt8]...) -> [UInt8] {
        TreeReference.sha256(parts.flatMap { $0 })
    }
}

extension String {
    /// The bytes of UTF-8.
    var bytes: [UInt8] { Array(utf8) }
}
