// SPDX-License-Identifier: Apache-2.0

internal import Cairn

/// All ledgers of a process: opened when first used, closed when idle.
package actor Ledgers {
    private let directory: any Directory
    private let store: any LedgerStore
    private let signer: any CheckpointSigner
    private let vault: (any CheckpointVault)?
    private let clock: ServerClock
    private let limits: Ledger.Limits
    /// Begun with the process, so that a ledger opened later does not take a wrong clock for right.
    private let clockGuard: ClockGuard
    private var open: [String: Ledger] = [:]
    /// How many records the ledgers had that were closed.
    private var closed: [String: UInt64] = [:]
    private var opening: [String: [CheckedContinuation<Void, Never>]] = [:]

    /// How long a ledger may be unused before it is closed, in milliseconds.
    package static let idleMilliseconds: Int64 = 300_000

    /// Joins what every ledger of the process works with; opens none yet.
    package init(
        directory: any Directory,
        store: any LedgerStore,
        signer: any CheckpointSigner,
        vault: (any CheckpointVault)?,
        clock: ServerClock,
        limits: Ledger.Limits = Ledger.Limits()
    ) {
        self.directory = directory
        self.store = store
        self.signer = signer
        self.vault = vault
        self.clock = clock
        clockGuard = ClockGuard(clock)
        self.limits = limits
    }

    /// The ledger of a tenant; one object for all callers, opened once.
    ///
    /// - Throws: ``LedgerError/notFound`` for a tenant that does not exist.
    package func ledger(of tenant: String) async throws(LedgerError) -> Ledger {
        while true {
            if let ledger = open[tenant] { return ledger }
            guard opening[tenant] != nil else { break }
            await withCheckedContinuation { opening[tenant]?.append($0) }
        }
        opening[tenant] = []
        defer { opening.removeValue(forKey: tenant)?.forEach { $0.resume() } }
        let found: Tenant?
        do throws(StoreError) {
            found = try await directory.tenant(named: tenant)
        } catch {
            throw LedgerError(error)
        }
        guard let found else { throw .notFound }
        let ledger = try await Ledger(
            found,
            store: store,
            signer: signer,
            vault: vault,
            clock: clock,
            clockGuard: clockGuard,
            limits: limits
        )
        open[tenant] = ledger
        closed[tenant] = nil
        return ledger
    }

    /// The ledgers that are open now.
    package var openLedgers: [Ledger] { Array(open.values) }

    /// Forgets a ledger that refused writes, so that the next use opens it anew.
    package func close(tenant: String) {
        open.removeValue(forKey: tenant)
    }

    /// Counts the ledgers, and what they hold, of all that were open since the process began.
    package func census() async -> Census {
        var census = Census(records: closed.values.reduce(0, +), largest: closed.values.max() ?? 0)
        for ledger in open.values { census.add(await ledger.standing) }
        return census
    }

    /// Closes ledgers that nobody has used for a while.
    package func closeIdle() async {
        for (name, ledger) in open
        where await ledger.isIdle(forMilliseconds: Ledgers.idleMilliseconds) {
            closed[name] = await ledger.standing.records
            open.removeValue(forKey: name)
        }
    }
}
