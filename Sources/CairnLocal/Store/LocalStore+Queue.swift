// SPDX-License-Identifier: Apache-2.0

package import Cairn
package import CairnLedger
internal import GRDB

extension LocalStore: JobQueue {
    private static let columns = "id, tenant, kind, document, phase, due"

    package func add(_ job: QueuedJob) async throws(StoreError) {
        let isNew = try await writing {
            try await pool.write { db in
                let insert = try RawStatement(
                    db,
                    "INSERT OR IGNORE INTO queue (\(Self.columns)) VALUES (?, ?, ?, ?, ?, ?)"
                )
                insert.bind(1, job.id)
                insert.bind(2, job.tenant)
                insert.bind(3, job.kind)
                insert.bind(4, job.document)
                insert.bind(5, Int64(job.phase.rawValue))
                insert.bind(6, job.due.nanoseconds)
                try insert.run()
                return db.changesCount == 1
            }
        }
        guard isNew else { throw .conflict }
    }

    package func queuedJob(_ id: String, kind: String) async throws(StoreError) -> QueuedJob? {
        try await reading {
            try await pool.read { db in
                let select = try RawStatement(
                    db,
                    "SELECT \(Self.columns) FROM queue WHERE kind = ? AND id = ?"
                )
                select.bind(1, kind)
                select.bind(2, id)
                return try Self.jobs(select).first
            }
        }
    }

    package func jobs(
        kind: String,
        tenant: String?,
        before id: String?,
        limit: Int
    ) async throws(StoreError) -> [QueuedJob] {
        try await reading {
            try await pool.read { db in
                let select = try RawStatement(
                    db,
                    """
                    SELECT \(Self.columns) FROM queue WHERE kind = ?1
                        AND (?2 IS NULL OR id < ?2) \(tenant == nil ? "" : "AND tenant = ?4")
                    ORDER BY id DESC LIMIT ?3
                    """
                )
                select.bind(1, kind)
                if let id { select.bind(2, id) } else { select.bind(2, ifPresent: nil) }
                select.bind(3, Int64(limit))
                if let tenant { select.bind(4, tenant) }
                return try Self.jobs(select)
            }
        }
    }

    package func unfinished(kind: String, tenant: String?) async throws(StoreError) -> Int {
        try await reading {
            try await pool.read { db in
                var sql = "SELECT count(*) FROM queue WHERE kind = ? AND phase < 2"
                if tenant != nil { sql += " AND tenant = ?" }
                let arguments = StatementArguments([kind] + (tenant.map { [$0] } ?? []))
                return try Int.fetchOne(db, sql: sql, arguments: arguments) ?? 0
            }
        }
    }

    package func take(
        kind: String,
        now: Timestamp,
        until: Timestamp,
        atOnce: Int
    ) async throws(StoreError) -> QueuedJob? {
        try await writing {
            try await pool.write { db in
                let update = try RawStatement(
                    db,
                    """
                    UPDATE queue SET phase = 1, due = ?3 WHERE kind = ?1 AND id = (
                        SELECT id FROM queue AS waiting WHERE kind = ?1 AND due <= ?2
                            AND (phase = 2 OR (
                            SELECT count(*) FROM queue AS running
                            WHERE running.kind = ?1 AND running.tenant = waiting.tenant
                                AND running.phase = 1 AND running.due > ?2
                        ) < ?4)
                        ORDER BY due, id LIMIT 1
                    )
                    RETURNING \(Self.columns)
                    """
                )
                update.bind(1, kind)
                update.bind(2, now.nanoseconds)
                update.bind(3, until.nanoseconds)
                update.bind(4, Int64(atOnce))
                return try Self.jobs(update).first
            }
        }
    }

    package func release(kind: String, now: Timestamp) async throws(StoreError) {
        try await writing {
            try await pool.write { db in
                let update = try RawStatement(
                    db,
                    "UPDATE queue SET due = ? WHERE kind = ? AND phase = 1"
                )
                update.bind(1, now.nanoseconds)
                update.bind(2, kind)
                try update.run()
            }
        }
    }

    package func replace(
        _ job: QueuedJob,
        expecting document: [UInt8]
    ) async throws(StoreError) -> Bool {
        try await writing {
            try await pool.write { db in
                let update = try RawStatement(
                    db,
                    """
                    UPDATE queue SET document = ?3, phase = ?4, due = ?5
                    WHERE kind = ?1 AND id = ?2 AND document = ?6
                    """
                )
                update.bind(1, job.kind)
                update.bind(2, job.id)
                update.bind(3, job.document)
                update.bind(4, Int64(job.phase.rawValue))
                update.bind(5, job.due.nanoseconds)
                update.bind(6, document)
                try update.run()
                return db.changesCount == 1
            }
        }
    }

    package func remove(
        _ id: String,
        kind: String,
        expecting document: [UInt8]
    ) async throws(StoreError) -> Bool {
        try await writing {
            try await pool.write { db in
                let delete = try RawStatement(
                    db,
                    "DELETE FROM queue WHERE kind = ? AND id = ? AND document = ?"
                )
                delete.bind(1, kind)
                delete.bind(2, id)
                delete.bind(3, document)
                try delete.run()
                return db.changesCount == 1
            }
        }
    }

    package func forget(kind: String, keeping count: Int) async throws(StoreError) {
        try await writing {
            try await pool.write { db in
                let delete = try RawStatement(
                    db,
                    """
                    DELETE FROM queue WHERE kind = ?1 AND phase = 2 AND id <= (
                        SELECT id FROM queue WHERE kind = ?1 AND phase = 2
                        ORDER BY id DESC LIMIT 1 OFFSET ?2
                    )
                    """
                )
                delete.bind(1, kind)
                delete.bind(2, Int64(count))
                try delete.run()
            }
        }
    }

    private static func jobs(_ rows: RawStatement) throws -> [QueuedJob] {
        var jobs: [QueuedJob] = []
        while try rows.step() {
            var job = QueuedJob(
                id: rows.text(0),
                tenant: rows.text(1),
                kind: rows.text(2),
                document: rows.bytes(3),
                due: Timestamp(nanoseconds: rows.integer(5))
            )
            guard let phase = QueuedJob.Phase(rawValue: UInt8(clamping: rows.integer(4))) else {
                throw StoreError.corrupt("a queued job is in no phase that there is")
            }
            job.phase = phase
            jobs.append(job)
        }
        return jobs
    }
}
