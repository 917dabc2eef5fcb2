// SPDX-License-Identifier: Apache-2.0

package import Cairn

extension Ledger {
    /// A signed checkpoint that covers every record acknowledged before the call.
    ///
    /// At most one is signed for each head; it is kept before it is given out.
    package func checkpoint() async throws(LedgerError) -> (
        checkpoint: Checkpoint, note: SignedNote
    ) {
        lastUsed = clock.continuousMilliseconds()
        while isSigning {
            await withCheckedContinuation { waitingForSignature.append($0) }
        }
        if let refusal { throw .refused(refusal.detail) }
        isSigning = true
        defer {
            isSigning = false
            waitingForSignature.forEach { $0.resume() }
            waitingForSignature = []
        }
        if store.isShared {
            do throws(StoreError) {
                try await reload()
            } catch {
                throw LedgerError(error)
            }
        }
        let head = head
        let checkpoint = Checkpoint(
            origin: tenant.origin,
            size: head.size,
            root: head.frontier.root
        )
        if let newest, newest.size == head.size { return (checkpoint, newest.note) }
        do throws(StoreError) {
            let note = try await signer.sign(checkpoint)
            try await store.keep(note, size: head.size, in: tenant.ledger)
            if newest.map({ $0.size < head.size }) ?? true {
                newest = (head.size, note)
            }
            return (checkpoint, note)
        } catch {
            throw LedgerError(error)
        }
    }

    /// Signs what is durable and keeps the checkpoint outside the store, if the head has moved.
    package func publish() async throws(LedgerError) {
        guard refusal == nil, newest?.size != head.size || publishedSize != head.size else {
            return
        }
        let (checkpoint, note) = try await checkpoint()
        guard let vault, publishedSize.map({ $0 < checkpoint.size }) ?? true else { return }
        do throws(StoreError) {
            try await vault.keep(note, of: tenant.ledger)
        } catch {
            throw LedgerError(error)
        }
        publishedSize = checkpoint.size
    }
}
