// SPDX-License-Identifier: Apache-2.0

import Cairn
import Testing

@Suite("Evidence of exports")
struct EvidenceTests {
    @Test("A range is covered by the fewest complete subtrees, and with gaps the root is the same")
    func covers() {
        let leaves = (0..<40).map { Digest.leaf([UInt8($0)]) }
        func root(_ leaves: ArraySlice<Digest>) -> Digest {
            var frontier = Frontier()
            for leaf in leaves { frontier.append(leaf) }
            return frontier.root
        }
        let whole = root(leaves[...])
        for from in 0...40 {
            for to in from...40 {
                let range = UInt64(from)..<UInt64(to)
                let nodes = TreeMath.cover(of: range)
                var next = range.lowerBound
                for node in nodes {
                    #expect(node.index << UInt64(node.level) == next)
                    next += 1 << UInt64(node.level)
                }
                #expect(next == range.upperBound)
                // Two neighbours that could be one would not be the fewest.
                for (left, right) in zip(nodes, nodes.dropFirst()) where left.level == right.level {
                    #expect(!left.index.isMultiple(of: 2))
                }
                var frontier = Frontier()
                for leaf in leaves[..<from] { frontier.append(leaf) }
                let hashes = nodes.map { node in
                    let start = Int(node.index << UInt64(node.level))
                    return root(leaves[start..<start + 1 << node.level])
                }
                let after = range.lowerBound + 1..<range.upperBound + 1
                let isMisplaced = frontier.append(after, hashes: hashes)
                let isTooMuch = frontier.append(range, hashes: hashes + [whole])
                #expect(!isMisplaced && !isTooMuch)
                let isAdded = frontier.append(range, hashes: hashes)
                #expect(isAdded)
                for leaf in leaves[to...] { frontier.append(leaf) }
                #expect(frontier.root == whole && frontier.size == 40, "\(from) to \(to)")
            }
        }
    }

    @Test("A line is read back as it was written, and in no other form")
    func lines() throws {
        let hash = Digest.leaf([7])
        let items = [
            Disclosure.Item(path: .known(.action), content: .withheld(hash)),
            Disclosure.Item(
                path: .known(.type),
                content: .shown(salt: hash, value: Array("\"a\\\"\\u0001é\"".utf8))
            ),
        ]
        let lines: [EvidenceLine] = [
            .shown(index: 0, previousHash: hash, Disclosure(leaf: [1, 2, 3], items: items)),
            .withheld(index: 12, condition: "details.\"x\"", leaf: [1], items: items),
            .withheld(index: 12, condition: "from", leaf: [], items: nil),
            .undecidable(index: 3, reason: .erased, leaf: [4]), .gap(3..<9, [hash, hash]),
        ]
        for line in lines {
            var bytes: [UInt8] = []
            line.append(to: &bytes)
            #expect(bytes.last == 0x0A)
            bytes.removeLast()
            let read = try EvidenceLine(parsing: bytes)
            #expect(read == line)
            for position in bytes.indices {
                var spaced = bytes
                spaced.insert(UInt8(ascii: " "), at: position)
                // A blank within a text makes another text; anywhere else, no line.
                let other = try? EvidenceLine(parsing: spaced)
                #expect(other != line)
                let cut = try? EvidenceLine(parsing: Array(bytes[..<position]))
                #expect(cut == nil)
            }
        }
    }
}
