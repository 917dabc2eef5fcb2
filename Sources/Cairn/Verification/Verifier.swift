// SPDX-License-Identifier: Apache-2.0

/// What a verifier says of a proof.
public enum Verdict: Hashable, Sendable {
    /// The proof holds: the leaf is in the tree of this checkpoint, and the fields are the leaf's.
    case holds(Checkpoint, Leaf)
    /// The proof does not hold.
    case fails(step: Step, reason: String)
    /// The proof is of a version this code does not know.
    case unsupported(String)

    /// The steps of verification, in order (record format, section 7).
    public enum Step: String, Sendable, CaseIterable {
        /// The leaf is the one encoding of what it says.
        case leaf
        /// The list of paths hashes to the leaf's record digest.
        case fields
        /// A shown value is canonical and belongs to its digest.
        case values
        /// The checkpoint is signed by a trusted key.
        case checkpoint
        /// The leaf is in the tree of the checkpoint.
        case inclusion
    }

    /// Whether the proof holds.
    public var holds: Bool {
        if case .holds = self { true } else { false }
    }
}

/// Checks proofs against keys that the caller trusts; needs nothing else.
public struct Verifier: Sendable {
    private let policy: TrustPolicy
    private let origin: String?

    /// Trusts what `policy` trusts, for one origin if that is given, else for each key's own name.
    public init(policy: TrustPolicy, origin: String? = nil) {
        self.policy = policy
        self.origin = origin
    }

    /// Trusts one log key.
    public init(key: NoteVerifierKey) {
        self.init(policy: TrustPolicy(logKeys: [key], witnesses: [], quorum: 0), origin: key.name)
    }

    /// Judges a proof of one record, by every rule of the record format, section 7.
    public func verdict(on proof: RecordProof) -> Verdict {
        let leaf: Leaf
        switch Verifier.leaf(of: proof.disclosure) {
        case .success(let read): leaf = read
        case .failure(let verdict): return verdict.verdict
        }
        if let failure = Verifier.fault(in: proof.disclosure, against: leaf) { return failure }

        let checkpoint: Checkpoint
        do {
            checkpoint = try policy.judge(proof.checkpoint, origin: origin)
        } catch {
            return .fails(step: .checkpoint, reason: "\(error)")
        }
        guard leaf.origin == checkpoint.origin else {
            return .fails(step: .checkpoint, reason: "the checkpoint is of another ledger")
        }
        guard leaf.index == proof.inclusion.index else {
            return .fails(step: .inclusion, reason: "the proof is of another index")
        }
        guard checkpoint.size == proof.inclusion.size else {
            return .fails(step: .inclusion, reason: "the proof is of another size")
        }
        let hash = Digest.leaf(proof.disclosure.leaf)
        guard proof.inclusion.holds(leafHash: hash, root: checkpoint.root) else {
            return .fails(
                step: .inclusion,
                reason: "the path does not lead to the checkpoint's root"
            )
        }
        return .holds(checkpoint, leaf)
    }

    private struct Refusal: Error {
        let verdict: Verdict
    }

    private static func leaf(of disclosure: Disclosure) -> Result<Leaf, Refusal> {
        do throws(Leaf.Malformed) {
            return .success(try Leaf(parsing: disclosure.leaf))
        } catch {
            switch error {
            case .grammar:
                return .failure(
                    Refusal(verdict: .fails(step: .leaf, reason: "the leaf is malformed"))
                )
            case .unsupportedVersion:
                return .failure(
                    Refusal(verdict: .unsupported("the leaf is of a version not known here"))
                )
            }
        }
    }

    /// Checks rules 2 and 3: paths, digests, shown values, and the record digest.
    public static func fault(in disclosure: Disclosure, against leaf: Leaf) -> Verdict? {
        var previous: FieldPath?
        var hasType = false
        for item in disclosure.items {
            guard previous?.precedes(item.path) ?? true else {
                return .fails(step: .fields, reason: "paths are not strictly ascending")
            }
            previous = item.path
            if item.path == .known(.type) { hasType = true }
        }
        guard hasType else { return .fails(step: .fields, reason: "the record has no type") }
        // Only a path of a schema can take a key out of an object.
        let split = disclosure.items.compactMap { item in
            if case .other = item.path { item.path.utf8 } else { nil }
        }
        var record = Commitment.RecordHash()
        for item in disclosure.items {
            switch item.content {
            case .withheld(let digest): record.add(item.path, digest)
            case .shown(let salt, let value):
                guard isPlainString(value) || (try? CanonicalJSON(parsing: value))?.bytes == value
                else {
                    return .fails(step: .values, reason: "\(item.path.text) is not canonical")
                }
                if !split.isEmpty, let key = splitKey(shadowedBy: split, in: value, of: item.path) {
                    return .fails(
                        step: .values,
                        reason: "\(item.path.text) holds \(key), which has its own path"
                    )
                }
                record.add(item.path, salt: salt, value: value)
            }
        }
        guard record.digest == leaf.record else {
            return .fails(step: .fields, reason: "the fields do not hash to the leaf's record")
        }
        return nil
    }

    /// Whether bytes are a string of ASCII without escapes, which is canonical as it is.
    private static func isPlainString(_ bytes: [UInt8]) -> Bool {
        guard bytes.count >= 2, bytes.first == Byte.quote, bytes.last == Byte.quote else {
            return false
        }
        return bytes.withUnsafeBufferPointer { bytes in
            bytes[1..<bytes.count - 1].allSatisfy { byte in
                (0x20..<0x7F).contains(byte) && byte != Byte.quote && byte != Byte.backslash
            }
        }
    }

    /// A key of a disclosed object that also has a path of its own, if there is one.
    private static func splitKey(
        shadowedBy paths: [[UInt8]],
        in value: [UInt8],
        of path: FieldPath
    ) -> String? {
        guard value.first == UInt8(ascii: "{") else { return nil }
        let prefix = path.utf8 + [UInt8(ascii: ".")]
        let split = paths.filter { $0.starts(with: prefix) }
        guard !split.isEmpty, let object = try? JSONValue(parsing: value) else { return nil }
        return split.map { String(decoding: $0.dropFirst(prefix.count), as: UTF8.self) }
            .first { object[$0] != nil }
    }
}
