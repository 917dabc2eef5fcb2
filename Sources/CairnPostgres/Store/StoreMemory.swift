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
        var untidied = 0
        var uncounted: Set<LedgerID> = []
    }

    private let state = Mutex(State())

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

    /// Says, once however often, that there is work for ``Maintenance``.
    let due: AsyncStream<Void>
    private let signal: AsyncStream<Void>.Continuation

    init() {
        (due, signal) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Tells that there is work for ``Maintenance``.
    func signalDue() {
        signal.yield()
    }

    /// After how many records the index of terms is worth tidying, and after how many a commit does
    /// it that nobody works beside.
    private static let (tidyCount, behindCount) = (1_024, 32_768)

    /// Notes that records were added, and whether there are enough to be counted; returns whether
    /// so many were added that nobody works beside.
    func noteAdded(_ count: Int, to ledger: LedgerID, isDue: Bool) -> Bool {
        let untidied = state.withLock { state in
            state.untidied += count
            if isDue { state.uncounted.insert(ledger) }
            return state.untidied
        }
        if isDue { signalDue() }
        if untidied >= Self.tidyCount { signalDue() }
        return untidied >= Self.behindCount
    }

    /// Whether the index of terms is worth tidying; it counts as tidied then.
    func takeUntidied() -> Bool {
        state.withLock { state in
            defer { state.untidied = 0 }
            return state.untidied > 0
        }
    }

    /// The ledgers that have records to be counted; they count as counted then.
    func takeUncounted() -> Set<LedgerID> {
        state.withLock { state in
            defer { state.uncounted = [] }
            return state.uncounted
        }
    }
}
