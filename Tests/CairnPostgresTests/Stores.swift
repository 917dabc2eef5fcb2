// SPDX-License-Identifier: Apache-2.0

import CairnLedger
import CairnTesting
import Testing

@testable import CairnPostgres

/// Runs `body` with a store in an empty database of its own.
func withPostgresStore(
    connections: Int = 4,
    _ body: (PostgresStore) async throws -> Void
) async throws {
    var options = PostgresStore.Options()
    options.connections = connections
    // Tests that count keep every thread busy for long.
    options.patience = .seconds(300)
    let store = PostgresStore(try PostgresServer.running().database(), options)
    do {
        try await store.migrate()
        try await body(store)
    } catch {
        await store.close()
        throw error
    }
    await store.close()
}

extension PostgresStore {
    /// Runs statements as the owner of the tables, on a connection of their own.
    func run(_ statements: String) async throws {
        try await pool.use(isWrite: true) { connection in
            defer { connection.close() }
            try connection.runScript(statements)
        }
    }

    /// One text that a statement answers.
    func text(_ statement: String) async throws -> String {
        try await pool.use { try $0.run(statement).text(0, 0) }
    }

    /// Ends all other connections to the database.
    func cutEverybodyElse() async throws {
        try await run(
            """
            SELECT pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE datname = current_database() AND pid <> pg_backend_pid()
            """
        )
    }
}
