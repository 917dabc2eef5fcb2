// SPDX-License-Identifier: Apache-2.0
internal import Crypto

/// The 32 bytes of a SHA-256 hash.
///
/// Everything a ledger commits to is reduced to a digest: fields, records, leaves, nodes of the
/// tree. The bytes are held inline, so arrays of digests are one block of memory.
public struct Digest: Hashable, Sendable, BitwiseCopyable {
    /// The length of every digest, in bytes.
    public static let byteCount = 32

    // The bytes in memory order, whatever the byte order of the machine.
    private let word0: UInt64
    private let word1: UInt64
    private let word2: UInt64
    private let word3: UInt64

    /// Takes over the bytes of a hash computed elsewhere; nil unless there are exactly 32.
    public init?(_ bytes: some Collection<UInt8>) {
        let direct = bytes.withContiguousStorageIfAvailable {
            Self(raw: UnsafeRawBufferPointer($0))
        }
        guard let found = direct ?? Array(bytes).withUnsafeBytes({ Self(raw: $0) }) else {
            return nil
        }
        self = found
    }

    /// Reads 64 lower-case hexadecimal digits; nil for any other text.
    public init?(hex: String) {
        guard hex.utf8.count == 2 * Self.byteCount, let bytes = Hex.decode(hex) else { return nil }
        self.init(bytes)
    }

    /// Reads 44 characters of padded standard base64 (RFC 4648 4); nil for any other text.
    public init?(base64: String) {
        guard base64.utf8.count == 44, let bytes = Base64.decode(base64) else { return nil }
        self.init(bytes)
    }

    /// Reads 43 characters of unpadded base64url (RFC 4648 5); nil for any other text.
    public init?(base64URL: String) {
        guard base64URL.utf8.count == 43, let bytes = Base64URL.decode(base64URL) else {
            return nil
        }
        self.init(bytes)
    }

    /// Copies 32 bytes from memory; nil unless there are exactly 32.
    init?(raw bytes: UnsafeRawBufferPointer) {
        guard bytes.count == Self.byteCount else { return nil }
        self = bytes.loadUnaligned(as: Digest.self)
    }

    /// Copies what SHA-256 computed, without a detour over the heap.
    init(finished: SHA256.Digest) {
        self = finished.withUnsafeBytes { $0.loadUnaligned(as: Digest.self) }
    }

    /// Calls `body` with the 32 bytes, which are valid only during the call.
    public func withUnsafeBytes<R>(
        _ body: (UnsafeRawBufferPointer) throws -> R
    ) rethrows -> R {
        try Swift.withUnsafeBytes(of: self, body)
    }

    /// The 32 bytes as an array.
    public var bytes: [UInt8] {
        withUnsafeBytes { Array($0) }
    }

    /// The digest as 64 lower-case hexadecimal digits.
    public var hex: String {
        withUnsafeBytes { Hex.text(of: $0) }
    }

    /// The digest as 44 characters of standard base64, padded (RFC 4648 4).
    public var base64: String {
        withUnsafeBytes { Radix64.standard.text(of: $0) }
    }

    /// The digest as 43 characters of base64url, unpadded (RFC 4648 5).
    public var base64URL: String {
        withUnsafeBytes { Radix64.url.text(of: $0) }
    }

    /// Appends the 32 bytes to `bytes`.
    public func append(to bytes: inout [UInt8]) {
        withUnsafeBytes { bytes.append(contentsOf: $0) }
    }

    /// Appends 64 lower-case hexadecimal digits to `bytes`.
    public func appendHex(to bytes: inout [UInt8]) {
        withUnsafeBytes { Hex.append($0, to: &bytes) }
    }

    /// Appends 43 characters of unpadded base64url to `bytes`.
    public func appendBase64URL(to bytes: inout [UInt8]) {
        withUnsafeBytes { Radix64.url.append($0, to: &bytes) }
    }
}

extension Digest: CustomStringConvertible {
    /// The digest as 64 lower-case hexadecimal digits.
    public var description: String {
        hex
    }
}
