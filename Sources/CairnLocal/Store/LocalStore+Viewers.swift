// SPDX-License-Identifier: Apache-2.0

package import Cairn
package import CairnLedger
internal import GRDB

extension LocalStore {
    package func revokeViewer(
        _ id: String,
        of tenant: String,
        at time: Timestamp,
        until end: Timestamp
    ) async throws(StoreError) {
        try await writing {
            try await pool.write { db in
                let forget = try RawStatement(db, "DELETE FROM revoked_viewers WHERE end_at < ?")
                forget.bind(1, time.nanoseconds)
                try forget.run()
                let insert = try RawStatement(
                    db,
                    """
                    INSERT INTO revoked_viewers (id, tenant, end_at) VALUES (?, ?, ?)
                    ON CONFLICT (id) DO NOTHING
                    """
                )
                insert.bind(1, id)
                insert.bind(2, tenant)
                insert.bind(3, end.nanoseconds)
                try insert.run()
            }
        }
    }

    package func revokedViewers(
        since revision: Int64
    ) async throws(StoreError) -> (viewers: [RevokedViewer], revision: Int64) {
        try await reading {
            try await pool.read { db in
                let select = try RawStatement(
                    db,
                    """
                    SELECT id, end_at, revision FROM revoked_viewers
                    WHERE revision > ? ORDER BY revision
                    """
                )
                select.bind(1, revision)
                var (viewers, newest): ([RevokedViewer], Int64) = ([], revision)
                while try select.step() {
                    let end = Timestamp(nanoseconds: select.integer(1))
                    viewers.append(RevokedViewer(id: select.text(0), end: end))
                    newest = select.integer(2)
                }
                return (viewers, newest)
            }
        }
    }
}
