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

extension PostgresStore: JobStore {
    package func put(
        _ id: String,
        tenant: String,
        kind: String,
        document: [UInt8]
    ) async throws(StoreError) {
        try await write(
            """
            INSERT INTO jobs VALUES ($1, $2, $3, $4) ON CONFLICT (id)
            DO UPDATE SET tenant = $2, kind = $3, document = $4
            """,
            [.text(id), .text(tenant), .text(kind), .bytes(document)]
        )
    }

    package func jobs(
        kind: String
    ) async throws(StoreError) -> [(id: String, tenant: String, document: [UInt8])] {
        try await pool.use { connection in
            let rows = try connection.run(
                "SELECT id, tenant, document FROM jobs WHERE kind = $1 ORDER BY id",
                [.text(kind)]
            )
            return (0..<rows.count).map { row in
                (rows.text(row, 0), rows.text(row, 1), rows.bytes(row, 2))
            }
        }
    }

    package func job(
        _ id: String,
        kind: String
    ) async throws(StoreError) -> (tenant: String, document: [UInt8])? {
        guard !id.utf8.contains(0) else { return nil }
        return try await pool.use { connection in
            let rows = try connection.run(
                "SELECT tenant, document FROM jobs WHERE id = $1 AND kind = $2",
                [.text(id), .text(kind)]
            )
            return rows.count == 1 ? (rows.text(0, 0), rows.bytes(0, 1)) : nil
        }
    }

    package func remove(_ id: String) async throws(StoreError) {
        try await write("DELETE FROM jobs WHERE id = $1", [.text(id)])
    }
}
