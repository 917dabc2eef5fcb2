// SPDX-License-Identifier: Apache-2.0

internal import CairnLedger
internal import Synchronization

/// What a process remembers of a database, so that it need not ask again: what never changes.
final class StoreMemory: Sendable {
    /// How many ledgers are remembered.
    private static let ledgerLimit = 256
    /// How many types, of all ledgers together.
    private static let typeLimit = 10_000

    private struct State {
        var blocks: [LedgerID: TimeBlocks] = [:]
        var types: [LedgerID: Set<String>] = [:]
        var typeCount = 0
    }

    private let state = Mutex(State())

    /// Says, once however often, that there are records to be counted.
    let due: AsyncStream<Void>
    private let signal: AsyncStream<Void>.Continuation

    init() {
        (due, signal) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Tells that there are records to be counted.
    func signalDue() {
        signal.yield()
    }

    /// The blocks of a ledger that are known.
    func blocks(of ledger: LedgerID) -> TimeBlocks {
        state.withLock { $0.blocks[ledger] } ?? TimeBlocks()
    }

    func remember(_ blocks: TimeBlocks, of ledger: LedgerID) {
        state.withLock { state in
            let known = state.blocks[ledger]
            if state.blocks.count >= Self.ledgerLimit, known == nil { state.blocks.removeAll() }
            if blocks.low.count >= known?.low.count ?? 0 { state.blocks[ledger] = blocks }
        }
    }

    /// Those of some types that are not known to be in the database.
    func unknown(_ types: Set<String>, of ledger: LedgerID) -> [String] {
        state.withLock { types.subtracting($0.types[ledger] ?? []).sorted() }
    }

    func remember(_ types: [String], of ledger: LedgerID) {
        guard !types.isEmpty else { return }
        state.withLock { state in
            if state.typeCount + types.count > Self.typeLimit {
                state.types.removeAll()
                state.typeCount = 0
            }
            state.types[ledger, default: []].formUnion(types)
            state.typeCount += types.count
        }
    }
}
