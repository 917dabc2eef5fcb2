// SPDX-License-Identifier: Apache-2.0

package import Cairn

/// A key, as it is shown: never the secret, but for the one answer that makes it.
package struct KeyBody: Sendable {
    /// The public part, by which the key is named.
    package let id: String
    /// The tenant whose ledger it opens.
    package let tenant: String
    /// What people call it.
    package let name: String
    /// What it may do, by name.
    package let scopes: [String]
    /// When it was made.
    package let createdAt: Timestamp
    /// From when on it is refused, if ever.
    package let expiresAt: Timestamp?
    /// When it was last used, if it was.
    package let lastUsedAt: Timestamp?
    /// When it was revoked, if it was.
    package let revokedAt: Timestamp?
    /// The key itself, where it was just made.
    package let key: String?

    /// Describes a key.
    package init(
        id: String,
        tenant: String,
        name: String,
        scopes: [String],
        createdAt: Timestamp,
        expiresAt: Timestamp?,
        lastUsedAt: Timestamp?,
        revokedAt: Timestamp?,
        key: String?
    ) {
        self.id = id
        self.tenant = tenant
        self.name = name
        self.scopes = scopes
        self.createdAt = createdAt
        self.expiresAt = expiresAt
        self.lastUsedAt = lastUsedAt
        self.revokedAt = revokedAt
        self.key = key
    }

    /// The object.
    package var json: JSONValue {
        var members: JSONObject = [
            "id": .string(id), "tenant": .string(tenant), "name": .string(name),
            "scopes": .array(scopes.map { .string($0) }),
            "created_at": .string(createdAt.millisecondsText),
        ]
        members["expires_at"] = expiresAt.map { .string($0.millisecondsText) }
        members["last_used_at"] = lastUsedAt.map { .string($0.millisecondsText) }
        members["revoked_at"] = revokedAt.map { .string($0.millisecondsText) }
        members["key"] = key.map { .string($0) }
        return .object(members)
    }
}

/// A tenant, as it is shown.
package struct TenantBody: Sendable {
    /// What credentials name.
    package let name: String
    /// The ledger's id, which is the tenant's own: unique, random, and fixed for ever.
    package let ledger: String
    /// The ledger's name in checkpoints.
    package let origin: String
    /// When it was made.
    package let createdAt: Timestamp

    /// Describes a tenant.
    package init(name: String, ledger: String, origin: String, createdAt: Timestamp) {
        self.name = name
        self.ledger = ledger
        self.origin = origin
        self.createdAt = createdAt
    }

    /// The object.
    package var json: JSONValue {
        [
            "id": .string(ledger), "name": .string(name), "ledger": .string(ledger),
            "origin": .string(origin), "created_at": .string(createdAt.millisecondsText),
        ]
    }
}
