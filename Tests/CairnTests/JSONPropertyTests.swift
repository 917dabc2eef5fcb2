// SPDX-License-Identifier: Apache-2.0
import Cairn
import Testing

@Suite("Canonical bytes follow from the value alone")
struct JSONPropertyTests {
    @Test("However a tree is written, its canonical bytes are the same")
    func formatting() throws {
        for seed in UInt64(0)..<1_000 {
            var maker = RandomJSON(seed: seed)
            let tree = maker.value(depth: 4)
            let expected = Array(PlainCanonicalWriter.text(tree).utf8)
            #expect(tree.canonical.bytes == expected, "seed \(seed)")
            for _ in 0..<2 {
                let text = maker.formatted(tree)
                let canonical = try CanonicalJSON(parsing: text)
                #expect(canonical.bytes == expected, "seed \(seed): \(text)")
                #expect(try JSONValue(parsing: text) == tree, "seed \(seed): \(text)")
            }
        }
    }

    @Test("Canonical bytes are their own canonical bytes")
    func identity() throws {
        for seed in UInt64(0)..<500 {
            var maker = RandomJSON(seed: seed)
            let bytes = maker.value(depth: 5).canonical.bytes
            #expect(try CanonicalJSON(parsing: bytes).bytes == bytes, "seed \(seed)")
        }
    }

    @Test("The reader and the tree agree on every damaged text")
    func damage() throws {
        var accepted = 0
        for seed in UInt64(0)..<3_000 {
            var maker = RandomJSON(seed: seed)
            let tree = maker.value(depth: 3)
            var bytes = Array(maker.formatted(tree).utf8)
            maker.damage(&bytes)
            let canonical = try? CanonicalJSON(parsing: bytes)
            let value = try? JSONValue(parsing: bytes)
            #expect(canonical == value?.canonical, "seed \(seed)")
            guard let canonical else { continue }
            accepted += 1
            #expect(try CanonicalJSON(parsing: canonical.bytes) == canonical, "seed \(seed)")
        }
        #expect(accepted > 100)
    }

    @Test("A number is the same in whatever layout it is written")
    func numbers() throws {
        for seed in UInt64(0)..<2_000 {
            var maker = RandomJSON(seed: seed)
            let number = maker.number()
            let text = maker.formatted(number)
            #expect(JSONNumber(parsing: text) == number, "seed \(seed): \(text)")
        }
    }
}
