// SPDX-License-Identifier: Apache-2.0

/// A named public key that checks signatures of notes, as C2SP signed-note has it.
///
/// Its text, the vkey, is `<name>+<key ID, 8 hex digits>+<base64 of type and key>`. The key ID is
/// the start of a hash over all of it, so a name cannot be put on another key unnoticed.
public struct NoteVerifierKey: Hashable, Sendable, CustomStringConvertible {
    /// What a key signs, and how; the value is the type byte of C2SP signed-note.
    public enum Algorithm: UInt8, Hashable, Sendable {
        /// Ed25519 over the text of the note.
        case ed25519 = 0x01
        /// Ed25519 over the text with a time in front of it (C2SP tlog-cosignature).
        case cosignature = 0x04
    }

    let nameBytes: [UInt8]
    /// The first four bytes of the hash of name, algorithm and key; with the name, it finds a key.
    public let keyID: UInt32
    /// What the key signs, and how.
    public let algorithm: Algorithm
    /// The 32 bytes of the public key.
    public let publicKey: [UInt8]

    /// The name by which the key's signature lines are found, compared byte by byte.
    public var name: String { String(decoding: nameBytes, as: UTF8.self) }

    /// The vkey text, which ``init(parsing:)`` reads back.
    public var description: String {
        let key = Base64.encode([algorithm.rawValue] + publicKey)
        return "\(name)+\(Hex.encode(keyID.bigEndianBytes))+\(key)"
    }

    /// Names a public key.
    public init(
        name: String,
        algorithm: Algorithm,
        publicKey: [UInt8]
    ) throws(MalformedKey) {
        try self.init(nameBytes: Array(name.utf8), algorithm: algorithm, publicKey: publicKey)
    }

    /// Reads a vkey, and refuses one whose key ID is not that of its name and key.
    public init(parsing vkey: String) throws(MalformedKey) {
        // Base64 may hold a plus, so only the first two separate.
        let parts = Array(vkey.utf8).split(
            separator: UInt8(ascii: "+"),
            maxSplits: 2,
            omittingEmptySubsequences: false
        )
        guard parts.count == 3 else { throw .wrongShape }
        guard let typed = Base64.decode(String(decoding: parts[2], as: UTF8.self)),
            let type = typed.first
        else { throw .badEncoding }
        guard let algorithm = Algorithm(rawValue: type) else { throw .unsupportedAlgorithm(type) }
        try self.init(
            nameBytes: Array(parts[0]),
            algorithm: algorithm,
            publicKey: Array(typed.dropFirst())
        )
        guard Hex.encode(keyID.bigEndianBytes).utf8.elementsEqual(parts[1]) else {
            throw .wrongKeyID
        }
    }

    private init(
        nameBytes: [UInt8],
        algorithm: Algorithm,
        publicKey: [UInt8]
    ) throws(MalformedKey) {
        guard NoteLines.isKeyName(nameBytes) else { throw .badName }
        guard publicKey.count == Ed25519.keyBytes else { throw .wrongLength(publicKey.count) }
        guard Ed25519.isCanonicalPoint(publicKey) else { throw .notCanonical }
        let hash = Digest.sha256(nameBytes + [NoteLines.feed, algorithm.rawValue] + publicKey)
        self.nameBytes = nameBytes
        self.keyID = hash.bytes.prefix(4).reduce(0) { $0 << 8 | UInt32($1) }
        self.algorithm = algorithm
        self.publicKey = publicKey
    }

    /// Says whether a signature line carries this key's name and ID, and so must verify with it.
    func isNamed(by signature: SignedNote.Signature) -> Bool {
        keyID == signature.keyID && nameBytes == signature.nameBytes
    }

    /// Says whether what follows the key ID in a signature line verifies over the text of a note.
    func verifies(_ bytes: [UInt8], over text: [UInt8]) -> Bool {
        switch algorithm {
        case .ed25519:
            return Ed25519.verifies(bytes, over: text, by: publicKey)
        case .cosignature:
            guard let cosignature = Cosignature(parsing: bytes) else { return false }
            return cosignature.verifies(over: text, by: publicKey)
        }
    }
}

extension UInt32 {
    /// The four bytes, the most significant first.
    var bigEndianBytes: [UInt8] {
        stride(from: 24, through: 0, by: -8).map { UInt8(truncatingIfNeeded: self >> UInt32($0)) }
    }
}
