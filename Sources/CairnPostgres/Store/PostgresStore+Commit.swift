// SPDX-License-Identifier: Apache-2.0

internal import Cairn
package import CairnLedger

extension PostgresStore {
    /// One statement, and so one transaction and one round trip: the head moves, and what is
    /// recorded with it is written, or neither.
    private static let commitStatement = """
        WITH moved AS (
            UPDATE heads SET size = $2, frontier = $3, root = $4, chain = $5,
                last_received_at = $6, epoch = $7
            WHERE ledger = $1 AND size = $8 AND frontier = $9 AND chain = $10
                AND last_received_at = $11 AND epoch = $12
            RETURNING ledger
        ), e AS (
            INSERT INTO entries
            SELECT moved.ledger, u.* FROM moved,
                unnest($13::bigint[], $14::bytea[], $15::bytea[], $16::bytea[]) u
        ), r AS (
            INSERT INTO records
            SELECT moved.ledger, u.* FROM moved, unnest($13::bigint[], $17::uuid[], $18::bigint[]) u
        ), p AS (
            INSERT INTO payloads
            SELECT moved.ledger, u.* FROM moved,
                unnest($19::bigint[], $20::bytea[], $21::bytea[]) u
        ), t AS (
            INSERT INTO tiles
            SELECT moved.ledger, u.* FROM moved,
                unnest($22::bigint[], $23::bigint[], $24::bytea[]) u
        )
        SELECT count(*) FROM moved
        """

    package func commit(_ batch: Batch, expecting head: Head) async throws(StoreError) {
        let values =
            PostgresStore.headValues(batch.ledger, head, batch.head)
            + PostgresStore.recordValues(batch)
        let moved: Int64
        do throws(StoreError) {
            moved = try await pool.use(isWrite: true) { connection in
                try connection.run(PostgresStore.commitStatement, values).integer(0, 0)
            }
        } catch {
            guard case .indeterminate = error else { throw error }
            // The answer was lost. If the head is the batch's, it was carried out; if it is not, it
            // may be yet, for as long as the server does not know that nobody listens.
            guard let now = try? await self.head(of: batch.ledger), now == batch.head else {
                throw error
            }
            return
        }
        guard moved == 1 else {
            guard try await self.head(of: batch.ledger) != nil else {
                throw .corrupt("the ledger does not exist")
            }
            throw .conflict
        }
    }

    /// The parameters of a statement that moves a head, from one to the next.
    static func headValues(_ ledger: LedgerID, _ head: Head, _ next: Head) -> [PostgresValue] {
        [
            .uuid(ledger), .integer(Int64(next.size)), .bytes(next.frontier.packed),
            .digest(next.frontier.root), .digest(next.chain), .integer(next.lastReceivedAt),
            .integer(next.epoch), .integer(Int64(head.size)), .bytes(head.frontier.packed),
            .digest(head.chain), .integer(head.lastReceivedAt), .integer(head.epoch),
        ]
    }

    private static func recordValues(_ batch: Batch) -> [PostgresValue] {
        let contents = batch.records.compactMap { record in
            record.payload.map { (index: record.index, payload: $0) }
        }
        return [
            .integers(batch.records.map { Int64($0.index) }),
            .byteStrings(batch.records.map(\.leaf)),
            .byteStrings(batch.records.map(\.leafHash.bytes)),
            .byteStrings(batch.records.map(\.chain.bytes)),
            .uuids(batch.records.map(\.id)),
            .integers(batch.records.map(\.occurredAt.nanoseconds)),
            .integers(contents.map { Int64($0.index) }),
            .byteStrings(contents.map(\.payload.seed.bytes)),
            .byteStrings(contents.map(\.payload.fields.encoded)),
            .integers(batch.tiles.map { Int64($0.coordinate.level) }),
            .integers(batch.tiles.map { Int64($0.coordinate.index) }),
            .byteStrings(batch.tiles.map(\.tile.bytes)),
        ]
    }

    package func replaceHead(
        of ledger: LedgerID,
        expecting head: Head,
        with next: Head
    ) async throws(StoreError) {
        let values = PostgresStore.headValues(ledger, head, next)
        let changed = try await pool.use(isWrite: true) { connection in
            try connection.run(
                """
                UPDATE heads SET size = $2, frontier = $3, root = $4, chain = $5,
                    last_received_at = $6, epoch = $7
                WHERE ledger = $1 AND size = $8 AND frontier = $9 AND chain = $10
                    AND last_received_at = $11 AND epoch = $12
                """,
                values
            ).changedCount
        }
        guard changed == 1 else { throw .conflict }
    }
}
