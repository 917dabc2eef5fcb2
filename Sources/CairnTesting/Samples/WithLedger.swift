// SPDX-License-Identifier: Apache-2.0

internal import Cairn
package import CairnLedger

/// A ledger and all it was opened with.
package struct LedgerSetting: Sendable {
    /// The ledger.
    package let ledger: Ledger
    /// Where its records are.
    package let memory: MemoryStore
    /// The same store, as the ledger sees it: with faults.
    package let store: FaultyLedgerStore
    /// Where its checkpoints are kept.
    package let vault: FaultyVault
    /// Who signs them.
    package let signer: MemorySigner
    /// The clock that stamps records.
    package let clock: ManualClock
    /// Whose ledger it is.
    package let tenant: Tenant

    /// Opens another object over the same store, as a restart or a second server does.
    package func reopened(limits: Ledger.Limits = Ledger.Limits()) async throws -> Ledger {
        try await Ledger(
            tenant,
            store: store,
            signer: signer,
            vault: vault,
            clock: clock.server,
            limits: limits
        )
    }

    /// Audits the whole ledger, against the signer's key.
    package func audit(_ scope: AuditScope = AuditScope()) async throws -> AuditReport {
        try await Auditor(
            tenant: tenant,
            store: memory,
            keys: [signer.verifierKey(for: tenant.origin)]
        ).audit(scope)
    }
}

/// Runs `body` with an empty ledger in memory.
package func withLedger<Result>(
    limits: Ledger.Limits = Ledger.Limits(),
    tenant: Tenant = .example,
    _ body: (LedgerSetting) async throws -> Result
) async throws -> Result {
    let memory = MemoryStore()
    try memory.create(tenant)
    let store = FaultyLedgerStore(memory)
    let (vault, signer, clock) = (FaultyVault(MemoryVault()), MemorySigner(), ManualClock())
    let ledger = try await Ledger(
        tenant,
        store: store,
        signer: signer,
        vault: vault,
        clock: clock.server,
        limits: limits
    )
    return try await body(
        LedgerSetting(
            ledger: ledger,
            memory: memory,
            store: store,
            vault: vault,
            signer: signer,
            clock: clock,
            tenant: tenant
        )
    )
}
