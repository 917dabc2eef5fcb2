// SPDX-License-Identifier: Apache-2.0
import Crypto

/// A named Ed25519 private key that signs notes.
///
/// A deployment has one private key and a ledger for each tenant. The key's name is the ledger's
/// origin, so the same private key appears under many names, each with a key ID of its own.
/// Nothing that prints, dumps or reflects on this value shows the private key; only ``encoded``
/// gives it out.
public struct NoteSigningKey: Sendable {
    private let privateKey: Curve25519.Signing.PrivateKey
    /// The public half, under the same name, that checks what this key signs.
    public let verifierKey: NoteVerifierKey

    /// Names the private key that a seed of 32 bytes stands for (RFC 8032 section 5.1.5).
    public init(name: String, seed: [UInt8]) throws(MalformedKey) {
        guard seed.count == Ed25519.keyBytes else { throw .wrongLength(seed.count) }
        let privateKey: Curve25519.Signing.PrivateKey
        do {
            privateKey = try Curve25519.Signing.PrivateKey(rawRepresentation: seed)
        } catch {
            throw .badEncoding
        }
        self.privateKey = privateKey
        self.verifierKey = try NoteVerifierKey(
            name: name,
            algorithm: .ed25519,
            publicKey: Array(privateKey.publicKey.rawRepresentation)
        )
    }

    /// Reads the key file of the Go tools: `PRIVATE+KEY+<name>+<key ID>+<base64 of 0x01, seed>`.
    ///
    /// The text is one line without LF, as ``encoded`` writes it.
    public init(parsing text: String) throws(MalformedKey) {
        let parts = Array(text.utf8).split(
            separator: UInt8(ascii: "+"),
            maxSplits: 4,
            omittingEmptySubsequences: false
        )
        guard parts.count == 5, parts[0].elementsEqual("PRIVATE".utf8),
            parts[1].elementsEqual("KEY".utf8)
        else { throw .wrongShape }
        guard let typed = Base64.decode(String(decoding: parts[4], as: UTF8.self)),
            let type = typed.first
        else { throw .badEncoding }
        guard type == NoteVerifierKey.Algorithm.ed25519.rawValue else {
            throw .unsupportedAlgorithm(type)
        }
        // A name that is not UTF-8 cannot occur: splitting a String at ASCII leaves it whole.
        try self.init(
            name: String(decoding: parts[2], as: UTF8.self),
            seed: Array(typed.dropFirst())
        )
        guard Hex.encode(verifierKey.keyID.bigEndianBytes).utf8.elementsEqual(parts[3]) else {
            throw .wrongKeyID
        }
    }

    private init(privateKey: Curve25519.Signing.PrivateKey, verifierKey: NoteVerifierKey) {
        self.privateKey = privateKey
        self.verifierKey = verifierKey
    }

    /// The key file's text, private key included: a secret, to be kept where only its owner reads.
    public var encoded: String {
        let type = NoteVerifierKey.Algorithm.ed25519.rawValue
        let key = Base64.encode([type] + privateKey.rawRepresentation)
        let keyID = Hex.encode(verifierKey.keyID.bigEndianBytes)
        return "PRIVATE+KEY+\(verifierKey.name)+\(keyID)+\(key)"
    }

    /// The public half as a witness gives it out: same name, for cosignatures.
    public var cosignatureVerifierKey: NoteVerifierKey {
        renamedPublicKey(verifierKey.name, .cosignature)
    }

    /// Returns the same private key under another name, which must be one a key may have.
    package func named(_ name: String) -> NoteSigningKey {
        NoteSigningKey(privateKey: privateKey, verifierKey: renamedPublicKey(name, .ed25519))
    }

    /// Signs a text that a note can hold: it ends in LF and has no other control character.
    public func sign(_ text: String) -> SignedNote {
        do {
            return try SignedNote(text: text, signatures: [signature(over: text)])
        } catch {
            preconditionFailure("only a text that a note can hold is signed: \(error)")
        }
    }

    /// Signs a text and returns the signature line for it, to be added to a note with that text.
    public func signature(over text: String) -> SignedNote.Signature {
        SignedNote.Signature(by: verifierKey, bytes: sign(Array(text.utf8)))
    }

    /// Signs bytes.
    func sign(_ message: [UInt8]) -> [UInt8] {
        do {
            return try Array(privateKey.signature(for: message))
        } catch {
            preconditionFailure("signing with a key in memory cannot fail: \(error)")
        }
    }

    private func renamedPublicKey(
        _ name: String,
        _ algorithm: NoteVerifierKey.Algorithm
    ) -> NoteVerifierKey {
        do {
            return try NoteVerifierKey(
                name: name,
                algorithm: algorithm,
                publicKey: verifierKey.publicKey
            )
        } catch {
            preconditionFailure("a key's name has no space and no plus: \(error)")
        }
    }
}

extension NoteSigningKey: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The public half and a word that the private one is withheld.
    public var description: String { "NoteSigningKey(\(verifierKey), private key withheld)" }

    /// The same as ``description``.
    public var debugDescription: String { description }

    /// A mirror that shows the public half only.
    public var customMirror: Mirror {
        Mirror(self, children: ["verifierKey": verifierKey.description], displayStyle: .struct)
    }
}
