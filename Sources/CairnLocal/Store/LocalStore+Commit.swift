// SPDX-License-Identifier: Apache-2.0

internal import Cairn
package import CairnLedger
internal import GRDB
internal import Metrics

extension LocalStore {
    package func commit(_ batch: Batch, expecting head: Head) async throws(StoreError) {
        let number = try await knownNumber(of: batch.ledger)
        let pending = PendingRecord.make(batch.records, ledger: number)
        let result = await withCheckedContinuation { continuation in
            let item = CommitQueue.Item(
                batch: batch,
                head: head,
                number: number,
                pending: pending,
                continuation: continuation
            )
            if commits.add(item) {
                pool.asyncWriteWithoutTransaction { db in self.drain(db) }
            }
        }
        try result.get()
    }

    /// Commits what waits, on the writer's queue.
    ///
    /// What came meanwhile is queued anew, behind whatever else waits for the writer.
    private func drain(_ db: Database) {
        let items = commits.take()
        let clock = ContinuousClock()
        let start = clock.now
        let results = commitTogether(items, db)
        Timer(label: Telemetry.commitSeconds)
            .recordNanoseconds(start.duration(to: clock.now).nanoseconds)
        let count = items.reduce(0) { $0 + $1.batch.records.count }
        Recorder(label: Telemetry.commitRecords).record(count)
        // Before the answer: an acknowledged record is in the next query.
        for (item, result) in zip(items, results) {
            if case .success = result { tail.add(item.pending) }
        }
        for (item, result) in zip(items, results) {
            item.continuation.resume(returning: result)
        }
        mergeIfDue(afterCommitOf: count)
        wal?.shortenIfLong(writer: pool)
        if commits.goesOn() {
            pool.asyncWriteWithoutTransaction { db in self.drain(db) }
        }
    }

    /// One transaction for all batches; a batch that conflicts leaves the others alone.
    private func commitTogether(
        _ items: [CommitQueue.Item],
        _ db: Database
    ) -> [Result<Void, StoreError>] {
        var results: [Result<Void, StoreError>] = []
        do {
            try mergeIfBehind()
            try db.execute(sql: "BEGIN IMMEDIATE")
        } catch {
            return items.map { _ in .failure(.unavailable(error)) }
        }
        do {
            for item in items {
                results.append(try commit(item, db))
            }
        } catch {
            rollBack(db)
            // Nothing of the transaction was committed, whatever failed.
            let failure = StoreError(writing: error)
            if case .corrupt = failure { return items.map { _ in .failure(failure) } }
            return items.map { _ in .failure(.unavailable(error)) }
        }
        let clock = ContinuousClock()
        let start = clock.now
        do {
            try db.execute(sql: "COMMIT")
            Timer(label: Telemetry.syncSeconds)
                .recordNanoseconds(start.duration(to: clock.now).nanoseconds)
        } catch {
            rollBack(db)
            // SQLite may say that a commit failed that is durable all the same.
            return items.map { item in
                let isDurable = (try? LocalStore.head(db, item.number)) == item.batch.head
                return isDurable ? .success(()) : .failure(StoreError(writing: error))
            }
        }
        return results
    }

    private func rollBack(_ db: Database) {
        // SQLite may have rolled back by itself, and then has no transaction to end.
        if db.isInsideTransaction { try? db.execute(sql: "ROLLBACK") }
    }

    private func commit(
        _ item: CommitQueue.Item,
        _ db: Database
    ) throws -> Result<Void, StoreError> {
        try db.execute(sql: "SAVEPOINT batch")
        do {
            guard try moveHead(item, db) else {
                try db.execute(sql: "RELEASE batch")
                return .failure(.conflict)
            }
            try insert(item, db)
            try db.execute(sql: "RELEASE batch")
            return .success(())
        } catch let error as DatabaseError where error.resultCode == .SQLITE_CONSTRAINT {
            // An id is recorded already, or an index is taken.
            try db.execute(sql: "ROLLBACK TO batch; RELEASE batch")
            return .failure(.conflict)
        }
    }

    /// Moves the head if it is still the expected one, the whole of it.
    private func moveHead(_ item: CommitQueue.Item, _ db: Database) throws -> Bool {
        try LocalStore.replaceHead(db, item.number, expecting: item.head, with: item.batch.head)
    }

    static func replaceHead(
        _ db: Database,
        _ number: Int64,
        expecting head: Head,
        with next: Head
    ) throws -> Bool {
        let update = try RawStatement(
            db,
            """
            UPDATE heads SET size = ?2, frontier = ?3, root = ?4, chain = ?5,
                last_received_at = ?6, epoch = ?7
            WHERE ledger = ?1 AND size = ?8 AND frontier = ?9 AND chain = ?10
                AND last_received_at = ?11 AND epoch = ?12
            """
        )
        update.bind(1, number)
        update.bind(2, Int64(next.size))
        update.bind(3, next.frontier.packed)
        update.bind(4, next.frontier.root)
        update.bind(5, next.chain)
        update.bind(6, next.lastReceivedAt)
        update.bind(7, next.epoch)
        update.bind(8, Int64(head.size))
        update.bind(9, head.frontier.packed)
        update.bind(10, head.chain)
        update.bind(11, head.lastReceivedAt)
        update.bind(12, head.epoch)
        try update.run()
        return db.changesCount == 1
    }

    private func insert(_ item: CommitQueue.Item, _ db: Database) throws {
        let entries = try RawStatement(db, "INSERT INTO entries VALUES (?, ?, ?, ?)")
        let records = try RawStatement(db, "INSERT INTO records VALUES (?, ?, ?, ?)")
        let payloads = try RawStatement(db, "INSERT INTO payloads VALUES (?, ?, ?)")
        for record in item.batch.records {
            let place = Place.of(item.number, record.index)
            entries.bind(1, place)
            entries.bind(2, record.leaf)
            entries.bind(3, record.leafHash)
            entries.bind(4, record.chain)
            try entries.run()
            records.bind(1, place)
            records.bind(2, item.number)
            record.id.withUnsafeBytes { records.bind(3, $0) }
            records.bind(4, record.occurredAt.nanoseconds)
            try records.run()
            guard let payload = record.payload else { continue }
            payloads.bind(1, place)
            payloads.bind(2, payload.seed.bytes)
            payloads.bind(3, payload.fields.encoded)
            try payloads.run()
        }
        guard !item.batch.tiles.isEmpty else { return }
        let tiles = try RawStatement(db, "INSERT INTO tiles VALUES (?, ?, ?, ?)")
        for (coordinate, tile) in item.batch.tiles {
            tiles.bind(1, item.number)
            tiles.bind(2, Int64(coordinate.level))
            tiles.bind(3, Int64(coordinate.index))
            tiles.bind(4, tile.bytes)
            try tiles.run()
        }
    }
}

extension Duration {
    /// Whole nanoseconds, as metrics take them.
    var nanoseconds: Int64 {
        components.seconds * 1_000_000_000 + components.attoseconds / 1_000_000_000
    }
}
