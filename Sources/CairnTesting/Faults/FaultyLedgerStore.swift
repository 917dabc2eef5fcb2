// SPDX-License-Identifier: Apache-2.0

package import Cairn
package import CairnLedger
internal import Synchronization

/// What an injected fault says it is.
package struct InjectedFault: Error, Equatable {
    /// Makes one.
    package init() {}
}

/// When a write fails.
package enum WriteFault: String, CaseIterable, Sendable {
    /// Before anything is durable: the writer is told that nothing was written.
    case beforeWrite
    /// After it is durable: the writer is told that the answer was lost.
    case afterWrite
}

/// A write of a store or a vault that can be told to fail.
package enum FaultableWrite: String, CaseIterable, Sendable {
    case commit, keepCheckpoint, replaceHead, keepInVault
}

/// Any store, whose writes fail when they are told to and wait when they are told to.
package final class FaultyLedgerStore: LedgerStore {
    /// Where others wait until they are let through.
    private struct Gate {
        var isClosed = false
        var waiting: [CheckedContinuation<Void, Never>] = []

        /// Opens, and returns who waits.
        mutating func open() -> [CheckedContinuation<Void, Never>] {
            isClosed = false
            defer { waiting = [] }
            return waiting
        }
    }

    private struct State {
        var faults: [FaultableWrite: WriteFault] = [:]
        var failsNextHead = false
        var batchSizes: [Int] = []
        var commits = Gate()
        var reads = Gate()
    }

    private let base: any LedgerStore
    private let state = Mutex(State())

    /// Wraps a store.
    package init(_ base: any LedgerStore) {
        self.base = base
    }

    /// Makes the next write of a kind fail.
    package func failNext(_ write: FaultableWrite, _ fault: WriteFault) {
        state.withLock { $0.faults[write] = fault }
    }

    /// Makes the next look at a head fail, as while the store is out of reach.
    package func failNextHead() {
        state.withLock { $0.failsNextHead = true }
    }

    /// How many records each batch had that a commit was tried with.
    package var batchSizes: [Int] { state.withLock { $0.batchSizes } }

    /// How many commits wait at the gate.
    package var heldCommits: Int { state.withLock { $0.commits.waiting.count } }

    /// How many reads of records wait at the gate.
    package var heldReads: Int { state.withLock { $0.reads.waiting.count } }

    /// Makes commits wait until ``release()``.
    package func hold() {
        state.withLock { $0.commits.isClosed = true }
    }

    /// Makes reads of records wait until ``release()``.
    package func holdReads() {
        state.withLock { $0.reads.isClosed = true }
    }

    /// Lets all commits and reads go on.
    package func release() {
        let held = state.withLock { $0.commits.open() + $0.reads.open() }
        held.forEach { $0.resume() }
    }

    private func pass(_ gate: any WritableKeyPath<State, Gate> & Sendable) async {
        await withCheckedContinuation { continuation in
            let isOpen = state.withLock { state in
                if state[keyPath: gate].isClosed {
                    state[keyPath: gate].waiting.append(continuation)
                }
                return !state[keyPath: gate].isClosed
            }
            if isOpen { continuation.resume() }
        }
    }

    private func perform(
        _ write: FaultableWrite,
        _ body: () async throws(StoreError) -> Void
    ) async throws(StoreError) {
        switch state.withLock({ $0.faults.removeValue(forKey: write) }) {
        case .beforeWrite:
            throw .unavailable(InjectedFault())
        case .afterWrite:
            try await body()
            throw .indeterminate(InjectedFault())
        case nil:
            try await body()
        }
    }

    package func commit(_ batch: Batch, expecting head: Head) async throws(StoreError) {
        state.withLock { $0.batchSizes.append(batch.records.count) }
        // Others run meanwhile, as they do while a disk works.
        await Task.yield()
        await pass(\.commits)
        try await perform(.commit) { () async throws(StoreError) in
            try await base.commit(batch, expecting: head)
        }
    }

    package func keep(
        _ checkpoint: SignedNote,
        size: UInt64,
        in ledger: LedgerID
    ) async throws(StoreError) {
        await Task.yield()
        try await perform(.keepCheckpoint) { () async throws(StoreError) in
            try await base.keep(checkpoint, size: size, in: ledger)
        }
    }

    package func replaceHead(
        of ledger: LedgerID,
        expecting head: Head,
        with next: Head
    ) async throws(StoreError) {
        try await perform(.replaceHead) { () async throws(StoreError) in
            try await base.replaceHead(of: ledger, expecting: head, with: next)
        }
    }

    package func head(of ledger: LedgerID) async throws(StoreError) -> Head? {
        let fails = state.withLock { state in
            defer { state.failsNextHead = false }
            return state.failsNextHead
        }
        guard !fails else { throw .unavailable(InjectedFault()) }
        return try await base.head(of: ledger)
    }

    package func indexes(
        of ids: [EventID],
        in ledger: LedgerID
    ) async throws(StoreError) -> [EventID: UInt64] {
        try await base.indexes(of: ids, in: ledger)
    }

    package func records(
        in ledger: LedgerID,
        at range: Range<UInt64>,
        contents: Bool,
        upTo bytes: Int
    ) async throws(StoreError) -> [StoredRecord] {
        await pass(\.reads)
        return try await base.records(in: ledger, at: range, contents: contents, upTo: bytes)
    }

    package func leafHashes(
        in ledger: LedgerID,
        at range: Range<UInt64>
    ) async throws(StoreError) -> [Digest] {
        try await base.leafHashes(in: ledger, at: range)
    }

    package func tile(
        _ coordinate: TileCoordinate,
        in ledger: LedgerID
    ) async throws(StoreError) -> Tile? {
        try await base.tile(coordinate, in: ledger)
    }

    package func checkpoints(
        in ledger: LedgerID,
        from size: UInt64,
        limit: Int
    ) async throws(StoreError) -> [(size: UInt64, note: String)] {
        try await base.checkpoints(in: ledger, from: size, limit: limit)
    }

    package func newestCheckpoint(in ledger: LedgerID) async throws(StoreError) -> SignedNote? {
        try await base.newestCheckpoint(in: ledger)
    }

    package func damage(in ledger: LedgerID) async throws(StoreError) -> String? {
        try await base.damage(in: ledger)
    }

    package func lastIndex(in ledger: LedgerID) async throws(StoreError) -> UInt64? {
        try await base.lastIndex(in: ledger)
    }
}
