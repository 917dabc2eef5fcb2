// SPDX-License-Identifier: Apache-2.0

/// Ledgers and their records.
///
/// A record's place is one integer, `ledger number << 40 | index`: the key of every table that has
/// a row a record, and the row id of the full-text index. `entries` holds what is hashed and never
/// changes: SQLite itself refuses, whoever asks. What may be erased one day, payloads and all that
/// queries use, is in tables of its own. What can be made anew from these is in another file, the
/// index's.
enum LedgerMigration {
    static let sql = """
        CREATE TABLE store (
            key   TEXT PRIMARY KEY NOT NULL,
            value BLOB NOT NULL
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE tenants (
            number     INTEGER PRIMARY KEY CHECK (number BETWEEN 1 AND 4194303),
            name       TEXT NOT NULL UNIQUE,
            ledger     TEXT NOT NULL UNIQUE CHECK (length(ledger) = 32),
            origin     TEXT NOT NULL UNIQUE,
            created_at INTEGER NOT NULL
        ) STRICT;

        CREATE TABLE heads (
            ledger           INTEGER PRIMARY KEY REFERENCES tenants (number),
            size             INTEGER NOT NULL CHECK (size >= 0),
            frontier         BLOB NOT NULL CHECK (length(frontier) % 32 = 0),
            root             BLOB NOT NULL CHECK (length(root) = 32),
            chain            BLOB NOT NULL CHECK (length(chain) = 32),
            last_received_at INTEGER NOT NULL,
            epoch            INTEGER NOT NULL CHECK (epoch >= 0)
        ) STRICT;

        CREATE TABLE entries (
            place     INTEGER PRIMARY KEY,
            leaf      BLOB NOT NULL,
            leaf_hash BLOB NOT NULL CHECK (length(leaf_hash) = 32),
            chain     BLOB NOT NULL CHECK (length(chain) = 32)
        ) STRICT;
        CREATE TRIGGER entries_refuse_update BEFORE UPDATE ON entries
        BEGIN SELECT RAISE(ABORT, 'entries never change'); END;
        CREATE TRIGGER entries_refuse_delete BEFORE DELETE ON entries
        BEGIN SELECT RAISE(ABORT, 'entries never change'); END;

        CREATE TABLE records (
            place       INTEGER PRIMARY KEY,
            ledger      INTEGER NOT NULL,
            id          BLOB NOT NULL CHECK (length(id) = 16),
            occurred_at INTEGER NOT NULL
        ) STRICT;
        CREATE UNIQUE INDEX records_by_id ON records (ledger, id);
        CREATE INDEX records_by_time ON records (ledger, occurred_at);

        CREATE TABLE payloads (
            place  INTEGER PRIMARY KEY,
            seed   BLOB NOT NULL CHECK (length(seed) = 32),
            fields BLOB NOT NULL
        ) STRICT;

        CREATE TABLE tiles (
            ledger INTEGER NOT NULL,
            level  INTEGER NOT NULL,
            number INTEGER NOT NULL,
            hashes BLOB NOT NULL CHECK (length(hashes) = 8192),
            PRIMARY KEY (ledger, level, number)
        ) STRICT;

        CREATE TABLE checkpoints (
            ledger INTEGER NOT NULL,
            size   INTEGER NOT NULL,
            note   TEXT NOT NULL,
            PRIMARY KEY (ledger, size)
        ) STRICT, WITHOUT ROWID;
        CREATE TRIGGER checkpoints_refuse_update BEFORE UPDATE ON checkpoints
        BEGIN SELECT RAISE(ABORT, 'checkpoints never change'); END;
        CREATE TRIGGER checkpoints_refuse_delete BEFORE DELETE ON checkpoints
        BEGIN SELECT RAISE(ABORT, 'checkpoints never change'); END;

        CREATE TABLE jobs (
            id       TEXT PRIMARY KEY NOT NULL,
            tenant   TEXT NOT NULL,
            kind     TEXT NOT NULL,
            document BLOB NOT NULL
        ) STRICT, WITHOUT ROWID;
        """
}
