// SPDX-License-Identifier: Apache-2.0

public import Cairn
public import CairnClient
internal import CairnLedger
internal import CairnLocal

/// What deriving a whole ledger anew says of it.
public struct EmbeddedAudit: Sendable, Hashable {
    /// How many records were looked at.
    public let checked: UInt64
    /// What was found; nothing if the ledger holds.
    public let faults: [Fault]

    /// Whether nothing was changed, removed or slipped in.
    public var holds: Bool { faults.isEmpty }
}

extension EmbeddedLedger {
    /// Derives the ledger anew from what is stored and compares.
    public func audit() async -> Result<EmbeddedAudit, ClientError> {
        let auditor = Auditor(tenant: ledger.tenant, store: store, keys: [ledger.verifierKey])
        do throws(StoreError) {
            var report = try await auditor.audit()
            if report.holds,
                let fault = try await store.check(in: ledger.tenant.ledger, progress: { _ in })
            {
                report.faults.append(fault)
            }
            if report.holds, let fault = await ledger.refusalFault { report.faults.append(fault) }
            return .success(EmbeddedAudit(checked: report.checked, faults: report.faults))
        } catch {
            return .failure(ClientError(.unavailable, "the store cannot be read", cause: error))
        }
    }
}
