// SPDX-License-Identifier: Apache-2.0

package import Cairn

/// Signs checkpoints with the deployment's one key.
package protocol CheckpointSigner: Sendable {
    /// The verifier key under the name of a ledger's origin.
    func verifierKey(for origin: String) -> NoteVerifierKey
    /// Signs the text of a checkpoint as its origin.
    func sign(_ checkpoint: Checkpoint) async throws(StoreError) -> SignedNote
}

/// Keeps the newest checkpoint of each ledger outside the store, so that a store that went back
/// is noticed.
package protocol CheckpointVault: Sendable {
    /// The newest checkpoint kept of a ledger, or nil.
    func newest(of ledger: LedgerID) async throws(StoreError) -> SignedNote?
    /// Keeps a checkpoint durably in place of the one before.
    func keep(_ note: SignedNote, of ledger: LedgerID) async throws(StoreError)
}
