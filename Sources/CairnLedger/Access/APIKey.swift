// SPDX-License-Identifier: Apache-2.0

package import Cairn

/// A tenant's key, as it is kept: the secret itself is shown once and stored nowhere.
package struct APIKey: Hashable, Sendable {
    /// The public part, by which the key is listed, logged and revoked: 12 hex digits.
    package let id: String
    /// The tenant whose ledger it opens.
    package let tenant: String
    /// What people call it.
    package let name: String
    /// What it may do.
    package let scopes: Set<Scope>
    /// SHA-256 of the secret, which has 256 random bits, so nothing slower is needed.
    package let hash: Digest
    /// When it was made.
    package let createdAt: Timestamp
    /// From when on it is refused; nil for a key without an end.
    package let expiresAt: Timestamp?
    /// When it was last used, within a minute; nil if it never was.
    package var lastUsedAt: Timestamp?
    /// When it was revoked; nil while it is good.
    package var revokedAt: Timestamp?

    /// The longest name, in bytes.
    package static let nameLimitBytes = 128

    /// Describes a key.
    package init(
        id: String,
        tenant: String,
        name: String,
        scopes: Set<Scope>,
        hash: Digest,
        createdAt: Timestamp,
        expiresAt: Timestamp? = nil,
        lastUsedAt: Timestamp? = nil,
        revokedAt: Timestamp? = nil
    ) {
        self.id = id
        self.tenant = tenant
        self.name = name
        self.scopes = scopes
        self.hash = hash
        self.createdAt = createdAt
        self.expiresAt = expiresAt
        self.lastUsedAt = lastUsedAt
        self.revokedAt = revokedAt
    }

    /// Whether the key opens anything at an instant.
    package func isGood(at now: Timestamp) -> Bool {
        revokedAt == nil && expiresAt.map { now < $0 } ?? true
    }

    /// Whom a request with this key comes from.
    package var principal: Principal {
        Principal(tenant: tenant, id: id, subject: name, scopes: scopes, expiresAt: expiresAt)
    }

    /// Whether a text may name a key: 1 to 128 bytes without control characters.
    package static func isValidName(_ text: String) -> Bool {
        (1...nameLimitBytes).contains(text.utf8.count)
            && text.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }
    }
}

/// A key in its caller's hands: `cairn_<id>_<secret>`, 62 characters.
///
/// The id is 12 hex digits and the secret the base64url form of 32 random bytes. The fixed form
/// lets scanners of repositories find a key that was leaked.
package struct APIKeyToken: Sendable {
    /// What every key begins with.
    package static let mark = "cairn_"

    /// The public part.
    package let id: String
    /// The 32 secret bytes.
    private let secret: [UInt8]

    /// Makes a key from 38 random bytes.
    package init(random bytes: [UInt8]) {
        precondition(bytes.count == 38, "a key is made of 38 random bytes")
        id = Hex.encode(Array(bytes[..<6]))
        secret = Array(bytes[6...])
    }

    /// Reads what a caller sent, or nil for what no key looks like.
    package init?(_ text: some StringProtocol) {
        let bytes = Array(text.utf8)
        guard bytes.count == 62, bytes.starts(with: APIKeyToken.mark.utf8),
            bytes[18] == UInt8(ascii: "_")
        else { return nil }
        let isHex = bytes.withUnsafeBytes { Hex.decode(utf8: .init(rebasing: $0[6..<18])) != nil }
        let secret = bytes.withUnsafeBytes { Base64URL.decode(utf8: .init(rebasing: $0[19...])) }
        guard isHex, let secret, secret.count == 32 else { return nil }
        id = String(decoding: bytes[6..<18], as: UTF8.self)
        self.secret = secret
    }

    /// The key as its caller keeps it; shown once.
    package var text: String {
        APIKeyToken.mark + id + "_" + Base64URL.encode(secret)
    }

    /// What is kept of the secret.
    package var hash: Digest { .sha256(secret) }
}

extension Digest {
    /// Whether two hashes are the same, in a time that does not tell where they differ.
    package func matchesInConstantTime(_ other: Digest) -> Bool {
        var difference: UInt8 = 0
        withUnsafeBytes { mine in
            other.withUnsafeBytes { theirs in
                for index in 0..<Digest.byteCount { difference |= mine[index] ^ theirs[index] }
            }
        }
        return difference == 0
    }
}
