// SPDX-License-Identifier: Apache-2.0

package import Cairn
package import CairnLedger

extension PostgresStore: ReplayStore {
    package func begin(
        _ request: Digest,
        fingerprint: Digest,
        at now: Timestamp,
        abandonedBefore abandoned: Timestamp
    ) async throws(StoreError) -> ReplayState {
        try await pool.use(isWrite: true) { connection in
            // Whoever writes the row first has it in hand; the others see it.
            let taken = try connection.run(
                """
                INSERT INTO replays (request, fingerprint, begun_at) VALUES ($1, $2, $3)
                ON CONFLICT (request) DO UPDATE SET begun_at = $3
                WHERE replays.status IS NULL AND replays.begun_at < $4
                    AND replays.fingerprint = $2
                """,
                [
                    .digest(request), .digest(fingerprint), .integer(now.nanoseconds),
                    .integer(abandoned.nanoseconds),
                ]
            )
            guard taken.changedCount == 0 else { return .fresh }
            let rows = try connection.run(
                "SELECT fingerprint, status, location, body FROM replays WHERE request = $1",
                [.digest(request)]
            )
            // It was forgotten meanwhile, or came to nothing.
            guard rows.count == 1 else { return .running }
            guard try rows.digest(0, 0) == fingerprint else { return .reused }
            guard !rows.isNull(0, 1) else { return .running }
            return .answered(
                KeptAnswer(
                    status: Int(rows.integer(0, 1)),
                    location: rows.isNull(0, 2) ? nil : rows.text(0, 2),
                    body: rows.isNull(0, 3) ? nil : rows.bytes(0, 3)
                )
            )
        }
    }

    package func finish(_ request: Digest, with answer: KeptAnswer) async throws(StoreError) {
        try await write(
            "UPDATE replays SET status = $2, location = $3, body = $4 WHERE request = $1",
            [
                .digest(request), .integer(Int64(answer.status)), .text(answer.location),
                .bytes(answer.body),
            ]
        )
    }

    package func abandon(_ request: Digest) async throws(StoreError) {
        try await write(
            "DELETE FROM replays WHERE request = $1 AND status IS NULL",
            [.digest(request)]
        )
    }

    package func forget(before time: Timestamp) async throws(StoreError) {
        try await write("DELETE FROM replays WHERE begun_at < $1", [.integer(time.nanoseconds)])
    }

    func write(_ sql: String, _ values: [PostgresValue]) async throws(StoreError) {
        try await pool.use(isWrite: true) { connection in
            _ = try connection.run(sql, values)
        }
    }
}
