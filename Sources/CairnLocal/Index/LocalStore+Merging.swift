// SPDX-License-Identifier: Apache-2.0

internal import Cairn
package import CairnLedger
internal import GRDB
internal import Logging
internal import Metrics

extension LocalStore {
    /// Merges what waits into the index; a service calls this when nothing else does.
    package func merge() async throws(StoreError) {
        guard tail.count > 0, let index else { return }
        // Whatever fails, no record is lost by it: it is a failure to read.
        try await reading {
            try await index.queue.writeWithoutTransaction { db in try self.mergeTail(db) }
        }
    }

    /// Begins to merge when enough waits, beside the commits; returns at once.
    func mergeIfDue(afterCommitOf count: Int) {
        guard tail.isDue(afterCommitOf: count), tail.beginMerge() else { return }
        index?.queue.asyncWriteWithoutTransaction { db in
            // A merge that fails is tried again by the next; the records stay in the tail.
            try? self.mergeTail(db)
            self.tail.endMerge()
        }
    }

    /// Merges what waits before a commit adds to it, when merges fall behind.
    ///
    /// - Throws: What the merge failed for, when so much waits that no more may.
    func mergeIfBehind() throws {
        guard tail.count > Tail.waitCount, let index else { return }
        do {
            try index.queue.writeWithoutTransaction { db in try self.mergeTail(db) }
        } catch  where tail.count <= Tail.limitCount {
            return
        }
    }

    /// Merges the whole tail in one transaction, on the index's queue.
    private func mergeTail(_ db: Database) throws {
        let pending = tail.all()
        guard !pending.isEmpty else { return }
        let clock = ContinuousClock()
        let start = clock.now
        try db.inTransaction(.immediate) {
            try LocalStore.check(pending, db)
            try LocalStore.merge(pending, db)
            return .commit
        }
        tail.remove(pending)
        Timer(label: Telemetry.mergeSeconds)
            .recordNanoseconds(start.duration(to: clock.now).nanoseconds)
        Gauge(label: Telemetry.unmergedRecords).record(tail.count)
    }

    /// Refuses to merge records that do not follow what is merged: a gap would never be seen again.
    private static func check(_ pending: [PendingRecord], _ db: Database) throws {
        let select = try RawStatement(db, "SELECT size FROM merged WHERE ledger = ?")
        for (ledger, records) in Dictionary(grouping: pending, by: { $0.place >> Place.indexBits })
        {
            select.bind(1, ledger)
            let merged = try select.step() ? select.integer(0) : 0
            select.reset()
            guard let first = records.first, Int64(Place.index(first.place)) == merged else {
                throw StoreError.corrupt("the search index was changed; it is made anew at a start")
            }
        }
    }

    private static func merge(_ pending: [PendingRecord], _ db: Database) throws {
        let insert = try RawStatement(db, "INSERT INTO terms (rowid, term) VALUES (?, ?)")
        var counts: [CountKey: Int64] = [:]
        for record in pending {
            insert.bind(1, record.place)
            insert.bindText(2, record.terms)
            try insert.run()
            CountKey.count(record, into: &counts)
        }
        try add(counts, db)
        try addBlocks(pending, db)

        let merged = try RawStatement(
            db,
            """
            INSERT INTO merged VALUES (?1, ?2, ?3)
            ON CONFLICT (ledger) DO UPDATE SET size = ?2, chain = ?3
            """
        )
        for (ledger, records) in Dictionary(grouping: pending, by: { $0.place >> Place.indexBits })
        {
            guard let last = records.last else { continue }
            merged.bind(1, ledger)
            merged.bind(2, Int64(Place.index(last.place)) + 1)
            merged.bind(3, last.chain)
            try merged.run()
        }
    }

    private static func add(_ counts: [CountKey: Int64], _ db: Database) throws {
        let upsert = try RawStatement(
            db,
            """
            INSERT INTO counts VALUES (?1, ?2, ?3, ?4, ?5)
            ON CONFLICT (ledger, dimension, hour, value) DO UPDATE SET count = count + ?5
            """
        )
        for (key, count) in counts {
            upsert.bind(1, key.ledger)
            upsert.bind(2, key.hour)
            upsert.bind(3, Int64(key.dimension))
            upsert.bind(4, key.value)
            upsert.bind(5, count)
            try upsert.run()
        }
    }

    /// Widens the times of the blocks that records lie in.
    private static func addBlocks(_ pending: [PendingRecord], _ db: Database) throws {
        let upsert = try RawStatement(
            db,
            """
            INSERT INTO blocks VALUES (?1, ?2, ?3, ?4)
            ON CONFLICT (ledger, number) DO UPDATE SET low = min(low, ?3), high = max(high, ?4)
            """
        )
        for (block, records) in Dictionary(grouping: pending, by: { $0.place / TimeBlocks.size }) {
            let times = records.map(\.occurredAt)
            guard let low = times.min(), let high = times.max() else { continue }
            let first = block * TimeBlocks.size
            upsert.bind(1, first >> Place.indexBits)
            upsert.bind(2, Int64(Place.index(first)) / TimeBlocks.size)
            upsert.bind(3, low)
            upsert.bind(4, high)
            try upsert.run()
        }
    }

    /// Merges, at start, what was durable but not merged when the process ended.
    func takeUpUnmerged(_ logger: Logger) async throws {
        let behind = try await pool.read { db in
            try LocalStore.needsIndex(db)
            let select = try RawStatement(
                db,
                """
                SELECT h.ledger, coalesce(m.size, 0), h.size
                FROM heads h LEFT JOIN search.merged m USING (ledger)
                WHERE h.size > coalesce(m.size, 0)
                """
            )
            defer { select.reset() }
            var behind: [(ledger: Int64, merged: UInt64, size: UInt64)] = []
            while try select.step() {
                behind.append(
                    (
                        select.integer(0), UInt64(clamping: select.integer(1)),
                        UInt64(clamping: select.integer(2))
                    )
                )
            }
            return behind
        }
        let count = behind.reduce(0) { $0 + $1.size - $1.merged }
        if count > UInt64(Tail.limitCount) {
            logger.notice("indexing \(count) records before the store is open")
        }
        for (ledger, merged, size) in behind {
            for first in stride(from: merged, to: size, by: Tail.mergeCount) {
                let range = first..<min(first + UInt64(Tail.mergeCount), size)
                let records = try await pool.read { db in
                    try LocalStore.records(db, ledger, range, contents: true)
                }
                guard records.count == range.count else {
                    throw LocalStoreError.damaged("records from \(first) on are not there")
                }
                tail.add(PendingRecord.make(records, ledger: ledger))
                try await merge()
            }
        }
    }

    /// Refuses to go on without an index that can be read.
    static func needsIndex(_ db: Database) throws {
        let select = try RawStatement(db, "SELECT 1 FROM pragma_database_list WHERE name = ?")
        select.bind(1, IndexFile.schemaName)
        defer { select.reset() }
        guard try select.step() else {
            throw StoreError.unavailable(LocalStoreError.failed("there is no search index"))
        }
    }
}

/// What a row of `counts` counts.
struct CountKey: Hashable {
    /// The dimension that counts every record, whatever it says.
    static let total: UInt8 = 0

    let ledger: Int64
    let hour: Int64
    let dimension: UInt8
    let value: [UInt8]

    /// Counts a record in each of its dimensions.
    static func count(_ record: PendingRecord, into counts: inout [CountKey: Int64]) {
        let ledger = record.place >> Place.indexBits
        let hour = Statistics.hour(of: record.occurredAt)
        // Every type is found by its beginning, also where the record itself is not counted.
        let isCounted = Statistics.counts(record.fields)
        if isCounted {
            let all = CountKey(ledger: ledger, hour: hour, dimension: total, value: [])
            counts[all, default: 0] += 1
        }
        for field in record.fields {
            guard case .known(let known) = field.path,
                let dimension = Statistics.Dimension(known), isCounted || dimension == .type
            else { continue }
            let value = record.fields.withValue(of: field) { Array($0) }
            counts[
                CountKey(ledger: ledger, hour: hour, dimension: dimension.rawValue, value: value),
                default: 0
            ] += 1
        }
    }
}
