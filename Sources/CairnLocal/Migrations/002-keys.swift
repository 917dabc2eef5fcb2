// SPDX-License-Identifier: Apache-2.0

/// The keys of tenants.
///
/// A secret is not here, only its hash. `revision` grows with every key that is made or revoked,
/// so that whoever holds keys in memory reads what changed and nothing else.
enum KeysMigration {
    static let sql = """
        CREATE TABLE keys (
            id           TEXT PRIMARY KEY NOT NULL CHECK (length(id) = 12),
            tenant       TEXT NOT NULL REFERENCES tenants (name),
            name         TEXT NOT NULL,
            scopes       TEXT NOT NULL,
            hash         BLOB NOT NULL CHECK (length(hash) = 32),
            created_at   INTEGER NOT NULL,
            expires_at   INTEGER,
            last_used_at INTEGER,
            revoked_at   INTEGER,
            revision     INTEGER NOT NULL UNIQUE
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX keys_by_tenant ON keys (tenant, created_at, id);
        """
}
