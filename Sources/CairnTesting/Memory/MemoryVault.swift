// SPDX-License-Identifier: Apache-2.0

package import Cairn
package import CairnLedger
internal import Synchronization

/// A checkpoint vault in memory.
package final class MemoryVault: CheckpointVault {
    private let notes = Mutex<[LedgerID: SignedNote]>([:])

    /// An empty vault.
    package init() {}

    package func newest(of ledger: LedgerID) -> SignedNote? {
        notes.withLock { $0[ledger] }
    }

    package func keep(_ note: SignedNote, of ledger: LedgerID) {
        notes.withLock { $0[ledger] = note }
    }
}
