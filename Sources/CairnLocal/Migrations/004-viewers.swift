// SPDX-License-Identifier: Apache-2.0

/// The viewer tokens that are refused though they have not ended.
///
/// Tokens themselves are not stored. `revision` grows with every one that is revoked and is never
/// used again, so that whoever holds them in memory reads what is new and nothing else.
enum ViewersMigration {
    static let sql = """
        CREATE TABLE revoked_viewers (
            revision INTEGER PRIMARY KEY AUTOINCREMENT,
            id       TEXT NOT NULL UNIQUE CHECK (length(id) = 32),
            tenant   TEXT NOT NULL REFERENCES tenants (name),
            end_at   INTEGER NOT NULL
        ) STRICT;
        CREATE INDEX revoked_viewers_by_end ON revoked_viewers (end_at);
        """
}
