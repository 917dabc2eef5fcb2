// SPDX-License-Identifier: Apache-2.0

internal import Cairn
package import CairnLedger
internal import GRDB
internal import Metrics

extension LocalStore {
    /// Merges what waits into the index; a service calls this when nothing else does.
    package func merge() async throws(StoreError) {
        guard tail.count > 0 else { return }
        try await writing {
            try await pool.writeWithoutTransaction { db in try self.mergeTail(db) }
        }
    }

    /// Merges the whole tail in one transaction, on the writer's queue.
    func mergeTail(_ db: Database) throws {
        let pending = tail.all()
        guard !pending.isEmpty else { return }
        let clock = ContinuousClock()
        let start = clock.now
        try db.inTransaction(.immediate) {
            try LocalStore.merge(pending, db)
            return .commit
        }
        tail.remove(pending)
        Timer(label: Telemetry.mergeSeconds)
            .recordNanoseconds(start.duration(to: clock.now).nanoseconds)
        Gauge(label: Telemetry.unmergedRecords).record(tail.count)
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

        let merged = try RawStatement(
            db,
            """
            INSERT INTO merged VALUES (?1, ?2)
            ON CONFLICT (ledger) DO UPDATE SET size = max(size, ?2)
            """
        )
        for (ledger, records) in Dictionary(grouping: pending, by: { $0.place >> Place.indexBits })
        {
            guard let first = records.first, let last = records.last else { continue }
            merged.bind(1, ledger)
            merged.bind(2, Int64(Place.index(last.place)) + 1)
            try merged.run()
            try addBlocks(
                ledger,
                from: Place.index(first.place),
                to: Place.index(last.place) + 1,
                db
            )
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

    /// Adds the blocks that records up to `to` complete.
    private static func addBlocks(
        _ ledger: Int64,
        from: UInt64,
        to: UInt64,
        _ db: Database
    ) throws {
        let size = UInt64(TimeBlocks.size)
        for number in from / size..<to / size {
            let select = try RawStatement(
                db,
                """
                SELECT min(occurred_at), max(occurred_at) FROM records
                WHERE place >= ? AND place < ?
                """
            )
            select.bind(1, Place.of(ledger, number * size))
            select.bind(2, Place.of(ledger, (number + 1) * size))
            guard try select.step() else { continue }
            let (low, high) = (select.integer(0), select.integer(1))
            select.reset()
            let insert = try RawStatement(
                db,
                "INSERT INTO blocks VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"
            )
            insert.bind(1, ledger)
            insert.bind(2, Int64(number))
            insert.bind(3, low)
            insert.bind(4, high)
            try insert.run()
        }
    }

    /// Merges, at start, what was durable but not merged when the process ended.
    func takeUpUnmerged() async throws {
        let behind = try await pool.read { db in
            let select = try RawStatement(
                db,
                """
                SELECT h.ledger, coalesce(m.size, 0), h.size
                FROM heads h LEFT JOIN merged m USING (ledger)
                WHERE h.size > coalesce(m.size, 0)
                """
            )
            defer { select.reset() }
            var behind: [(ledger: Int64, merged: UInt64, size: UInt64)] = []
            while try select.step() {
                guard let merged = UInt64(exactly: select.integer(1)) else {
                    throw LocalStoreError.damaged("the index claims a negative number of records")
                }
                behind.append((select.integer(0), merged, UInt64(clamping: select.integer(2))))
            }
            return behind
        }
        for (ledger, merged, size) in behind {
            for first in stride(from: merged, to: size, by: Tail.mergeCount) {
                let range = first..<min(first + UInt64(Tail.mergeCount), size)
                try await pool.writeWithoutTransaction { db in
                    let records = try LocalStore.records(db, ledger, range, contents: true)
                    guard records.count == range.count else {
                        throw LocalStoreError.damaged("records from \(first) on are not there")
                    }
                    self.tail.add(PendingRecord.make(records, ledger: ledger))
                    try self.mergeTail(db)
                }
            }
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

    /// The hour of an instant: whole hours since 1970, downward.
    static func hour(_ nanoseconds: Int64) -> Int64 {
        let hour: Int64 = 3_600_000_000_000
        return nanoseconds / hour - (nanoseconds % hour < 0 ? 1 : 0)
    }

    /// Counts a record in each of its dimensions.
    static func count(_ record: PendingRecord, into counts: inout [CountKey: Int64]) {
        let ledger = record.place >> Place.indexBits
        let hour = hour(record.occurredAt)
        counts[CountKey(ledger: ledger, hour: hour, dimension: total, value: []), default: 0] += 1
        for field in record.fields {
            guard case .known(let known) = field.path, let dimension = dimension(known) else {
                continue
            }
            let value = record.fields.withValue(of: field) { Array($0) }
            counts[
                CountKey(ledger: ledger, hour: hour, dimension: dimension.rawValue, value: value),
                default: 0
            ] += 1
        }
    }

    private static func dimension(_ path: FieldPath.Known) -> Statistics.Dimension? {
        switch path {
        case .type: .type
        case .category: .category
        case .outcome: .outcome
        case .severity: .severity
        case .risk: .risk
        case .actorID: .actor
        default: nil
        }
    }
}
