// SPDX-License-Identifier: Apache-2.0

/// A witness's signature on a checkpoint with the time it was made (C2SP tlog-cosignature, 0x04).
///
/// It says that at that time this was the largest tree the witness had seen of that log, and that
/// each it saw before is a beginning of it.
public struct Cosignature: Hashable, Sendable {
    /// When the witness signed, in POSIX seconds; below 2^63.
    public let timestamp: UInt64
    /// The 64 bytes of the Ed25519 signature over the message.
    public let signature: [UInt8]

    /// Reads what follows the key ID in a signature line: eight bytes of time and the signature.
    ///
    /// Nil if the length is another, or the time is not below 2^63.
    public init?(parsing bytes: [UInt8]) {
        guard bytes.count == 8 + Ed25519.signatureBytes else { return nil }
        let timestamp = bytes.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard timestamp <= UInt64(Int64.max) else { return nil }
        self.timestamp = timestamp
        self.signature = Array(bytes.dropFirst(8))
    }

    /// What follows the key ID in a signature line.
    public var bytes: [UInt8] { Cosignature.bigEndian(timestamp) + signature }

    /// Returns the message a witness signs for the text of a checkpoint.
    public static func message(over text: String, at timestamp: UInt64) -> [UInt8] {
        message(over: Array(text.utf8), at: timestamp)
    }

    /// Says whether this is the cosignature of a witness over the text of a checkpoint.
    ///
    /// False for a key of another algorithm, even one with the same bytes.
    public func verifies(over text: String, by key: NoteVerifierKey) -> Bool {
        key.algorithm == .cosignature && verifies(over: Array(text.utf8), by: key.publicKey)
    }

    /// Cosigns the text of a checkpoint and returns the signature line.
    ///
    /// The timestamp is in POSIX seconds, below 2^63. The line is checked with
    /// ``NoteSigningKey/cosignatureVerifierKey``. Since the name is not in the message, a witness
    /// has a private key of its own.
    public static func make(
        over text: String,
        at timestamp: UInt64,
        by key: NoteSigningKey
    ) -> SignedNote.Signature {
        precondition(timestamp <= UInt64(Int64.max), "a timestamp is below 2^63")
        let signature = key.sign(message(over: text, at: timestamp))
        return SignedNote.Signature(
            by: key.cosignatureVerifierKey,
            bytes: bigEndian(timestamp) + signature
        )
    }

    func verifies(over text: [UInt8], by publicKey: [UInt8]) -> Bool {
        let message = Cosignature.message(over: text, at: timestamp)
        return Ed25519.verifies(signature, over: message, by: publicKey)
    }

    private static func message(over text: [UInt8], at timestamp: UInt64) -> [UInt8] {
        Array("cosignature/v1\ntime \(timestamp)\n".utf8) + text
    }

    private static func bigEndian(_ value: UInt64) -> [UInt8] {
        stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: value >> UInt64($0)) }
    }
}
