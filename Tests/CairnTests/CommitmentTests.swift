// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Cairn

@Suite("Commitments to fields")
struct CommitmentTests {
    /// Fields that follow from a seed: known paths, now and then one of a schema.
    static func randomFields(_ generator: inout SeededGenerator) -> Fields {
        var fields = Fields()
        for known in FieldPath.Known.allCases where generator.next() % 3 > 0 {
            let size = [0, 1, 40, 130, 20_000][Int(generator.next() % 5)]
            let text = String(
                String.UnicodeScalarView(
                    (0..<size).map { _ in
                        let drawn = UInt32(truncatingIfNeeded: generator.next()) % 0x300
                        return Unicode.Scalar(drawn) ?? "x"
                    }
                )
            )
            fields.append(known, text: text)
            if known == .details { fields.append(.other("details.k-1"), value: "7".bytes) }
        }
        return fields
    }

    @Test("Salt, field digest and record digest are the formulas of the format")
    func formulas() throws {
        var generator = SeededGenerator(seed: 1)
        for _ in 0..<20 {
            let seed = Seed(using: &generator)
            let fields = Self.randomFields(&generator)
            var input = "audit-record/v1\n".bytes
            for field in fields {
                let path = field.path.text.bytes
                let salt = SampleRecord.sha256(
                    "audit-salt/v1\n".bytes,
                    seed.bytes,
                    SampleRecord.sha256(path)
                )
                #expect(Commitment.salt(seed: seed, path: field.path).bytes == salt)
                let value = Array(fields.encoded[field.range])
                let digest = SampleRecord.sha256("audit-field/v1\n".bytes, salt, value)
                let made = Commitment.digest(
                    salt: try #require(Digest(salt)),
                    value: fields.encoded[field.range]
                )
                #expect(made.bytes == digest)
                input += [UInt8(path.count >> 8), UInt8(path.count & 0xFF)] + path + digest
            }
            #expect(Commitment.record(fields, seed: seed).bytes == SampleRecord.sha256(input))
        }
    }

    @Test("The record digest over digests is the one over fields")
    func twoWays() {
        var generator = SeededGenerator(seed: 2)
        for _ in 0..<50 {
            let seed = Seed(using: &generator)
            let fields = Self.randomFields(&generator)
            let digests = fields.map { field in
                (
                    path: field.path,
                    digest: Commitment.digest(
                        salt: Commitment.salt(seed: seed, path: field.path),
                        value: fields.encoded[field.range]
                    )
                )
            }
            #expect(Commitment.record(digests) == Commitment.record(fields, seed: seed))
        }
    }

    @Test("Any change of a value, a path, the seed or the number of fields gives another digest")
    func binds() throws {
        let seed = try SampleRecord.seed()
        var seen = Set([Commitment.record(try SampleRecord.fields(), seed: seed)])
        for changed in SampleRecord.values.indices {
            for change in ["value", "path", "left out"] {
                var fields = Fields()
                for (position, (path, value)) in SampleRecord.values.enumerated() {
                    let path = try #require(FieldPath(path))
                    switch (position == changed, change) {
                    case (true, "value"): fields.append(path, value: value.bytes + [0x20])
                    case (true, "path"): fields.append(.other("x"), value: value.bytes)
                    case (true, _): break
                    default: fields.append(path, value: value.bytes)
                    }
                }
                #expect(seen.insert(Commitment.record(fields, seed: seed)).inserted)
            }
        }
        for byte in 0..<32 {
            var bytes = seed.bytes
            bytes[byte] ^= 1
            let other = try #require(Seed(bytes))
            #expect(
                seen.insert(Commitment.record(try SampleRecord.fields(), seed: other)).inserted
            )
        }
    }

    @Test("The same value in two fields has two digests, and so in two records")
    func salted() throws {
        var generator = SeededGenerator(seed: 3)
        let (one, other) = (Seed(using: &generator), Seed(using: &generator))
        let salts = [one, other].flatMap { seed in
            FieldPath.Known.allCases.map { Commitment.salt(seed: seed, path: .known($0)) }
        }
        #expect(Set(salts).count == 2 * FieldPath.Known.allCases.count)
    }

    @Test("A seed is 32 bytes, drawn in order, and never shown")
    func seeds() throws {
        #expect(Seed(Array(repeating: 1, count: 31)) == nil)
        #expect(Seed(Array(repeating: 1, count: 33)) == nil)
        var generator = SeededGenerator(seed: 4)
        var copy = generator
        let seed = Seed(using: &generator)
        let words = (0..<4).map { _ in copy.next() }
        #expect(seed.bytes == words.flatMap { word in withUnsafeBytes(of: word) { Array($0) } })
        #expect("\(seed)" == "Seed(…)")
        #expect(generator.next() == copy.next())
    }
}
