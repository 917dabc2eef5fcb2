// SPDX-License-Identifier: Apache-2.0

/// Why a text or bytes are not a key for notes; never says what a private key holds.
public enum MalformedKey: Error, Equatable, Sendable {
    /// The text is not a name, a key ID and a key, joined by `+`.
    case wrongShape
    /// The name is empty, or has a space, a `+` or a control character.
    case badName
    /// The key's base64 is not canonical, or names no algorithm.
    case badEncoding
    /// The algorithm is none that this version can use; the value is its type byte.
    case unsupportedAlgorithm(UInt8)
    /// The key is not of its algorithm's length; the value is the length found, in bytes.
    case wrongLength(Int)
    /// The public key is not the canonical encoding of a point (RFC 8032 section 5.1.3).
    case notCanonical
    /// The key ID is not eight lower-case hex digits of the hash of name and key.
    case wrongKeyID
}
