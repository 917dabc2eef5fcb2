// SPDX-License-Identifier: Apache-2.0

/// API keys.
///
/// Changes are numbered one at a time by `revisions`, so that whoever asks for what changed since
/// never sees a later change first. These tables stay on one node of a cluster.
enum KeysMigration {
    static let step = Migrations.Step(
        version: 2,
        readableBy: 1,
        tables: """
            CREATE TABLE revisions (
                name  text PRIMARY KEY,
                value bigint NOT NULL
            );
            INSERT INTO revisions VALUES ('keys', 0);

            CREATE TABLE keys (
                id           text PRIMARY KEY CHECK (length(id) = 12),
                tenant       text COLLATE "C" NOT NULL REFERENCES tenants (name),
                name         text NOT NULL,
                scopes       text NOT NULL,
                hash         bytea NOT NULL CHECK (length(hash) = 32),
                created_at   bigint NOT NULL,
                expires_at   bigint,
                last_used_at bigint,
                revoked_at   bigint,
                revision     bigint NOT NULL UNIQUE
            );
            CREATE INDEX keys_by_tenant ON keys (tenant, created_at, id);
            """
    )
}
