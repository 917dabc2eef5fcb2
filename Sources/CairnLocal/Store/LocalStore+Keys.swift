// SPDX-License-Identifier: Apache-2.0

package import Cairn
package import CairnLedger
internal import GRDB

extension LocalStore {
    private static let keyColumns = """
        id, tenant, name, scopes, hash, created_at, expires_at, last_used_at, revoked_at
        """

    package func create(_ key: APIKey) async throws(StoreError) {
        try await writing {
            try await pool.write { db in
                let insert = try RawStatement(
                    db,
                    """
                    INSERT INTO keys SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?,
                        coalesce(max(revision), 0) + 1 FROM keys
                    """
                )
                insert.bind(1, key.id)
                insert.bind(2, key.tenant)
                insert.bind(3, key.name)
                insert.bind(4, key.scopes.names.joined(separator: " "))
                insert.bind(5, key.hash)
                insert.bind(6, key.createdAt.nanoseconds)
                insert.bind(7, ifPresent: key.expiresAt?.nanoseconds)
                insert.bind(8, ifPresent: key.lastUsedAt?.nanoseconds)
                insert.bind(9, ifPresent: key.revokedAt?.nanoseconds)
                try insert.run()
            }
        }
    }

    package func keys(of tenant: String) async throws(StoreError) -> [APIKey] {
        try await reading {
            try await pool.read { db in
                let select = try RawStatement(
                    db,
                    """
                    SELECT \(LocalStore.keyColumns) FROM keys
                    WHERE tenant = ? ORDER BY created_at, id
                    """
                )
                select.bind(1, tenant)
                return try LocalStore.keys(select)
            }
        }
    }

    package func keys(
        changedSince revision: Int64
    ) async throws(StoreError) -> (keys: [APIKey], revision: Int64) {
        try await reading {
            try await pool.read { db in
                let select = try RawStatement(
                    db,
                    """
                    SELECT \(LocalStore.keyColumns) FROM keys WHERE revision > ? ORDER BY revision
                    """
                )
                select.bind(1, revision)
                let keys = try LocalStore.keys(select)
                let newest = try Int64.fetchOne(db, sql: "SELECT max(revision) FROM keys")
                return (keys, newest ?? 0)
            }
        }
    }

    package func revoke(
        _ id: String,
        of tenant: String,
        at time: Timestamp
    ) async throws(StoreError) -> APIKey? {
        try await writing {
            try await pool.write { db in
                let update = try RawStatement(
                    db,
                    """
                    UPDATE keys SET revoked_at = ?,
                        revision = (SELECT max(revision) + 1 FROM keys)
                    WHERE id = ? AND tenant = ? AND revoked_at IS NULL
                    """
                )
                update.bind(1, time.nanoseconds)
                update.bind(2, id)
                update.bind(3, tenant)
                try update.run()
                let select = try RawStatement(
                    db,
                    "SELECT \(LocalStore.keyColumns) FROM keys WHERE id = ? AND tenant = ?"
                )
                select.bind(1, id)
                select.bind(2, tenant)
                return try LocalStore.keys(select).first
            }
        }
    }

    package func noteUses(_ times: [String: Timestamp]) async throws(StoreError) {
        try await writing {
            try await pool.write { db in
                let update = try RawStatement(
                    db,
                    "UPDATE keys SET last_used_at = max(coalesce(last_used_at, ?1), ?1) WHERE id = ?2"
                )
                for (id, time) in times {
                    update.bind(1, time.nanoseconds)
                    update.bind(2, id)
                    try update.run()
                }
            }
        }
    }

    /// Reads rows of `keyColumns` to their end.
    private static func keys(_ rows: RawStatement) throws -> [APIKey] {
        var keys: [APIKey] = []
        while try rows.step() {
            let names = rows.text(3).split(separator: " ").map(String.init)
            guard let scopes = Set<Scope>(names: names) else {
                throw StoreError.corrupt("a key has a scope that does not exist")
            }
            keys.append(
                APIKey(
                    id: rows.text(0),
                    tenant: rows.text(1),
                    name: rows.text(2),
                    scopes: scopes,
                    hash: try rows.digest(4),
                    createdAt: Timestamp(nanoseconds: rows.integer(5)),
                    expiresAt: rows.timestamp(6),
                    lastUsedAt: rows.timestamp(7),
                    revokedAt: rows.timestamp(8)
                )
            )
        }
        return keys
    }
}

extension RawStatement {
    /// An instant, or nil where there is none.
    fileprivate func timestamp(_ column: Int32) -> Timestamp? {
        isNull(column) ? nil : Timestamp(nanoseconds: integer(column))
    }
}
