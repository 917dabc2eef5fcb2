// SPDX-License-Identifier: Apache-2.0

package import Cairn
package import CairnLedger
internal import Synchronization

/// Ledgers, index and directory in memory: plain, slow, and right.
///
/// Every answer comes of a scan, so that other stores can be compared with it.
package final class MemoryStore: Sendable {
    /// One ledger, open to whoever wants to tamper with it.
    package struct Contents: Sendable {
        /// Whose ledger it is.
        package var tenant: Tenant
        /// The durable head.
        package var head: Head
        /// The records by index.
        package var records: [UInt64: StoredRecord] = [:]
        /// Where each id is.
        package var ids: [EventID: UInt64] = [:]
        /// The full tiles.
        package var tiles: [TileCoordinate: Tile] = [:]
        /// The signed checkpoints by size.
        package var checkpoints: [UInt64: String] = [:]
    }

    private let ledgers = Mutex<[LedgerID: Contents]>([:])
    private let values = Mutex<[String: [UInt8]]>([:])
    let keyring = Mutex(MemoryKeys())
    let replays = Mutex<[Digest: MemoryReplay]>([:])

    /// A store without ledgers.
    package init() {}

    /// Changes what is stored behind the ledger's back, for tests of what then notices.
    package func tamper(with ledger: LedgerID, _ change: (inout Contents) -> Void) {
        ledgers.withLock { ledgers in
            guard var contents = ledgers[ledger] else {
                preconditionFailure("only a ledger that exists can be tampered with")
            }
            change(&contents)
            ledgers[ledger] = contents
        }
    }

    /// What is stored of a ledger, or nil.
    package func contents(of ledger: LedgerID) -> Contents? {
        ledgers.withLock { $0[ledger] }
    }

    fileprivate func change(
        _ ledger: LedgerID,
        _ body: (inout Contents) throws(StoreError) -> Void
    ) throws(StoreError) {
        let result = ledgers.withLock { ledgers -> Result<Void, StoreError> in
            guard var contents = ledgers[ledger] else { return .failure(.conflict) }
            do throws(StoreError) {
                try body(&contents)
            } catch {
                return .failure(error)
            }
            ledgers[ledger] = contents
            return .success(())
        }
        try result.get()
    }
}

extension MemoryStore: LedgerStore {
    package func head(of ledger: LedgerID) -> Head? {
        contents(of: ledger)?.head
    }

    package func commit(_ batch: Batch, expecting head: Head) throws(StoreError) {
        try change(batch.ledger) { contents throws(StoreError) in
            guard contents.head == head else { throw .conflict }
            for record in batch.records {
                guard contents.ids.updateValue(record.index, forKey: record.id) == nil,
                    contents.records.updateValue(record, forKey: record.index) == nil
                else { throw .conflict }
            }
            for (coordinate, tile) in batch.tiles {
                contents.tiles[coordinate] = tile
            }
            contents.head = batch.head
        }
    }

    package func indexes(of ids: [EventID], in ledger: LedgerID) -> [EventID: UInt64] {
        let known = contents(of: ledger)?.ids ?? [:]
        return known.filter { ids.contains($0.key) }
    }

    package func records(
        in ledger: LedgerID,
        at range: Range<UInt64>,
        contents: Bool,
        upTo bytes: Int
    ) -> [StoredRecord] {
        guard let stored = self.contents(of: ledger)?.records else { return [] }
        var sum = 0
        let found = stored.inOrder(range).prefix { record in
            guard sum < bytes else { return false }
            sum += record.leaf.count + (contents ? record.payload?.fields.byteCount ?? 0 : 0)
            return true
        }
        return contents ? Array(found) : found.map { $0.replacing(payload: .some(nil)) }
    }

    package func leafHashes(in ledger: LedgerID, at range: Range<UInt64>) -> [Digest] {
        contents(of: ledger)?.records.inOrder(range).map(\.leafHash) ?? []
    }

    package func tile(_ coordinate: TileCoordinate, in ledger: LedgerID) -> Tile? {
        contents(of: ledger)?.tiles[coordinate]
    }

    package func keep(
        _ checkpoint: SignedNote,
        size: UInt64,
        in ledger: LedgerID
    ) throws(StoreError) {
        try change(ledger) { contents throws(StoreError) in
            guard contents.checkpoints[size] == nil else { return }
            contents.checkpoints[size] = checkpoint.encoded
        }
    }

    package func checkpoints(
        in ledger: LedgerID,
        from size: UInt64,
        limit: Int
    ) -> [(size: UInt64, note: String)] {
        let stored = contents(of: ledger)?.checkpoints ?? [:]
        let found = stored.filter { $0.key >= size }.sorted { $0.key < $1.key }
        return found.prefix(limit).map { (size: $0.key, note: $0.value) }
    }

    package func newestCheckpoint(in ledger: LedgerID) throws(StoreError) -> SignedNote? {
        guard let stored = contents(of: ledger)?.checkpoints,
            let newest = stored.max(by: { $0.key < $1.key })
        else { return nil }
        do {
            return try SignedNote(parsing: newest.value)
        } catch {
            throw .corrupt("checkpoint \(newest.key) is not a signed note")
        }
    }

    package func lastIndex(in ledger: LedgerID) -> UInt64? {
        contents(of: ledger)?.records.keys.max()
    }

    package func replaceHead(
        of ledger: LedgerID,
        expecting head: Head,
        with next: Head
    ) throws(StoreError) {
        try change(ledger) { contents throws(StoreError) in
            guard contents.head == head else { throw .conflict }
            contents.head = next
        }
    }
}

extension [UInt64: StoredRecord] {
    /// The records of a range, by index.
    fileprivate func inOrder(_ range: Range<UInt64>) -> [StoredRecord] {
        guard range.count > count else { return range.compactMap { self[$0] } }
        return keys.filter(range.contains).sorted().compactMap { self[$0] }
    }
}

extension MemoryStore: Directory {
    package func value(_ key: String) -> [UInt8]? {
        values.withLock { $0[key] }
    }

    package func keep(_ value: [UInt8], as key: String) {
        values.withLock { values in
            if values[key] == nil { values[key] = value }
        }
    }

    package func tenant(named name: String) -> Tenant? {
        tenants().first { $0.name.utf8.elementsEqual(name.utf8) }
    }

    package func tenants() -> [Tenant] {
        ledgers.withLock { $0.values.map(\.tenant) }.sorted {
            $0.name.utf8.lexicographicallyPrecedes($1.name.utf8)
        }
    }

    package func create(_ tenant: Tenant) throws(StoreError) {
        let isNew = ledgers.withLock { ledgers in
            guard ledgers[tenant.ledger] == nil,
                !ledgers.values.contains(where: { $0.tenant.name == tenant.name })
            else { return false }
            ledgers[tenant.ledger] = Contents(
                tenant: tenant,
                head: .empty(origin: tenant.origin)
            )
            return true
        }
        guard isNew else { throw .conflict }
    }
}
