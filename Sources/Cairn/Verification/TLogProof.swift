// SPDX-License-Identifier: Apache-2.0

/// Why a text is not a proof file.
public enum MalformedProofFile: Error, Equatable, Sendable {
    /// The file is longer than ``TLogProof/limitBytes``.
    case tooLarge
    /// The first line is not that of this version of the format.
    case wrongHeader
    /// The line of extra data is not the canonical base64 of anything.
    case badExtra
    /// The line of the index is missing, or not a decimal below 2^63 without leading zeros.
    case badIndex
    /// A line of the path is not the canonical base64 of 32 bytes; the value is its place, from 0.
    case badHash(Int)
    /// The path has more hashes than any tree needs.
    case pathTooLong
    /// No empty line ends the path.
    case noSeparator
    /// What follows the empty line is not a signed note.
    case badCheckpoint(MalformedNote)
}

/// Why a proof file does not prove that a log holds an entry.
public enum RefutedProof: Error, Equatable, Sendable {
    /// The checkpoint is not to be believed.
    case untrusted(UntrustedCheckpoint)
    /// No tree of the checkpoint's size has a path of this shape for this index.
    case impossiblePath
    /// The path leads from the entry to another root than the checkpoint's.
    case wrongRoot
}

/// A file that proves offline that a log holds an entry, as C2SP tlog-proof defines it.
public struct TLogProof: Hashable, Sendable {
    /// The longest proof file that is read, in bytes.
    public static let limitBytes = 2 * SignedNote.limitBytes
    /// The most hashes in the path of any tree of fewer than 2^63 entries.
    public static let maxPathHashes = 63

    /// What the application put beside the proof; nothing vouches for it.
    public let extra: [UInt8]?
    /// The position of the entry, from 0; below 2^63.
    public let index: UInt64
    /// The inclusion proof, the leaf's sibling first.
    public let path: [Digest]
    /// The checkpoint the proof leads to, with all its signatures.
    public let checkpoint: SignedNote

    /// Puts a proof file together; the index is below 2^63 and the path has at most 63 hashes.
    ///
    /// With more than 32 KiB of extra data the file can get too long to be read back.
    public init(extra: [UInt8]?, index: UInt64, path: [Digest], checkpoint: SignedNote) {
        precondition(index <= UInt64(Int64.max), "an index is below 2^63")
        precondition(path.count <= TLogProof.maxPathHashes, "no tree has a path this long")
        self.extra = extra
        self.index = index
        self.path = path
        self.checkpoint = checkpoint
    }

    /// Reads a proof file.
    public init(parsing file: String) throws(MalformedProofFile) {
        guard file.utf8.count <= TLogProof.limitBytes else { throw .tooLarge }
        var lines = NoteLines(file.utf8)
        guard let header = lines.next(), header.elementsEqual(TLogProof.header.utf8) else {
            throw .wrongHeader
        }
        var line = lines.next()
        extra = try TLogProof.value(of: "extra ", in: line).map {
            (text) throws(MalformedProofFile) in
            guard let bytes = Base64.decode(String(decoding: text, as: UTF8.self)) else {
                throw .badExtra
            }
            return bytes
        }
        if extra != nil { line = lines.next() }
        guard let index = TLogProof.value(of: "index ", in: line).flatMap(NoteLines.decimal) else {
            throw .badIndex
        }
        self.index = index
        path = try TLogProof.readPath(&lines)
        do {
            checkpoint = try SignedNote(parsing: Array(lines.rest))
        } catch {
            throw .badCheckpoint(error)
        }
    }

    /// The file's text, which ``init(parsing:)`` reads back.
    public var encoded: String {
        var head = "\(TLogProof.header)\n"
        if let extra { head += "extra \(Base64.encode(extra))\n" }
        head += "index \(index)\n"
        for hash in path { head += "\(hash.base64)\n" }
        return "\(head)\n\(checkpoint.encoded)"
    }

    /// Returns the checkpoint that the entry is proven to be under.
    ///
    /// The caller hashes the entry by its application's own rule. Throws if the policy does not
    /// trust the checkpoint, for `origin` as ``TrustPolicy/judge(_:origin:)`` has it, or if the
    /// path does not lead from the entry to its root.
    public func verify(
        leafHash: Digest,
        policy: TrustPolicy,
        origin: String?
    ) throws(RefutedProof) -> Checkpoint {
        let trusted: Checkpoint
        do {
            trusted = try policy.judge(checkpoint, origin: origin)
        } catch {
            throw .untrusted(error)
        }
        let proof = InclusionProof(index: index, size: trusted.size, path: path)
        let root: Digest
        do {
            root = try proof.root(from: leafHash)
        } catch {
            throw .impossiblePath
        }
        guard root == trusted.root else { throw .wrongRoot }
        return trusted
    }

    private static let header = "c2sp.org/tlog-proof@v1"

    /// Returns what follows a keyword, if the line starts with it.
    private static func value(
        of keyword: StaticString,
        in line: ArraySlice<UInt8>?
    ) -> ArraySlice<UInt8>? {
        let keyword = keyword.description.utf8
        guard let line, line.starts(with: keyword) else { return nil }
        return line.dropFirst(keyword.count)
    }

    private static func readPath(
        _ lines: inout NoteLines
    ) throws(MalformedProofFile) -> [Digest] {
        var path: [Digest] = []
        while let line = lines.next() {
            guard !line.isEmpty else { return path }
            guard let hash = NoteLines.digest(line) else { throw .badHash(path.count) }
            guard path.count < maxPathHashes else { throw .pathTooLong }
            path.append(hash)
        }
        throw .noSeparator
    }
}
