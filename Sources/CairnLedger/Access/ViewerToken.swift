// SPDX-License-Identifier: Apache-2.0

package import Cairn
internal import Crypto

/// A short-lived credential that shows a part of a tenant's ledger, made by who may read it.
///
/// It is signed and not stored, so that a page may have one for each visitor and every server knows
/// it at once; what is stored is that one was revoked.
package struct ViewerToken: Hashable, Sendable {
    /// 32 hex digits, by which the token is logged and revoked.
    package let id: String
    /// The tenant whose ledger it shows.
    package let tenant: String
    /// What may be done with it.
    package let scopes: Set<Scope>
    /// The part of the ledger that it shows.
    package let narrowing: Narrowing
    /// From when on it is refused.
    package let expiresAt: Timestamp
    /// Whom it was made for, in its maker's words.
    package let subject: String?
    /// The key that made it, with which it ends; nil if a token of an issuer made it.
    package let makerKey: String?

    /// What one may do at most with such a token.
    package static let scopes: Set<Scope> = [
        .eventsRead, .ledgerVerify, .exportsWrite, .exportsRead,
    ]
    /// How long a token is good unless its maker says otherwise, in seconds.
    package static let defaultSeconds = 3600
    /// How long a token may be good, in seconds.
    package static let limitSeconds = 86_400

    /// Describes a token.
    package init(
        id: String,
        tenant: String,
        scopes: Set<Scope>,
        narrowing: Narrowing,
        expiresAt: Timestamp,
        subject: String?,
        makerKey: String?
    ) {
        self.id = id
        self.tenant = tenant
        self.scopes = scopes
        self.narrowing = narrowing
        self.expiresAt = expiresAt
        self.subject = subject
        self.makerKey = makerKey
    }

    /// Whom a request with this token comes from.
    package var principal: Principal {
        Principal(
            tenant: tenant,
            id: id,
            subject: subject,
            kind: .viewer,
            scopes: scopes,
            narrowing: narrowing,
            expiresAt: expiresAt,
            makerKey: makerKey
        )
    }
}

/// Makes and reads viewer tokens under one secret.
///
/// The text is `cairnv_`, the base64url form of a JSON object, a dot, and the base64url form of its
/// HMAC with SHA-256 (RFC 2104). An id ends with a keyed hash of its own, so that only what was made
/// here can be revoked.
package struct ViewerTokenCodec: Sendable {
    /// What every token begins with.
    package static let mark = "cairnv_"
    /// The longest token that is read, in bytes.
    package static let limitBytes = 16 << 10

    private let key: SymmetricKey

    /// Takes the deployment's secret for viewer tokens, 32 bytes.
    package init(secret: [UInt8]) {
        key = SymmetricKey(data: secret)
    }

    /// Makes the id of a token of a tenant from ten random bytes.
    package func id(of tenant: String, random bytes: [UInt8]) -> String {
        precondition(bytes.count == 10, "an id is made of ten random bytes")
        return Hex.encode(bytes + tag("id \(tenant)", bytes)[..<6])
    }

    /// Whether an id was made here, for a tenant.
    package func isID(_ text: String, of tenant: String) -> Bool {
        guard text.utf8.count == 32, let bytes = Hex.decode(text) else { return false }
        return id(of: tenant, random: Array(bytes[..<10])).utf8.elementsEqual(text.utf8)
    }

    /// The token as its caller keeps it.
    package func encode(_ token: ViewerToken) -> String {
        var members: JSONObject = [
            "id": .string(token.id), "tenant": .string(token.tenant),
            "scopes": .array(token.scopes.names.map { .string($0) }),
            "filter": token.narrowing.json, "exp": .string(token.expiresAt.millisecondsText),
        ]
        members["sub"] = token.subject.map { .string($0) }
        members["key"] = token.makerKey.map { .string($0) }
        let bytes = JSONValue.object(members).canonical.bytes
        return ViewerTokenCodec.mark + Base64URL.encode(bytes) + "."
            + Base64URL.encode(tag("token", bytes))
    }

    /// Reads a token that was made here; nil for anything else.
    ///
    /// Whether it is good yet is not asked.
    package func decode(_ text: some StringProtocol) -> ViewerToken? {
        guard text.utf8.count <= ViewerTokenCodec.limitBytes,
            text.utf8.starts(with: ViewerTokenCodec.mark.utf8)
        else { return nil }
        let parts = text.utf8.dropFirst(ViewerTokenCodec.mark.utf8.count)
            .split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
            .map { Base64URL.decode(String(decoding: $0, as: UTF8.self)) }
        guard parts.count == 2, let bytes = parts[0], let found = parts[1],
            let hash = Digest(found), let expected = Digest(tag("token", bytes)),
            expected.matchesInConstantTime(hash)
        else { return nil }
        return ViewerToken(signed: bytes)
    }

    private func tag(_ purpose: String, _ bytes: [UInt8]) -> [UInt8] {
        var authenticator = HMAC<SHA256>(key: key)
        authenticator.update(data: Array("\(purpose)\n".utf8))
        authenticator.update(data: bytes)
        return Array(authenticator.finalize())
    }
}

extension ViewerToken {
    /// Reads what was signed.
    fileprivate init?(signed bytes: [UInt8]) {
        guard let members = (try? JSONValue(parsing: bytes))?.object,
            let id = members["id"]?.string, let tenant = members["tenant"]?.string,
            let names = members["scopes"]?.array,
            let scopes = Set<Scope>(names: names.map { $0.string ?? "" }),
            let conditions = members["filter"]?.object,
            let narrowing = try? Narrowing(conditions),
            let end = members["exp"]?.string.flatMap({ try? Timestamp.parse($0).timestamp })
        else { return nil }
        self.init(
            id: id,
            tenant: tenant,
            scopes: scopes,
            narrowing: narrowing,
            expiresAt: end,
            subject: members["sub"]?.string,
            makerKey: members["key"]?.string
        )
    }
}
