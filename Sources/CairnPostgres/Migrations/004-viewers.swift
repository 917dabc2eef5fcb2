// SPDX-License-Identifier: Apache-2.0

/// Viewer tokens that were revoked, until they would have ended anyway.
enum ViewersMigration {
    static let step = Migrations.Step(
        version: 4,
        readableBy: 1,
        tables: """
            INSERT INTO revisions VALUES ('viewers', 0);

            CREATE TABLE revoked_viewers (
                id       text PRIMARY KEY CHECK (length(id) = 32),
                tenant   text COLLATE "C" NOT NULL REFERENCES tenants (name),
                end_at   bigint NOT NULL,
                revision bigint NOT NULL UNIQUE
            );
            CREATE INDEX revoked_viewers_by_end ON revoked_viewers (end_at);
            """
    )
}
