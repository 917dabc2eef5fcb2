// SPDX-License-Identifier: Apache-2.0

/// Jobs that wait to be taken by whoever works on them.
///
/// `phase` is 0 for one that waits, 1 for one that is taken until `due`, 2 for one that has ended.
enum QueueMigration {
    static let sql = """
        CREATE TABLE queue (
            kind     TEXT NOT NULL,
            id       TEXT NOT NULL,
            tenant   TEXT NOT NULL,
            document BLOB NOT NULL,
            phase    INTEGER NOT NULL CHECK (phase BETWEEN 0 AND 2),
            due      INTEGER NOT NULL,
            PRIMARY KEY (kind, id)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX queue_by_due ON queue (kind, due, id);
        CREATE INDEX queue_by_tenant ON queue (kind, tenant, id);
        """
}
