// SPDX-License-Identifier: Apache-2.0

package import Cairn
package import CairnLedger
internal import Synchronization

/// Any vault, whose next keep fails when it is told to.
package final class FaultyVault: CheckpointVault {
    private let base: any CheckpointVault
    private let fault = Mutex<WriteFault?>(nil)

    /// Wraps a vault.
    package init(_ base: any CheckpointVault) {
        self.base = base
    }

    /// Makes the next keep fail.
    package func failNext(_ fault: WriteFault) {
        self.fault.withLock { $0 = fault }
    }

    package func newest(of ledger: LedgerID) async throws(StoreError) -> SignedNote? {
        try await base.newest(of: ledger)
    }

    package func keep(_ note: SignedNote, of ledger: LedgerID) async throws(StoreError) {
        let next = fault.withLock { fault in
            defer { fault = nil }
            return fault
        }
        switch next {
        case .beforeWrite:
            throw .unavailable(InjectedFault())
        case .afterWrite:
            try await base.keep(note, of: ledger)
            throw .indeterminate(InjectedFault())
        case nil:
            try await base.keep(note, of: ledger)
        }
    }
}
