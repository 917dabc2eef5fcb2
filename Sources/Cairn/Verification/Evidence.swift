// SPDX-License-Identifier: Apache-2.0

/// A line of an export's `records.ndjson`: what it shows of one record, or of those between two.
///
/// Each line has one encoding, members in this order and no space between them, so that a verifier
/// of a few lines can read it. All indexes of the tree occur once, in order.
public enum EvidenceLine: Hashable, Sendable {
    /// A record that is exported: all that its leaf commits to, and the chain before it.
    case shown(index: UInt64, previousHash: Digest, Disclosure)
    /// A record that is left out because of the named condition, with what shows that it fails it.
    case withheld(index: UInt64, condition: String, leaf: [UInt8], items: [Disclosure.Item]?)
    /// A record whose content is gone, so that nobody can say whether it would be exported.
    case undecidable(index: UInt64, reason: Reason, leaf: [UInt8])
    /// Records of which nothing is shown but the hashes of ``TreeMath/cover(of:)``.
    case gap(Range<UInt64>, [Digest])

    /// Why nobody can say whether a record matches.
    public enum Reason: String, Sendable, CaseIterable {
        /// A field that a condition needs was erased.
        case erased
        /// The content was pruned.
        case pruned
    }

    /// Appends the line, with its end.
    public func append(to output: inout [UInt8]) {
        switch self {
        case .shown(let index, let previous, let disclosure):
            EvidenceLine.begin(index, previousHash: previous, to: &output)
            disclosure.appendMembers(to: &output)
        case .withheld(let index, let condition, let leaf, let items):
            EvidenceLine.begin(index, to: &output)
            output.append(contentsOf: ",\"withheld\":".utf8)
            JSONText.appendString(condition, to: &output)
            output.append(UInt8(ascii: ","))
            Disclosure.append(leaf: leaf, to: &output)
            if let items {
                output.append(UInt8(ascii: ","))
                Disclosure.append(items, to: &output)
            }
        case .undecidable(let index, let reason, let leaf):
            EvidenceLine.begin(index, to: &output)
            output.append(contentsOf: ",\"undecidable\":\"".utf8)
            output.append(contentsOf: reason.rawValue.utf8)
            output.append(contentsOf: "\",".utf8)
            Disclosure.append(leaf: leaf, to: &output)
        case .gap(let range, let hashes):
            output.append(contentsOf: "{\"from\":".utf8)
            JSONText.appendInteger(range.lowerBound, to: &output)
            output.append(contentsOf: ",\"to\":".utf8)
            JSONText.appendInteger(range.upperBound, to: &output)
            output.append(contentsOf: ",\"hashes\":[".utf8)
            EvidenceLine.append(hashes, to: &output)
            output.append(UInt8(ascii: "]"))
        }
        output.append(contentsOf: "}\n".utf8)
    }

    /// Appends the line of a record that is shown whole, as ``append(to:)`` does, from what is stored.
    package static func appendShown(
        index: UInt64,
        previousHash: Digest,
        leaf: [UInt8],
        fields: Fields,
        seed: Seed,
        to output: inout [UInt8]
    ) {
        begin(index, previousHash: previousHash, to: &output)
        Disclosure.appendMembers(leaf: leaf, fields: fields, seed: seed, to: &output)
        output.append(contentsOf: "}\n".utf8)
    }

    private static func begin(_ index: UInt64, to output: inout [UInt8]) {
        output.append(contentsOf: "{\"index\":".utf8)
        JSONText.appendInteger(index, to: &output)
    }

    private static func begin(
        _ index: UInt64,
        previousHash: Digest,
        to output: inout [UInt8]
    ) {
        begin(index, to: &output)
        output.append(contentsOf: ",\"previous_hash\":\"".utf8)
        previousHash.appendHex(to: &output)
        output.append(contentsOf: "\",".utf8)
    }

    /// Appends hashes as hex texts, with commas between them.
    public static func append(_ hashes: [Digest], to output: inout [UInt8]) {
        for (position, hash) in hashes.enumerated() {
            output.append(contentsOf: (position > 0 ? ",\"" : "\"").utf8)
            hash.appendHex(to: &output)
            output.append(UInt8(ascii: "\""))
        }
    }
}
