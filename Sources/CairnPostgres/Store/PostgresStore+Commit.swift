// SPDX-License-Identifier: Apache-2.0

package import Cairn
package import CairnLedger

extension PostgresStore {
    /// One statement, and so one transaction and one round trip: the head moves, and what is
    /// recorded with it is written, or neither.
    private static let commitStatement = """
        WITH moved AS (
            \(headUpdate) RETURNING ledger
        ), e AS (
            INSERT INTO entries
            SELECT moved.ledger, u.* FROM moved,
                unnest($13::bigint[], $14::uuid[], $15::bytea[], $16::bytea[], $17::bytea[]) u
        ), s AS (
            INSERT INTO search
            SELECT moved.ledger, u.* FROM moved,
                unnest($13::bigint[], $18::bigint[], $19::tsvector[]) u
        ), y AS (
            INSERT INTO types SELECT moved.ledger, u FROM moved, unnest($20::text[]) u
            ON CONFLICT DO NOTHING
        ), p AS (
            INSERT INTO payloads
            SELECT moved.ledger, u.* FROM moved,
                unnest($21::bigint[], $22::bytea[], $23::bytea[]) u
        ), t AS (
            INSERT INTO tiles
            SELECT moved.ledger, u.* FROM moved,
                unnest($24::bigint[], $25::bigint[], $26::bytea[]) u
        )
        SELECT count(*) FROM moved
        """

    package func commit(_ batch: Batch, expecting head: Head) async throws(StoreError) {
        let (values, types) = values(of: batch, after: head)
        do throws(StoreError) {
            let moved = try await pool.use(isWrite: true) { connection in
                try connection.run(PostgresStore.commitStatement, values).integer(0, 0)
            }
            guard moved == 1 else {
                guard try await self.head(of: batch.ledger) != nil else {
                    throw .corrupt("the ledger does not exist")
                }
                throw .conflict
            }
        } catch {
            guard case .indeterminate = error else { throw error }
            // The answer was lost. If the head is the batch's, it was carried out; if it is not, it
            // may be yet, for as long as the server does not know that nobody listens.
            guard (try? await confirms(batch.head, of: batch.ledger)) == true else { throw error }
        }
        memory.remember(types, of: batch.ledger)
        await noteCommitted(batch)
    }

    package var isShared: Bool { true }

    /// Writes the head as it is: the commit of that waits for a synchronous standby to have all that
    /// came before.
    package func confirms(_ head: Head, of ledger: LedgerID) async throws(StoreError) -> Bool {
        let values = PostgresStore.headValues(ledger, head, head)
        return try await pool.use(isWrite: true) { connection in
            try connection.run(PostgresStore.headUpdate, values).changedCount == 1
        }
    }

    private static let headUpdate = """
        UPDATE heads SET size = $2, frontier = $3, root = $4, chain = $5,
            last_received_at = $6, epoch = $7
        WHERE ledger = $1 AND size = $8 AND frontier = $9 AND chain = $10
            AND last_received_at = $11 AND epoch = $12
        """

    /// The most leaves of others that are read while the head is held.
    private static let catchUpLimit = 65_536

    package func commit<Sequenced: Sendable>(
        in ledger: LedgerID,
        knowing size: UInt64,
        _ make: @Sendable (Head, [Digest]) -> (batch: Batch, sequenced: Sequenced)?
    ) async throws(StoreError) -> Sequenced? {
        let (sequenced, types, committed) = try await pool.use(isWrite: true) { connection in
            do {
                let (head, hashes) = try PostgresStore.takeTurn(ledger, knowing: size, connection)
                guard let (batch, sequenced) = make(head, hashes) else {
                    connection.rollBack()
                    return (nil as Sequenced?, [String](), nil as Batch?)
                }
                let (values, types) = values(of: batch, after: head)
                // What is told of a record that was there is as durable as what is told of a new
                // one: the commit waits for a synchronous standby either way.
                let results = try connection.run(
                    together: [(PostgresStore.commitStatement, values), ("COMMIT", [])]
                )
                guard results[0].integer(0, 0) == 1 else { throw StoreError.conflict }
                return (sequenced, types, batch)
            } catch {
                connection.rollBack()
                throw error
            }
        }
        memory.remember(types, of: ledger)
        if let committed { await noteCommitted(committed) }
        return sequenced
    }

    /// The parameters of the statement that commits a batch, and those of its types that the
    /// database may not know.
    private func values(
        of batch: Batch,
        after head: Head
    ) -> (values: [PostgresValue], types: [String]) {
        let types = memory.unknown(
            Set(batch.records.compactMap { $0.payload?.fields.type }),
            of: batch.ledger
        )
        let values =
            PostgresStore.headValues(batch.ledger, head, batch.head)
            + PostgresStore.recordValues(batch, newTypes: types)
        return (values, types)
    }

    /// Waits for the turn at a ledger's head; from then on nobody moves it, until the transaction
    /// ends.
    private static func takeTurn(
        _ ledger: LedgerID,
        knowing size: UInt64,
        _ connection: isolated PostgresConnection
    ) throws -> (head: Head, hashes: [Digest]) {
        let results = try connection.run(together: [
            ("BEGIN", []),
            // A server that stops here loses its turn, and finds its connection closed.
            ("SET LOCAL idle_in_transaction_session_timeout = '5s'", []),
            (headStatement + " FOR UPDATE", [.uuid(ledger)]),
            (
                """
                SELECT leaf_hash FROM entries WHERE ledger = $1 AND idx >= $2
                ORDER BY idx LIMIT \(catchUpLimit)
                """,
                [.uuid(ledger), .integer(Int64(clamping: size))]
            ),
        ])
        guard let head = try head(results[2]) else {
            throw StoreError.corrupt("the ledger does not exist")
        }
        let rows = results[3]
        guard rows.count < catchUpLimit else { throw StoreError.conflict }
        return (head, try (0..<rows.count).map { try rows.digest($0, 0) })
    }

    /// Lets the index keep up with what was added; what fails is done by the next one.
    private func noteCommitted(_ batch: Batch) async {
        let count = batch.records.count
        let isDue = batch.head.size % PostgresStore.rollSize < UInt64(count)
        guard memory.noteAdded(count, to: batch.ledger, isDue: isDue), memory.takeUntidied() else {
            return
        }
        try? await tidy()
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

    private static func recordValues(_ batch: Batch, newTypes types: [String]) -> [PostgresValue] {
        let terms = LedgerTerms(batch.ledger)
        let contents = batch.records.compactMap { record in
            record.payload.map { (index: record.index, payload: $0) }
        }
        return [
            .integers(batch.records.map { Int64($0.index) }),
            .uuids(batch.records.map(\.id)),
            .byteStrings(batch.records.map(\.leaf)),
            .byteStrings(batch.records.map(\.leafHash.bytes)),
            .byteStrings(batch.records.map(\.chain.bytes)),
            .integers(batch.records.map(\.occurredAt.nanoseconds)),
            .vectors(
                batch.records.map {
                    TermVector($0.payload?.fields ?? Fields(), at: $0.index, terms)
                }
            ),
            .texts(types),
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
            try connection.run(PostgresStore.headUpdate, values).changedCount
        }
        guard changed == 1 else { throw .conflict }
    }
}
