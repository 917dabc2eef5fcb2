// SPDX-License-Identifier: Apache-2.0

internal import Cairn
internal import CairnLedger
internal import Synchronization

/// A durable record that is not merged into the index yet, with the terms it is found by.
struct PendingRecord: Sendable {
    let place: Int64
    let chain: Digest
    let occurredAt: Int64
    let terms: [UInt8]
    let fields: Fields

    /// Makes the terms of records, on the caller's thread.
    static func make(_ records: [StoredRecord], ledger: Int64) -> [PendingRecord] {
        let maker = RecordTerms(prefix: LocalStore.termPrefix(ledger))
        return records.map { record in
            var terms: [UInt8] = []
            let fields = record.payload?.fields ?? Fields()
            terms.reserveCapacity(2 * fields.encoded.count)
            maker.append(of: fields, to: &terms)
            return PendingRecord(
                place: Place.of(ledger, record.index),
                chain: record.chain,
                occurredAt: record.occurredAt.nanoseconds,
                terms: terms,
                fields: fields
            )
        }
    }
}

extension LocalStore {
    /// What the terms of a ledger begin with, by which ledgers are apart in one index.
    static func termPrefix(_ ledger: Int64) -> String {
        String(ledger)
    }
}

/// The newest records of all ledgers, until they are merged into the index.
final class Tail: Sendable {
    /// How many records wait before they are merged while commits are small, as a query looks at
    /// each of them.
    static let mergeCount = 512

    /// How many records wait at most while commits are large: merging more at once is cheaper.
    static let largeMergeCount = 4096

    /// How many may wait before commits wait for a merge.
    static let waitCount = 8_192

    /// How many may wait while merging fails before commits are refused.
    static let limitCount = 65_536

    /// Whether it is time to merge, after a commit of so many records.
    func isDue(afterCommitOf records: Int) -> Bool {
        count >= min(Tail.largeMergeCount, max(Tail.mergeCount, 16 * records))
    }

    private struct State {
        var records: [Int64: [PendingRecord]] = [:]
        var count = 0
        var isMerging = false
    }

    private let state = Mutex(State())

    /// How many records wait, in all ledgers.
    var count: Int { state.withLock { $0.count } }

    /// Whether the caller is to merge, because nobody else is about to.
    func beginMerge() -> Bool {
        state.withLock { state in
            defer { state.isMerging = true }
            return !state.isMerging
        }
    }

    /// Lets the next merge begin.
    func endMerge() {
        state.withLock { $0.isMerging = false }
    }

    /// Adds records of one ledger, in order.
    func add(_ pending: [PendingRecord]) {
        guard let first = pending.first else { return }
        state.withLock { state in
            state.records[first.place >> Place.indexBits, default: []] += pending
            state.count += pending.count
        }
    }

    /// The records of a ledger that wait now, in order.
    func records(of ledger: Int64) -> [PendingRecord] {
        state.withLock { $0.records[ledger] ?? [] }
    }

    /// All that waits now, in order of place.
    func all() -> [PendingRecord] {
        state.withLock { state in
            state.records.sorted { $0.key < $1.key }.flatMap(\.value)
        }
    }

    /// Forgets records that are merged: the first ones of their ledgers.
    func remove(_ merged: [PendingRecord]) {
        state.withLock { state in
            var counts: [Int64: Int] = [:]
            for record in merged {
                counts[record.place >> Place.indexBits, default: 0] += 1
            }
            for (ledger, count) in counts {
                guard let records = state.records[ledger] else { continue }
                let rest = records.dropFirst(count)
                state.records[ledger] = rest.isEmpty ? nil : Array(rest)
                state.count -= records.count - rest.count
            }
        }
    }
}
