// SPDX-License-Identifier: Apache-2.0

package import Cairn
package import CairnLedger

extension PostgresStore {
    private static let keyColumns = """
        id, tenant, name, scopes, hash, created_at, expires_at, last_used_at, revoked_at
        """

    /// The next revision; whoever has it holds others up until its transaction ends, so that nobody
    /// sees a later one before.
    private static func nextRevision(
        of name: String,
        _ connection: isolated PostgresConnection
    ) throws -> PostgresValue {
        let rows = try connection.run(
            "UPDATE revisions SET value = value + 1 WHERE name = $1 RETURNING value",
            [.text(name)]
        )
        guard rows.count == 1 else { throw StoreError.corrupt("there is no revision of \(name)") }
        // It is told when the change is committed.
        try connection.run("NOTIFY \(KeyChanges.channel)")
        return .integer(rows.integer(0, 0))
    }

    package func create(_ key: APIKey) async throws(StoreError) {
        try await pool.use(isWrite: true) { connection in
            try connection.transaction { connection in
                let revision = try PostgresStore.nextRevision(of: "keys", connection)
                try connection.run(
                    "INSERT INTO keys VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
                    [
                        .text(key.id), .text(key.tenant), .text(key.name),
                        .text(key.scopes.names.joined(separator: " ")), .digest(key.hash),
                        .integer(key.createdAt.nanoseconds), .integer(key.expiresAt?.nanoseconds),
                        .integer(key.lastUsedAt?.nanoseconds),
                        .integer(key.revokedAt?.nanoseconds), revision,
                    ]
                )
            }
        }
    }

    package func keys(of tenant: String) async throws(StoreError) -> [APIKey] {
        try await pool.use { connection in
            try PostgresStore.keys(
                connection.run(
                    """
                    SELECT \(PostgresStore.keyColumns) FROM keys
                    WHERE tenant = $1 ORDER BY created_at, id
                    """,
                    [.text(tenant)]
                )
            )
        }
    }

    package func keys(
        changedSince revision: Int64
    ) async throws(StoreError) -> (keys: [APIKey], revision: Int64) {
        try await pool.use { connection in
            // First the keys: one that is made meanwhile is told again the next time.
            let rows = try connection.run(
                """
                SELECT \(PostgresStore.keyColumns), revision FROM keys
                WHERE revision > $1 ORDER BY revision
                """,
                [.integer(revision)]
            )
            let newest = rows.count == 0 ? revision : rows.integer(rows.count - 1, 9)
            return (try PostgresStore.keys(rows), newest)
        }
    }

    package func revoke(
        _ id: String,
        of tenant: String,
        at time: Timestamp
    ) async throws(StoreError) -> APIKey? {
        try await pool.use(isWrite: true) { connection in
            try connection.transaction { connection in
                let revision = try PostgresStore.nextRevision(of: "keys", connection)
                try connection.run(
                    """
                    UPDATE keys SET revoked_at = $3, revision = $4
                    WHERE id = $1 AND tenant = $2 AND revoked_at IS NULL
                    """,
                    [.text(id), .text(tenant), .integer(time.nanoseconds), revision]
                )
                let rows = try connection.run(
                    """
                    SELECT \(PostgresStore.keyColumns) FROM keys WHERE id = $1 AND tenant = $2
                    """,
                    [.text(id), .text(tenant)]
                )
                return try PostgresStore.keys(rows).first
            }
        }
    }

    package func noteUses(_ times: [String: Timestamp]) async throws(StoreError) {
        // In one order, so that two servers do not wait for each other.
        let uses = times.sorted { $0.key < $1.key }
        try await pool.use(isWrite: true) { connection in
            for (id, time) in uses {
                try connection.run(
                    "UPDATE keys SET last_used_at = greatest(last_used_at, $2) WHERE id = $1",
                    [.text(id), .integer(time.nanoseconds)]
                )
            }
        }
    }

    /// Reads rows of `keyColumns`.
    private static func keys(_ rows: PostgresRows) throws -> [APIKey] {
        try (0..<rows.count).map { row in
            let names = rows.text(row, 3).split(separator: " ").map(String.init)
            guard let scopes = Set<Scope>(names: names) else {
                throw StoreError.corrupt("a key has a scope that does not exist")
            }
            return APIKey(
                id: rows.text(row, 0),
                tenant: rows.text(row, 1),
                name: rows.text(row, 2),
                scopes: scopes,
                hash: try rows.digest(row, 4),
                createdAt: Timestamp(nanoseconds: rows.integer(row, 5)),
                expiresAt: rows.timestamp(row, 6),
                lastUsedAt: rows.timestamp(row, 7),
                revokedAt: rows.timestamp(row, 8)
            )
        }
    }

    // MARK: Viewer tokens

    package func revokeViewer(
        _ id: String,
        of tenant: String,
        at time: Timestamp,
        until end: Timestamp
    ) async throws(StoreError) {
        try await pool.use(isWrite: true) { connection in
            try connection.transaction { connection in
                let revision = try PostgresStore.nextRevision(of: "viewers", connection)
                try connection.run(
                    "DELETE FROM revoked_viewers WHERE end_at < $1",
                    [.integer(time.nanoseconds)]
                )
                try connection.run(
                    "INSERT INTO revoked_viewers VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
                    [.text(id), .text(tenant), .integer(end.nanoseconds), revision]
                )
            }
        }
    }

    package func revokedViewers(
        since revision: Int64
    ) async throws(StoreError) -> (viewers: [RevokedViewer], revision: Int64) {
        try await pool.use { connection in
            let rows = try connection.run(
                """
                SELECT id, end_at, revision FROM revoked_viewers
                WHERE revision > $1 ORDER BY revision
                """,
                [.integer(revision)]
            )
            let viewers = (0..<rows.count).map { row in
                RevokedViewer(
                    id: rows.text(row, 0),
                    end: Timestamp(nanoseconds: rows.integer(row, 1))
                )
            }
            let newest = rows.count == 0 ? revision : rows.integer(rows.count - 1, 2)
            return (viewers, newest)
        }
    }
}
