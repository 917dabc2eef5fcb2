// SPDX-License-Identifier: Apache-2.0

package import CairnLedger
internal import GRDB

extension LocalStore: JobStore {
    package func put(
        _ id: String,
        tenant: String,
        kind: String,
        document: [UInt8]
    ) async throws(StoreError) {
        try await writing {
            try await pool.write { db in
                let insert = try RawStatement(db, "INSERT OR REPLACE INTO jobs VALUES (?, ?, ?, ?)")
                insert.bind(1, id)
                insert.bind(2, tenant)
                insert.bind(3, kind)
                insert.bind(4, document)
                try insert.run()
            }
        }
    }

    package func jobs(
        kind: String
    ) async throws(StoreError) -> [(id: String, tenant: String, document: [UInt8])] {
        try await reading {
            try await pool.read { db in
                let select = try RawStatement(
                    db,
                    "SELECT id, tenant, document FROM jobs WHERE kind = ? ORDER BY id"
                )
                select.bind(1, kind)
                var jobs: [(id: String, tenant: String, document: [UInt8])] = []
                while try select.step() {
                    jobs.append((select.text(0), select.text(1), select.bytes(2)))
                }
                return jobs
            }
        }
    }

    package func job(
        _ id: String,
        kind: String
    ) async throws(StoreError) -> (tenant: String, document: [UInt8])? {
        try await reading {
            try await pool.read { db in
                let select = try RawStatement(
                    db,
                    "SELECT tenant, document FROM jobs WHERE id = ? AND kind = ?"
                )
                select.bind(1, id)
                select.bind(2, kind)
                guard try select.step() else { return nil }
                defer { select.reset() }
                return (select.text(0), select.bytes(1))
            }
        }
    }

    package func remove(_ id: String) async throws(StoreError) {
        try await writing {
            try await pool.write { db in
                try db.execute(sql: "DELETE FROM jobs WHERE id = ?", arguments: [id])
            }
        }
    }
}
