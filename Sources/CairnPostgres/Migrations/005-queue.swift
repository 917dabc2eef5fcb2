// SPDX-License-Identifier: Apache-2.0

/// Jobs that wait to be taken by whoever works on them.
///
/// `phase` is 0 for one that waits, 1 for one that is taken until `due`, 2 for one that has ended.
enum QueueMigration {
    static let step = Migrations.Step(
        version: 5,
        readableBy: 1,
        tables: """
            CREATE TABLE queue (
                kind     text COLLATE "C" NOT NULL,
                id       text COLLATE "C" NOT NULL,
                tenant   text COLLATE "C" NOT NULL,
                document bytea NOT NULL,
                phase    bigint NOT NULL CHECK (phase BETWEEN 0 AND 2),
                due      bigint NOT NULL,
                PRIMARY KEY (kind, id)
            );
            CREATE INDEX queue_by_due ON queue (kind, due, id);
            CREATE INDEX queue_by_tenant ON queue (kind, tenant, id);
            """
    )
}
