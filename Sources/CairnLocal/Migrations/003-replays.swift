// SPDX-License-Identifier: Apache-2.0

/// Requests that name themselves by an `Idempotency-Key`, and how they were answered.
///
/// Both digests are keyed, so that they tell nothing of the request; rows go after a week.
enum ReplaysMigration {
    static let sql = """
        CREATE TABLE replays (
            request     BLOB PRIMARY KEY NOT NULL CHECK (length(request) = 32),
            fingerprint BLOB NOT NULL CHECK (length(fingerprint) = 32),
            begun_at    INTEGER NOT NULL,
            status      INTEGER,
            location    TEXT,
            body        BLOB
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX replays_by_time ON replays (begun_at);
        """
}
