// SPDX-License-Identifier: Apache-2.0

/// A log's statement of its size and root, as C2SP tlog-checkpoint defines it.
///
/// It is the text of a signed note. Two checkpoints of one origin of which neither tree continues
/// the other are, once signed, proof that the log lied to somebody.
public struct Checkpoint: Hashable, Sendable {
    private let originBytes: [UInt8]
    private let extensionBytes: [[UInt8]]
    /// How many records the tree has; below 2^63.
    public let size: UInt64
    /// The root of the tree of that size.
    public let root: Digest

    /// The name of the log, unique in the world and compared byte by byte.
    public var origin: String { String(decoding: originBytes, as: UTF8.self) }

    /// Lines after the third, without their LF: signed, and of no meaning here.
    public var extensions: [String] {
        extensionBytes.map { String(decoding: $0, as: UTF8.self) }
    }

    /// States the size and root of a log.
    ///
    /// The origin is a line: not empty, without control characters. The size is below 2^63, and
    /// the root of a tree of size 0 is ``Digest/emptyRoot``.
    public init(origin: String, size: UInt64, root: Digest) {
        precondition(
            !origin.isEmpty && !origin.utf8.contains { $0 < 0x20 },
            "an origin is a line of text"
        )
        precondition(size <= UInt64(Int64.max), "a size is below 2^63")
        precondition(size > 0 || root == .emptyRoot, "the empty tree has one root")
        self.originBytes = Array(origin.utf8)
        self.extensionBytes = []
        self.size = size
        self.root = root
    }

    /// Reads the text of a checkpoint, without the signatures.
    public init(parsing text: String) throws(MalformedCheckpoint) {
        try self.init(parsing: Array(text.utf8))
    }

    init(parsing text: [UInt8]) throws(MalformedCheckpoint) {
        if let control = NoteLines.controlCharacter(in: text) { throw .controlCharacter(control) }
        var lines = NoteLines(text)
        guard let origin = lines.next(), let sizeLine = lines.next(), let rootLine = lines.next()
        else { throw .missingLine }
        guard !origin.isEmpty else { throw .emptyOrigin }
        guard let size = NoteLines.decimal(sizeLine) else { throw .badSize }
        guard let root = NoteLines.digest(rootLine) else { throw .badRoot }
        guard size > 0 || root == .emptyRoot else { throw .wrongEmptyRoot }
        var extensions: [[UInt8]] = []
        while let line = lines.next() {
            guard !line.isEmpty else { throw .emptyExtension }
            extensions.append(Array(line))
        }
        guard lines.rest.isEmpty else { throw .missingLine }
        self.originBytes = Array(origin)
        self.extensionBytes = extensions
        self.size = size
        self.root = root
    }

    /// The text that is signed: three lines and the extensions, each with its LF.
    public var text: String {
        let extra = extensions.map { "\($0)\n" }.joined()
        return "\(origin)\n\(size)\n\(root.base64)\n\(extra)"
    }

    /// Reads a signed checkpoint and returns it if its log's signature holds.
    ///
    /// At least one of `keys`, which are the log's own, has signed it, and none of their lines
    /// fails to verify. With an `origin`, the checkpoint is of exactly that log; the keys are then
    /// trusted for it under whatever name they have. Without one, the checkpoint is of a log whose
    /// origin is the name of a key that signed, so that one log's key cannot speak for another.
    public static func open(
        _ note: SignedNote,
        origin: String?,
        keys: [NoteVerifierKey]
    ) throws(UntrustedCheckpoint) -> Checkpoint {
        let policy = TrustPolicy(logKeys: keys, witnesses: [], quorum: 0)
        return try policy.judge(note, origin: origin)
    }

    /// Says whether the log's name is this one, byte by byte.
    func isOf(origin: [UInt8]) -> Bool { originBytes == origin }
}
