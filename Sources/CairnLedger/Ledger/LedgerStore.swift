// SPDX-License-Identifier: Apache-2.0

package import Cairn

/// Where ledgers' records live.
///
/// A store is a dumb, durable place. It hashes nothing and decides nothing: ``Ledger`` computes
/// the next ``Head``, and the store makes that head and its records durable together or not at
/// all. Every store passes `LedgerStoreConformance`; that suite, not this comment, is the contract.
package protocol LedgerStore: Sendable {
    /// Whether other processes may write to it, too, so that a head is only as new as the answer.
    var isShared: Bool { get }

    /// The durable head of a ledger, or nil for a ledger that was never created.
    func head(of ledger: LedgerID) async throws(StoreError) -> Head?

    /// Makes a batch durable, provided that `head` is still the ledger's whole head.
    ///
    /// On return the records and the new head survive the loss of power. If another writer got
    /// there first, or an id of the batch is recorded already, nothing is written and the store
    /// throws ``StoreError/conflict``.
    func commit(_ batch: Batch, expecting head: Head) async throws(StoreError)

    /// Makes the batch durable that `make` sequences after the durable head, which nobody moves
    /// meanwhile.
    ///
    /// `make` is given that head and the hashes of the leaves from `size` on. When it returns nil,
    /// nothing is written, and the result is nil. What throws is as in ``commit(_:expecting:)``.
    func commit<Sequenced: Sendable>(
        in ledger: LedgerID,
        knowing size: UInt64,
        _ make: @Sendable (Head, [Digest]) -> (batch: Batch, sequenced: Sequenced)?
    ) async throws(StoreError) -> Sequenced?

    /// Whether a head is the durable one, as durable as a commit that was answered: where a commit
    /// waits for copies, so does this.
    func confirms(_ head: Head, of ledger: LedgerID) async throws(StoreError) -> Bool

    /// Where those of `ids` are that are recorded; the others are absent.
    func indexes(
        of ids: [EventID],
        in ledger: LedgerID
    ) async throws(StoreError) -> [EventID: UInt64]

    /// The records at `range`, in order, to the one with which their leaves and contents have
    /// `bytes` bytes. Records that do not exist are absent from the result.
    func records(
        in ledger: LedgerID,
        at range: Range<UInt64>,
        contents: Bool,
        upTo bytes: Int
    ) async throws(StoreError) -> [StoredRecord]

    /// The hashes of the leaves at `range`, in order, as far as they exist.
    func leafHashes(
        in ledger: LedgerID,
        at range: Range<UInt64>
    ) async throws(StoreError) -> [Digest]

    /// A full tile, or nil if it is not complete.
    func tile(
        _ coordinate: TileCoordinate,
        in ledger: LedgerID
    ) async throws(StoreError) -> Tile?

    /// The full tiles of one level at `range`, in order, to the first that is not complete.
    func tiles(
        level: Int,
        at range: Range<UInt64>,
        in ledger: LedgerID
    ) async throws(StoreError) -> [Tile]

    /// Keeps a signed checkpoint; the same size again replaces nothing.
    func keep(_ checkpoint: SignedNote, size: UInt64, in ledger: LedgerID) async throws(StoreError)

    /// The signed checkpoints of at least `size`, by size, at most `limit`.
    func checkpoints(
        in ledger: LedgerID,
        from size: UInt64,
        limit: Int
    ) async throws(StoreError) -> [(size: UInt64, note: String)]

    /// The newest signed checkpoint.
    func newestCheckpoint(in ledger: LedgerID) async throws(StoreError) -> SignedNote?

    /// The highest index that has an entry, or nil for none; more than the head counts is a fault.
    func lastIndex(in ledger: LedgerID) async throws(StoreError) -> UInt64?

    /// Says how the store's own ways to a ledger's records differ from the records, if they do.
    ///
    /// A store that finds a record by more than one way compares them all here.
    func damage(in ledger: LedgerID) async throws(StoreError) -> String?

    /// Replaces the head by one with a new epoch after an accepted restore.
    func replaceHead(
        of ledger: LedgerID,
        expecting head: Head,
        with next: Head
    ) async throws(StoreError)
}

extension LedgerStore {
    /// A store of one process.
    package var isShared: Bool { false }

    /// A store without copies has nothing to wait for.
    package func confirms(_ head: Head, of ledger: LedgerID) async throws(StoreError) -> Bool {
        try await self.head(of: ledger) == head
    }

    /// In a store of one process, nobody else can move the head.
    package func commit<Sequenced: Sendable>(
        in ledger: LedgerID,
        knowing size: UInt64,
        _ make: @Sendable (Head, [Digest]) -> (batch: Batch, sequenced: Sequenced)?
    ) async throws(StoreError) -> Sequenced? {
        guard let head = try await head(of: ledger) else {
            throw .corrupt("the ledger does not exist")
        }
        let range = min(size, head.size)..<head.size
        let hashes = try await leafHashes(in: ledger, at: range)
        guard let (batch, sequenced) = make(head, hashes) else { return nil }
        if !batch.records.isEmpty { try await commit(batch, expecting: head) }
        return sequenced
    }

    /// Where a tile costs no round trip, one after another.
    package func tiles(
        level: Int,
        at range: Range<UInt64>,
        in ledger: LedgerID
    ) async throws(StoreError) -> [Tile] {
        var tiles: [Tile] = []
        for index in range {
            let coordinate = TileCoordinate(level: level, index: index)
            guard let tile = try await tile(coordinate, in: ledger) else { break }
            tiles.append(tile)
        }
        return tiles
    }

    /// A store with one way to a record has nothing to compare.
    package func damage(in ledger: LedgerID) async throws(StoreError) -> String? {
        nil
    }
}

extension LedgerStore {
    /// The records at `range`, in order, however large they are.
    package func records(
        in ledger: LedgerID,
        at range: Range<UInt64>,
        contents: Bool
    ) async throws(StoreError) -> [StoredRecord] {
        try await records(in: ledger, at: range, contents: contents, upTo: .max)
    }
}
