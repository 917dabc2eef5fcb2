// SPDX-License-Identifier: Apache-2.0

package import Cairn
package import CairnLedger
internal import GRDB

extension LocalStore: ReplayStore {
    package func begin(
        _ request: Digest,
        fingerprint: Digest,
        at now: Timestamp,
        abandonedBefore abandoned: Timestamp
    ) async throws(StoreError) -> ReplayState {
        try await writing {
            try await pool.write { db in
                let select = try RawStatement(
                    db,
                    """
                    SELECT fingerprint, begun_at, status, location, body
                    FROM replays WHERE request = ?
                    """
                )
                select.bind(1, request)
                if try select.step() {
                    defer { select.reset() }
                    guard try select.digest(0) == fingerprint else { return .reused }
                    guard select.isNull(2) else {
                        return .answered(
                            KeptAnswer(
                                status: Int(select.integer(2)),
                                location: select.isNull(3) ? nil : select.text(3),
                                body: select.isNull(4) ? nil : select.bytes(4)
                            )
                        )
                    }
                    guard select.integer(1) < abandoned.nanoseconds else { return .running }
                }
                let insert = try RawStatement(
                    db,
                    """
                    INSERT INTO replays (request, fingerprint, begun_at) VALUES (?1, ?2, ?3)
                    ON CONFLICT (request) DO UPDATE SET begun_at = ?3
                    """
                )
                insert.bind(1, request)
                insert.bind(2, fingerprint)
                insert.bind(3, now.nanoseconds)
                try insert.run()
                return .fresh
            }
        }
    }

    package func finish(
        _ request: Digest,
        with answer: KeptAnswer
    ) async throws(StoreError) {
        try await writing {
            try await pool.write { db in
                let update = try RawStatement(
                    db,
                    "UPDATE replays SET status = ?, location = ?, body = ? WHERE request = ?"
                )
                update.bind(1, Int64(answer.status))
                update.bind(2, ifPresent: answer.location)
                update.bind(3, ifPresent: answer.body)
                update.bind(4, request)
                try update.run()
            }
        }
    }

    package func abandon(_ request: Digest) async throws(StoreError) {
        try await writing {
            try await pool.write { db in
                let delete = try RawStatement(
                    db,
                    "DELETE FROM replays WHERE request = ? AND status IS NULL"
                )
                delete.bind(1, request)
                try delete.run()
            }
        }
    }

    package func forget(before time: Timestamp) async throws(StoreError) {
        try await writing {
            try await pool.write { db in
                let delete = try RawStatement(db, "DELETE FROM replays WHERE begun_at < ?")
                delete.bind(1, time.nanoseconds)
                try delete.run()
            }
        }
    }
}

extension RawStatement {
    fileprivate func bind(_ position: Int32, ifPresent text: String?) {
        if let text { bind(position, text) } else { bind(position, ifPresent: nil as Int64?) }
    }

    fileprivate func bind(_ position: Int32, ifPresent bytes: [UInt8]?) {
        if let bytes { bind(position, bytes) } else { bind(position, ifPresent: nil as Int64?) }
    }
}
