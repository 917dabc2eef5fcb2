// SPDX-License-Identifier: Apache-2.0

package import Cairn

/// A member of a record that a query can compare.
package enum FilterKey: Hashable, Sendable {
    case type, action, category, outcome, severity, risk
    case actorID, actorType, resourceType, resourceID
    /// Type and id of one and the same resource, as ``resource(type:id:)`` joins them.
    case resource
    case ip, requestID, sessionID, externalID
    /// A member of `details`, as a dotted path.
    case details(String)
}

/// One condition: the member is one of the values.
package struct Filter: Hashable, Sendable {
    /// What is compared.
    package let key: FilterKey
    /// What it may be; for a type, a trailing `*` means a prefix.
    package let values: [String]

    /// Names a condition.
    package init(_ key: FilterKey, _ values: [String]) {
        self.key = key
        self.values = values
    }

    /// One of the resources has this type and this id.
    package static func resource(type: String, id: String) -> Filter {
        Filter(.resource, ["\(id)\u{0}\(type)"])
    }
}

/// A question to a ledger: conditions, all of which hold, and an order.
package struct RecordQuery: Hashable, Sendable {
    /// What the answer is ordered by.
    package enum Sort: UInt8, Sendable {
        case occurredAt = 0
        case index = 1
    }

    /// Conditions on members.
    package var filters: [Filter] = []
    /// Words, phrases and prefixes, all of which occur.
    package var text: TextQuery?
    /// The first instant of the caller's time.
    package var occurredFrom: Timestamp?
    /// The first instant of the caller's time that is too late.
    package var occurredTo: Timestamp?
    /// The first instant of the server's time.
    package var receivedFrom: Timestamp?
    /// The first instant of the server's time that is too late.
    package var receivedTo: Timestamp?
    /// What a record stands for, by its leaf; indexes know nothing of it.
    package var schema: Leaf.Schema?
    /// The first position.
    package var indexFrom: UInt64?
    /// The first position that is too far.
    package var indexTo: UInt64?
    /// What the answer is ordered by.
    package var sort = Sort.occurredAt
    /// Whether the newest comes first.
    package var isDescending = true

    /// Asks for everything, newest first.
    package init() {}
}

/// Where a page ended: the last record's place in the order.
package struct PagePosition: Hashable, Sendable {
    /// The last record's time.
    package let occurredAt: Timestamp
    /// The last record's index.
    package let index: UInt64

    /// Names a place.
    package init(occurredAt: Timestamp, index: UInt64) {
        self.occurredAt = occurredAt
        self.index = index
    }
}

/// A record as a query answers it, with the chain before it.
package struct FoundRecord: Sendable, Hashable {
    /// The record.
    package let record: StoredRecord
    /// The chain before the record.
    package let previousHash: Digest

    /// Joins the two.
    package init(record: StoredRecord, previousHash: Digest) {
        self.record = record
        self.previousHash = previousHash
    }
}

/// Where queries are answered.
///
/// An acknowledged record is in the next answer. Every index passes `RecordIndexConformance`.
package protocol RecordIndex: Sendable {
    /// At most `limit` records of the first `size` that match, in the query's order, after a place.
    func page(
        _ query: RecordQuery,
        in ledger: LedgerID,
        size: UInt64,
        after place: PagePosition?,
        limit: Int
    ) async throws(StoreError) -> [FoundRecord]

    /// Counts over the records whose caller's time is in a half-open range.
    func statistics(
        in ledger: LedgerID,
        from: Timestamp?,
        to: Timestamp?
    ) async throws(StoreError) -> Statistics

    /// Compares the index with the records it was made from and names the first difference.
    func check(
        in ledger: LedgerID,
        progress: @Sendable (UInt64) -> Void
    ) async throws(StoreError) -> Fault?
}
