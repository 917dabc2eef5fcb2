// SPDX-License-Identifier: Apache-2.0

/// Answers that are kept for whoever repeats a request.
enum ReplaysMigration {
    static let step = Migrations.Step(
        version: 3,
        readableBy: 1,
        tables: """
            CREATE TABLE replays (
                request     bytea PRIMARY KEY CHECK (length(request) = 32),
                fingerprint bytea NOT NULL CHECK (length(fingerprint) = 32),
                begun_at    bigint NOT NULL,
                status      bigint,
                location    text,
                body        bytea
            );
            CREATE INDEX replays_by_time ON replays (begun_at);
            """
    )
}
