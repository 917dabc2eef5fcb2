// SPDX-License-Identifier: Apache-2.0

internal import Crypto

/// A tenant's key of one period, under which equal secrets have equal digests.
///
/// It is kept outside the ledger; once it is destroyed, a digest tells nothing more.
public struct RedactionKey: Sendable {
    /// The period's name, `[A-Za-z0-9]{1,16}`.
    public let id: String
    private let key: SymmetricKey

    /// Names a key of 32 random bytes.
    public init(id: String, secret: [UInt8]) {
        self.id = id
        key = SymmetricKey(data: secret)
    }

    /// What stands in place of a value: `hmac:<key id>:<base64url of 16 bytes>`.
    func digest(of canonical: [UInt8]) -> String {
        let code = HMAC<SHA256>.authenticationCode(for: canonical, using: key)
        return "hmac:\(id):\(Base64URL.encode(Array(Array(code).prefix(16))))"
    }

    /// Whether a text is such a digest, under whatever key.
    static func isDigest(_ text: String) -> Bool {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        return parts.count == 3 && parts[0] == "hmac" && (1...16).contains(parts[1].utf8.count)
            && parts[1].utf8.allSatisfy(SecretScanner.isWord) && parts[2].utf8.count == 22
            && Base64URL.decode(String(parts[2])) != nil
    }
}
