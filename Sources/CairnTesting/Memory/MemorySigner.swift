// SPDX-License-Identifier: Apache-2.0

package import Cairn
internal import CairnLedger
internal import Synchronization

/// Signs checkpoints with a key in memory, and knows how often it did.
package final class MemorySigner: CheckpointSigner {
    private let key: NoteSigningKey
    private let count = Mutex(0)

    /// Takes the 32 bytes that the private key is made of; other seeds are other deployments.
    package init(seed: UInt8 = 7) {
        do {
            key = try NoteSigningKey(
                name: "signer.example",
                seed: Array(repeating: seed, count: 32)
            )
        } catch {
            preconditionFailure("32 bytes and a plain name are a key: \(error)")
        }
    }

    /// How many checkpoints were signed.
    package var signatures: Int { count.withLock { $0 } }

    package func verifierKey(for origin: String) -> NoteVerifierKey {
        key.named(origin).verifierKey
    }

    package func sign(_ checkpoint: Checkpoint) -> SignedNote {
        count.withLock { $0 += 1 }
        return key.named(checkpoint.origin).sign(checkpoint.text)
    }
}
