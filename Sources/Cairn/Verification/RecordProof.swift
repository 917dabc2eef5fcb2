// SPDX-License-Identifier: Apache-2.0

/// Everything an offline verifier needs for one record: the answer of `/v1/events/{id}/proof`.
public struct RecordProof: Hashable, Sendable {
    /// The record as it is shown.
    public let disclosure: Disclosure
    /// The path from the leaf to the root.
    public let inclusion: InclusionProof
    /// The signed checkpoint that holds the root.
    public let checkpoint: SignedNote

    /// Joins the parts of a proof.
    public init(disclosure: Disclosure, inclusion: InclusionProof, checkpoint: SignedNote) {
        self.disclosure = disclosure
        self.inclusion = inclusion
        self.checkpoint = checkpoint
    }

    /// Reads a proof document.
    ///
    /// - Throws: ``Disclosure/Malformed`` saying what cannot be read.
    public init(parsing text: [UInt8]) throws(Disclosure.Malformed) {
        let document: JSONValue
        do {
            document = try JSONValue(parsing: text, limits: JSONLimits(depth: 8, bytes: 16 << 20))
        } catch {
            throw Disclosure.Malformed(description: "not JSON at byte \(error.offset)")
        }
        guard let index = document["index"]?.integer, index >= 0,
            let size = document["size"]?.integer, size >= 0
        else { throw Disclosure.Malformed(description: "`index` or `size` is no position") }
        guard case .array(let hashes)? = document["inclusion_proof"] else {
            throw Disclosure.Malformed(description: "`inclusion_proof` is not an array")
        }
        var path: [Digest] = []
        for hash in hashes {
            guard let digest = hash.string.flatMap({ Digest(hex: $0) }) else {
                throw Disclosure.Malformed(description: "`inclusion_proof` holds no hash")
            }
            path.append(digest)
        }
        guard let note = document["checkpoint"]?.string else {
            throw Disclosure.Malformed(description: "`checkpoint` is not a text")
        }
        do {
            checkpoint = try SignedNote(parsing: note)
        } catch {
            throw Disclosure.Malformed(description: "`checkpoint` is no signed note: \(error)")
        }
        inclusion = InclusionProof(index: UInt64(index), size: UInt64(size), path: path)
        disclosure = try Disclosure(document)
    }

    /// The proof document, as JSON.
    public var encoded: [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(4096)
        output.append(contentsOf: "{\"index\":".utf8)
        JSONText.appendInteger(inclusion.index, to: &output)
        output.append(contentsOf: ",\"size\":".utf8)
        JSONText.appendInteger(inclusion.size, to: &output)
        output.append(UInt8(ascii: ","))
        appendEvidence(to: &output)
        output.append(UInt8(ascii: ","))
        disclosure.appendMembers(to: &output)
        output.append(UInt8(ascii: "}"))
        return output
    }

    /// Appends `"checkpoint":…,"inclusion_proof":[…]`, without braces.
    package func appendEvidence(to output: inout [UInt8]) {
        output.append(contentsOf: "\"checkpoint\":".utf8)
        JSONText.appendString(checkpoint.encoded, to: &output)
        output.append(contentsOf: ",\"inclusion_proof\":[".utf8)
        for (position, hash) in inclusion.path.enumerated() {
            output.append(contentsOf: (position > 0 ? ",\"" : "\"").utf8)
            hash.appendHex(to: &output)
            output.append(UInt8(ascii: "\""))
        }
        output.append(UInt8(ascii: "]"))
    }
}
