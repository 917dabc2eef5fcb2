// SPDX-License-Identifier: Apache-2.0
import Crypto

/// Ed25519 as RFC 8032 section 5.1 defines it, without pre-hash or context.
package enum Ed25519 {
    /// The length of a public key, and of a private seed, in bytes.
    package static let keyBytes = 32
    /// The length of a signature, in bytes.
    package static let signatureBytes = 64

    /// Says whether a signature over a message verifies with a public key.
    ///
    /// Signatures of another length, with S not below the group order, or with a point that is not
    /// in its one canonical encoding do not verify (RFC 8032 sections 5.1.3 and 5.1.7).
    package static func verifies(
        _ signature: [UInt8],
        over message: [UInt8],
        by publicKey: [UInt8]
    ) -> Bool {
        guard signature.count == signatureBytes, isCanonicalPoint(publicKey) else { return false }
        // The length is right, so this cannot fail; a key that cannot be read verifies nothing.
        guard let key = try? Curve25519.Signing.PublicKey(rawRepresentation: publicKey) else {
            return false
        }
        return key.isValidSignature(signature, for: message)
    }

    /// Says whether 32 bytes encode a point in the only way RFC 8032 section 5.1.3 lets them.
    ///
    /// One point must not pass for two keys. The y coordinate is below p = 2^255 - 19, and where x
    /// is zero its sign bit is clear. Whether y is on the curve at all is found when verifying.
    package static func isCanonicalPoint(_ bytes: [UInt8]) -> Bool {
        guard bytes.count == keyBytes else { return false }
        let isNegative = bytes[31] & 0x80 != 0
        let top = bytes[31] & 0x7F
        // From p - 1 up, every byte between the lowest and the highest is all ones.
        if top == 0x7F && bytes[0] >= 0xEC && bytes[1..<31].allSatisfy({ $0 == 0xFF }) {
            return bytes[0] == 0xEC && !isNegative
        }
        // x is zero for y = 1 and for y = p - 1.
        let isOne = bytes[0] == 1 && top == 0 && bytes[1..<31].allSatisfy { $0 == 0 }
        return !(isOne && isNegative)
    }
}
