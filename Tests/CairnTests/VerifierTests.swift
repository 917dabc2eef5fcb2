// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Cairn

@Suite("Verifying the proof of a record")
struct VerifierTests {
    private func verdict(
        on proof: RecordProof,
        origin: String? = SampleRecord.origin,
        key: NoteSigningKey? = nil
    ) throws -> Verdict {
        let key = try (key ?? SampleRecord.key()).verifierKey
        return Verifier(
            policy: TrustPolicy(logKeys: [key], witnesses: [], quorum: 0),
            origin: origin
        ).verdict(on: proof)
    }

    private func step(_ verdict: Verdict) -> Verdict.Step? {
        if case .fails(let step, _) = verdict { step } else { nil }
    }

    /// A disclosure over paths and values that need not be canonical, with a leaf that fits them.
    private func forged(
        _ values: [(path: String, value: String)],
        index: UInt64 = 2
    ) throws -> Disclosure {
        let seed = try SampleRecord.seed()
        let items = try values.map { text, value in
            let path = try #require(FieldPath(text))
            return Disclosure.Item(
                path: path,
                content: .shown(
                    salt: Commitment.salt(seed: seed, path: path),
                    value: value.bytes
                )
            )
        }
        let record = Commitment.record(items.map { ($0.path, $0.digest) })
        return Disclosure(
            leaf: try SampleRecord.leaf(record: record, index: index).bytes,
            items: items
        )
    }

    private func replacing(
        _ disclosure: Disclosure,
        _ change: (inout [Disclosure.Item]) throws -> Void
    ) rethrows -> Disclosure {
        var items = disclosure.items
        try change(&items)
        return Disclosure(leaf: disclosure.leaf, items: items)
    }

    @Test("A proof holds, whatever is shown and wherever the record is")
    func holds() throws {
        let shown = try SampleRecord.disclosure()
        let withheld = try SampleRecord.disclosure { _ in false }
        let some = try SampleRecord.disclosure { !$0.isPersonal }
        for disclosure in [shown, withheld, some] {
            let verdict = try verdict(on: SampleRecord.proof(disclosure))
            guard case .holds(let checkpoint, let leaf) = verdict else {
                Issue.record("\(verdict)")
                continue
            }
            #expect(checkpoint.size == 5)
            #expect(leaf.index == 2)
            #expect(verdict.holds)
        }
        for size in [3, 4, 8, 9] {
            let proof = try SampleRecord.proof(shown, size: size)
            #expect(try verdict(on: proof).holds, "size \(size)")
            #expect(Verifier(key: try SampleRecord.key().verifierKey).verdict(on: proof).holds)
        }
    }

    @Test("A withheld field shows its path and digest, and neither its value nor its salt")
    func withholds() throws {
        let disclosure = try SampleRecord.disclosure { $0 != .known(.sourceIP) }
        var output: [UInt8] = []
        disclosure.appendMembers(to: &output)
        let text = String(decoding: output, as: UTF8.self)
        let digest = "2e435b16186e67edfe833bcea02276bed57f65558e103139bdad1357c02ab8b5"
        let encoded = try #require(Digest(hex: digest)).base64URL
        #expect(text.contains(#"{"path":"source.ip","digest":"\#(encoded)"}"#))
        #expect(!text.contains("192.168"))
        let salt = Commitment.salt(seed: try SampleRecord.seed(), path: .known(.sourceIP))
        #expect(!text.contains(salt.base64URL))
    }

    // MARK: Rule 1, the leaf

    @Test(
        "Rule 1: a leaf that is not the one encoding of what it says is refused",
        arguments: [
            ("audit-leaf/v1\n", ""), ("{\"class\"", "{ \"class\""),
            (#""v":1}"#, #""v":1,"w":1}"#), (#""index":2,"#, #""index":2,"index":2,"#),
            (#""class":"std","#, ""), (#""std""#, #""STD""#), ("event/1", "event/7"),
        ]
    )
    func malformedLeaf(part: String, other: String) throws {
        let disclosure = try SampleRecord.disclosure()
        let text = String(decoding: disclosure.leaf, as: UTF8.self)
        let parts = text.split(separator: part, omittingEmptySubsequences: false)
        try #require(parts.count == 2)
        let changed = Disclosure(
            leaf: parts.joined(separator: other).bytes,
            items: disclosure.items
        )
        #expect(step(try verdict(on: SampleRecord.proof(changed))) == .leaf)
    }

    @Test("Rule 1: a leaf of a version not known here is neither held nor refused")
    func unknownVersion() throws {
        let disclosure = try SampleRecord.disclosure()
        for (part, other) in [("leaf/v1\n", "leaf/v2\n"), (#""v":1"#, #""v":3"#)] {
            let text = String(decoding: disclosure.leaf, as: UTF8.self)
                .split(separator: part, omittingEmptySubsequences: false).joined(separator: other)
            let proof = try SampleRecord.proof(
                Disclosure(leaf: text.bytes, items: disclosure.items)
            )
            let verdict = try verdict(on: proof)
            guard case .unsupported = verdict else {
                Issue.record("\(verdict)")
                continue
            }
            #expect(!verdict.holds)
        }
    }

    @Test("Rule 1: the leaf's index is the proof's")
    func otherIndex() throws {
        // The leaf is really there, at place 3, but says that it is at 2.
        let proof = try SampleRecord.proof(SampleRecord.disclosure(), index: 3)
        #expect(step(try verdict(on: proof)) == .inclusion)
    }

    @Test("Rule 1: the leaf's origin is the checkpoint's")
    func otherOrigin() throws {
        let other = "cairn.example/fedcba9876543210fedcba9876543210"
        let key = try SampleRecord.key(other)
        let proof = try SampleRecord.proof(
            SampleRecord.disclosure(),
            signer: key,
            checkpointOrigin: other
        )
        #expect(step(try verdict(on: proof, origin: other, key: key)) == .checkpoint)
        #expect(step(try verdict(on: proof, origin: nil, key: key)) == .checkpoint)
    }

    // MARK: Rule 2, the list of paths

    @Test("Rule 2: paths are strictly ascending")
    func pathOrder() throws {
        var values = SampleRecord.values
        values.swapAt(2, 3)
        #expect(step(try verdict(on: SampleRecord.proof(forged(values)))) == .fields)
        let doubled = SampleRecord.values + SampleRecord.values.suffix(1)
        #expect(step(try verdict(on: SampleRecord.proof(forged(doubled)))) == .fields)
        let again = SampleRecord.values.prefix(1) + SampleRecord.values
        #expect(step(try verdict(on: SampleRecord.proof(forged(Array(again))))) == .fields)
    }

    @Test("Rule 2: a record has a type")
    func noType() throws {
        let values = SampleRecord.values.filter { $0.path != "type" }
        #expect(step(try verdict(on: SampleRecord.proof(forged(values)))) == .fields)
        #expect(step(try verdict(on: SampleRecord.proof(forged([])))) == .fields)
        #expect(try verdict(on: SampleRecord.proof(forged([("type", #""a""#)]))).holds)
    }

    @Test("Rule 2: the list is the whole list: nothing left out, added or renamed")
    func wholeList() throws {
        let disclosure = try SampleRecord.disclosure()
        for position in disclosure.items.indices.dropLast() {
            let fewer = replacing(disclosure) { $0.remove(at: position) }
            #expect(step(try verdict(on: SampleRecord.proof(fewer))) == .fields)
        }
        let more = try replacing(disclosure) { items in
            let path = try #require(FieldPath("risk"))
            let place = try #require(items.firstIndex { $0.path == .known(.sourceIP) })
            items.insert(.init(path: path, content: .withheld(.emptyRoot)), at: place)
        }
        #expect(step(try verdict(on: SampleRecord.proof(more))) == .fields)
        let renamed = try replacing(disclosure) { items in
            let path = try #require(FieldPath("actor.name"))
            items[1] = .init(path: path, content: items[1].content)
        }
        #expect(step(try verdict(on: SampleRecord.proof(renamed))) == .fields)
    }

    @Test("Rule 2: a withheld digest is the one the leaf commits to")
    func withheldDigest() throws {
        let disclosure = try SampleRecord.disclosure { _ in false }
        for position in disclosure.items.indices {
            let changed = try replacing(disclosure) { items in
                var bytes = items[position].digest.bytes
                bytes[31] ^= 1
                let digest = try #require(Digest(bytes))
                items[position] = .init(path: items[position].path, content: .withheld(digest))
            }
            #expect(step(try verdict(on: SampleRecord.proof(changed))) == .fields)
        }
    }

    // MARK: Rule 3, shown values

    @Test(
        "Rule 3: a shown value is canonical, even where its bytes hash to the digest",
        arguments: [
            "1.50", " 1", "1 ", "{\"b\":1,\"a\":2}", "{\"a\":1,\"a\":1}", "\"\\u0061\"", "01", "",
            "nul", "\"a", "{\"a\": 1}", "\"\\/\"", "1e2", "[1,]", "\u{FEFF}1", "-0",
        ]
    )
    func notCanonical(value: String) throws {
        var values = SampleRecord.values
        values[3].value = value
        #expect(step(try verdict(on: SampleRecord.proof(forged(values)))) == .values)
    }

    @Test("Rule 3: a shown value is the one that was committed to, and so is its salt")
    func otherValue() throws {
        let disclosure = try SampleRecord.disclosure()
        for position in disclosure.items.indices {
            guard case .shown(let salt, let value) = disclosure.items[position].content else {
                Issue.record("everything is shown")
                continue
            }
            let path = disclosure.items[position].path
            let other = replacing(disclosure) {
                $0[position] = .init(
                    path: path,
                    content: .shown(salt: salt, value: #""other""#.bytes)
                )
            }
            #expect(step(try verdict(on: SampleRecord.proof(other))) == .fields)
            let unsalted = replacing(disclosure) {
                $0[position] = .init(path: path, content: .shown(salt: .emptyRoot, value: value))
            }
            #expect(step(try verdict(on: SampleRecord.proof(unsalted))) == .fields)
        }
    }

    @Test("Rule 3: a shown object holds no key that has a path of its own")
    func shadowedKey() throws {
        let base = SampleRecord.values
        func with(
            _ path: String,
            _ value: String,
            _ split: String
        ) -> [(path: String, value: String)] {
            (base.filter { $0.path != path && $0.path != "details" }
                + [(path, value), (split, "1")])
                .sorted { $0.path.bytes.lexicographicallyPrecedes($1.path.bytes) }
        }
        for (path, value, split) in [
            ("details", #"{"k":1}"#, "details.k"), ("details", #"{"a":{},"k":null}"#, "details.k"),
            ("change.after", #"{"k":1}"#, "change.after.k"),
            ("change.before", #"{"k":1}"#, "change.before.k"),
        ] {
            let shadowed = try forged(with(path, value, split))
            #expect(step(try verdict(on: SampleRecord.proof(shadowed))) == .values, "\(path)")
        }
        for (path, value, split) in [
            ("details", #"{"j":1}"#, "details.k"), ("details", #"{"a":{"k":1}}"#, "details.k"),
            ("details", "{}", "details.k"), ("change.after", #"{"k":1}"#, "change.before.k"),
        ] {
            let apart = try forged(with(path, value, split))
            #expect(try verdict(on: SampleRecord.proof(apart)).holds, "\(path) \(split)")
        }
    }

    // MARK: Rule 4, the tree

    @Test("Rule 4: the checkpoint is signed by a key that the verifier was given")
    func signature() throws {
        let disclosure = try SampleRecord.disclosure()
        let proof = try SampleRecord.proof(disclosure, signer: SampleRecord.key(seed: 8))
        #expect(step(try verdict(on: proof)) == .checkpoint)
        let nobody = Verifier(policy: TrustPolicy(logKeys: [], witnesses: [], quorum: 0))
        #expect(step(nobody.verdict(on: try SampleRecord.proof(disclosure))) == .checkpoint)
        // A quorum of witnesses that nobody met.
        let key = try SampleRecord.key().verifierKey
        let strict = Verifier(policy: TrustPolicy(logKeys: [key], witnesses: [], quorum: 1))
        #expect(step(strict.verdict(on: try SampleRecord.proof(disclosure))) == .checkpoint)
    }

    @Test("Rule 4: a signature over another text does not count")
    func signatureOfAnotherText() throws {
        let proof = try SampleRecord.proof(SampleRecord.disclosure())
        let other = try SampleRecord.key().sign(
            Checkpoint(origin: SampleRecord.origin, size: 9, root: .emptyRoot).text
        )
        let mixed = RecordProof(
            disclosure: proof.disclosure,
            inclusion: proof.inclusion,
            checkpoint: try SignedNote(
                text: proof.checkpoint.text,
                signatures: other.signatures
            )
        )
        #expect(step(try verdict(on: mixed)) == .checkpoint)
    }

    @Test("Rule 4: the path leads from this leaf to this root, in a tree of this size")
    func inclusion() throws {
        let proof = try SampleRecord.proof(SampleRecord.disclosure())
        let (index, size, path) = (
            proof.inclusion.index, proof.inclusion.size, proof.inclusion.path
        )
        let wrong: [InclusionProof] = [
            .init(index: 1, size: size, path: path), .init(index: 3, size: size, path: path),
            .init(index: index, size: 4, path: path), .init(index: index, size: 6, path: path),
            .init(index: index, size: size, path: path.dropLast()),
            .init(index: index, size: size, path: path + [.emptyRoot]),
            .init(index: index, size: size, path: path.reversed()),
            .init(index: index, size: size, path: []),
            .init(index: index, size: 0, path: path),
            .init(index: .max, size: .max, path: path),
        ]
        for inclusion in wrong {
            let changed = RecordProof(
                disclosure: proof.disclosure,
                inclusion: inclusion,
                checkpoint: proof.checkpoint
            )
            #expect(step(try verdict(on: changed)) == .inclusion, "\(inclusion)")
        }
        for position in path.indices {
            for bit in [0, 255] {
                var bytes = path[position].bytes
                bytes[bit / 8] ^= 1 << (bit % 8)
                var changed = path
                changed[position] = try #require(Digest(bytes))
                let proof = RecordProof(
                    disclosure: proof.disclosure,
                    inclusion: InclusionProof(index: index, size: size, path: changed),
                    checkpoint: proof.checkpoint
                )
                #expect(step(try verdict(on: proof)) == .inclusion)
            }
        }
    }

    @Test("Rule 4: a leaf that is not in the tree is not in it, though all its fields fit")
    func strangeLeaf() throws {
        let proof = try SampleRecord.proof(SampleRecord.disclosure())
        var values = SampleRecord.values
        values[5].value = #""failure""#
        let changed = RecordProof(
            disclosure: try forged(values),
            inclusion: proof.inclusion,
            checkpoint: proof.checkpoint
        )
        #expect(step(try verdict(on: changed)) == .inclusion)
    }
}
