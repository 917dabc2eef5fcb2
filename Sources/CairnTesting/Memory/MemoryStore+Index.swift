// SPDX-License-Identifier: Apache-2.0

package import Cairn
package import CairnLedger

extension MemoryStore: RecordIndex {
    package func page(
        _ query: RecordQuery,
        in ledger: LedgerID,
        size: UInt64,
        after place: PagePosition?,
        limit: Int
    ) -> [FoundRecord] {
        guard let contents = contents(of: ledger) else { return [] }
        func precedes(_ left: PagePosition, _ right: PagePosition) -> Bool {
            let (first, second) = query.isDescending ? (right, left) : (left, right)
            return switch query.sort {
            case .index: first.index < second.index
            case .occurredAt:
                (first.occurredAt, first.index) < (second.occurredAt, second.index)
            }
        }
        let found = contents.records.values.filter { record in
            guard record.index < size, query.matches(record) else { return false }
            return place.map { precedes($0, record.place) } ?? true
        }
        return found.sorted { precedes($0.place, $1.place) }.prefix(limit).map { record in
            FoundRecord(record: record, previousHash: contents.chain(before: record.index))
        }
    }

    package func statistics(
        in ledger: LedgerID,
        from: Timestamp?,
        to: Timestamp?
    ) -> Statistics {
        var statistics = Statistics()
        var actors: [String: UInt64] = [:]
        for record in contents(of: ledger)?.records.values.map({ $0 }) ?? [] {
            if let from, record.occurredAt < from { continue }
            if let to, record.occurredAt >= to { continue }
            guard let fields = record.payload?.fields else { continue }
            statistics.count(fields, actors: &actors)
        }
        statistics.rank(actors)
        return statistics
    }

    /// Compares the table of ids, which is the one index kept here, with the records.
    package func check(
        in ledger: LedgerID,
        progress: @Sendable (UInt64) -> Void
    ) -> Fault? {
        guard let contents = contents(of: ledger) else { return nil }
        for index in contents.records.keys.sorted() {
            guard let record = contents.records[index], let leaf = try? Leaf(parsing: record.leaf),
                record.id == leaf.id, contents.ids[leaf.id] == index
            else {
                return Fault(
                    index: index,
                    kind: .columnMismatch,
                    detail: "the id is not the record's"
                )
            }
            progress(index + 1)
        }
        return nil
    }
}

extension MemoryStore.Contents {
    /// The chain before a record.
    fileprivate func chain(before index: UInt64) -> Digest {
        guard index > 0, let before = records[index - 1] else {
            return Chain.start(origin: tenant.origin)
        }
        return before.chain
    }
}

extension StoredRecord {
    fileprivate var place: PagePosition { PagePosition(occurredAt: occurredAt, index: index) }
}
