// SPDX-License-Identifier: Apache-2.0

package import Cairn
package import CairnLedger

extension Tenant {
    /// A tenant for tests that need one.
    package static let example = numbered(0)
    /// A tenant for tests that need another.
    package static let other = numbered(1)

    /// One of many tenants.
    package static func numbered(_ number: UInt64) -> Tenant {
        var generator = SeededGenerator(seed: number)
        let ledger = LedgerID(using: &generator)
        return Tenant(
            name: "tenant-\(number)",
            ledger: ledger,
            origin: "cairn.example/\(ledger)",
            createdAt: Timestamp(milliseconds: 1_769_000_000_000)
        )
    }
}

extension StoreError {
    /// Whether another writer was first.
    package var isConflict: Bool {
        if case .conflict = self { true } else { false }
    }

    /// Whether the store says that nothing was written.
    package var isUnavailable: Bool {
        if case .unavailable = self { true } else { false }
    }

    /// Whether the answer was lost.
    package var isIndeterminate: Bool {
        if case .indeterminate = self { true } else { false }
    }
}

extension StoredRecord {
    /// The record with some of its parts replaced, as tampering leaves it.
    package func replacing(
        index: UInt64? = nil,
        leaf: [UInt8]? = nil,
        leafHash: Digest? = nil,
        chain: Digest? = nil,
        id: EventID? = nil,
        occurredAt: Timestamp? = nil,
        payload: Payload?? = nil
    ) -> StoredRecord {
        StoredRecord(
            index: index ?? self.index,
            leaf: leaf ?? self.leaf,
            leafHash: leafHash ?? self.leafHash,
            chain: chain ?? self.chain,
            id: id ?? self.id,
            occurredAt: occurredAt ?? self.occurredAt,
            payload: payload ?? self.payload
        )
    }
}

extension Head {
    /// The head with some of its parts replaced.
    package func replacing(
        frontier: Frontier? = nil,
        chain: Digest? = nil,
        lastReceivedAt: Int64? = nil,
        epoch: Int64? = nil
    ) -> Head {
        Head(
            frontier: frontier ?? self.frontier,
            chain: chain ?? self.chain,
            lastReceivedAt: lastReceivedAt ?? self.lastReceivedAt,
            epoch: epoch ?? self.epoch
        )
    }
}
