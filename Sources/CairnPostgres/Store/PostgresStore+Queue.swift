// SPDX-License-Identifier: Apache-2.0

package import Cairn
package import CairnLedger

extension PostgresStore: JobQueue {
    private static let columns = "id, tenant, kind, document, phase, due"

    package func add(_ job: QueuedJob) async throws(StoreError) {
        let isNew = try await pool.use(isWrite: true) { connection in
            try connection.run(
                """
                INSERT INTO queue (\(Self.columns)) VALUES ($1, $2, $3, $4, $5, $6)
                ON CONFLICT DO NOTHING
                """,
                [
                    .text(job.id), .text(job.tenant), .text(job.kind), .bytes(job.document),
                    .integer(Int64(job.phase.rawValue)), .integer(job.due.nanoseconds),
                ]
            ).changedCount == 1
        }
        guard isNew else { throw .conflict }
    }

    package func queuedJob(_ id: String, kind: String) async throws(StoreError) -> QueuedJob? {
        guard !id.utf8.contains(0) else { return nil }
        return try await pool.use { connection in
            try Self.jobs(
                connection.run(
                    "SELECT \(Self.columns) FROM queue WHERE kind = $1 AND id = $2",
                    [.text(kind), .text(id)]
                )
            ).first
        }
    }

    package func jobs(
        kind: String,
        tenant: String?,
        before id: String?,
        limit: Int
    ) async throws(StoreError) -> [QueuedJob] {
        try await pool.use { connection in
            try Self.jobs(
                connection.run(
                    """
                    SELECT \(Self.columns) FROM queue WHERE kind = $1
                        AND ($2::text IS NULL OR id < $2) \(Self.owned(by: tenant, as: 4))
                    ORDER BY id DESC LIMIT $3
                    """,
                    [.text(kind), .text(id), .integer(Int64(limit))]
                        + (tenant.map { [.text($0)] } ?? [])
                )
            )
        }
    }

    package func unfinished(kind: String, tenant: String?) async throws(StoreError) -> Int {
        try await pool.use { connection in
            let rows = try connection.run(
                """
                SELECT count(*) FROM queue WHERE kind = $1 AND phase < 2
                    \(Self.owned(by: tenant, as: 2))
                """,
                [.text(kind)] + (tenant.map { [.text($0)] } ?? [])
            )
            return Int(rows.integer(0, 0))
        }
    }

    /// The condition that a job is a tenant's, which is there only if it is asked for: each way has
    /// an index of its own.
    private static func owned(by tenant: String?, as parameter: Int) -> String {
        tenant == nil ? "" : "AND tenant = $\(parameter)"
    }

    package func take(
        kind: String,
        now: Timestamp,
        until: Timestamp,
        atOnce: Int
    ) async throws(StoreError) -> QueuedJob? {
        try await pool.use(isWrite: true) { connection in
            try connection.transaction { connection in
                // One takes at a time, or two could count the same tenant's jobs and take one each.
                try connection.run(
                    "SELECT pg_advisory_xact_lock(\(Self.takingLock), hashtext($1))",
                    [.text(kind)]
                )
                return try Self.jobs(
                    connection.run(
                        """
                        UPDATE queue SET phase = 1, due = $3 WHERE kind = $1 AND id = (
                            SELECT id FROM queue AS waiting WHERE kind = $1 AND due <= $2
                                AND (phase = 2 OR (
                                SELECT count(*) FROM queue AS running
                                WHERE running.kind = $1 AND running.tenant = waiting.tenant
                                    AND running.phase = 1 AND running.due > $2
                            ) < $4)
                            ORDER BY due, id LIMIT 1 FOR UPDATE SKIP LOCKED
                        )
                        RETURNING \(Self.columns)
                        """,
                        [
                            .text(kind), .integer(now.nanoseconds), .integer(until.nanoseconds),
                            .integer(Int64(atOnce)),
                        ]
                    )
                ).first
            }
        }
    }

    /// A number of two halves that no other program locks: `CARN`, and the kind's.
    private static var takingLock: Int32 { 0x4341_524E }

    package func release(kind: String, now: Timestamp) async throws(StoreError) {
        try await write(
            "UPDATE queue SET due = $2 WHERE kind = $1 AND phase = 1",
            [.text(kind), .integer(now.nanoseconds)]
        )
    }

    package func replace(
        _ job: QueuedJob,
        expecting document: [UInt8]
    ) async throws(StoreError) -> Bool {
        try await pool.use(isWrite: true) { connection in
            try connection.run(
                """
                UPDATE queue SET document = $3, phase = $4, due = $5
                WHERE kind = $1 AND id = $2 AND document = $6
                """,
                [
                    .text(job.kind), .text(job.id), .bytes(job.document),
                    .integer(Int64(job.phase.rawValue)), .integer(job.due.nanoseconds),
                    .bytes(document),
                ]
            ).changedCount == 1
        }
    }

    package func remove(
        _ id: String,
        kind: String,
        expecting document: [UInt8]
    ) async throws(StoreError) -> Bool {
        try await pool.use(isWrite: true) { connection in
            try connection.run(
                "DELETE FROM queue WHERE kind = $1 AND id = $2 AND document = $3",
                [.text(kind), .text(id), .bytes(document)]
            ).changedCount == 1
        }
    }

    package func forget(kind: String, keeping count: Int) async throws(StoreError) {
        try await write(
            """
            DELETE FROM queue WHERE kind = $1 AND phase = 2 AND id <= (
                SELECT id FROM queue WHERE kind = $1 AND phase = 2
                ORDER BY id DESC LIMIT 1 OFFSET $2
            )
            """,
            [.text(kind), .integer(Int64(count))]
        )
    }

    private static func jobs(_ rows: PostgresRows) throws(StoreError) -> [QueuedJob] {
        var jobs: [QueuedJob] = []
        for row in 0..<rows.count {
            var job = QueuedJob(
                id: rows.text(row, 0),
                tenant: rows.text(row, 1),
                kind: rows.text(row, 2),
                document: rows.bytes(row, 3),
                due: Timestamp(nanoseconds: rows.integer(row, 5))
            )
            guard let phase = QueuedJob.Phase(rawValue: UInt8(clamping: rows.integer(row, 4)))
            else { throw .corrupt("a queued job is in no phase that there is") }
            job.phase = phase
            jobs.append(job)
        }
        return jobs
    }
}
