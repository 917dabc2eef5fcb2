// SPDX-License-Identifier: Apache-2.0

package import Cairn

/// One tenant's append-only sequence of records.
///
/// Appends pool while a commit runs; the next commit takes all that waits. There is no timer: the
/// first caller to find the ledger idle leads, commits what is pooled until its own events are
/// settled, and hands the lead to another caller whose events still wait.
package actor Ledger {
    /// Whose ledger it is.
    package nonisolated let tenant: Tenant
    /// The ledger's tree, for proofs.
    package nonisolated let tree: StoredTree
    private let store: any LedgerStore
    private let signer: any CheckpointSigner
    private let vault: (any CheckpointVault)?
    private let clock: ServerClock
    private let limits: Limits

    private var clockGuard: ClockGuard
    private var head: Head
    private var edge: TileEdge
    private var newest: (size: UInt64, note: SignedNote)?
    private var isSigning = false
    private var waitingForSignature: [CheckedContinuation<Void, Never>] = []
    private var refusal: Fault?

    private var pool: [Waiter] = []
    private var taken: [TakenEvent] = []
    private var pooledRecords = 0
    private var pooledBytes = 0
    private var isLed = false
    private var lastUsed: Int64

    /// Opens a ledger: reads its head and right edge, and compares it with a checkpoint from
    /// outside the store, if there is one.
    ///
    /// A ledger that went back, or contradicts the checkpoint, opens but refuses writes.
    package init(
        _ tenant: Tenant,
        store: any LedgerStore,
        signer: any CheckpointSigner,
        vault: (any CheckpointVault)?,
        clock: ServerClock,
        clockGuard: ClockGuard? = nil,
        limits: Limits = Limits()
    ) async throws(LedgerError) {
        self.tenant = tenant
        self.store = store
        self.signer = signer
        self.vault = vault
        self.clock = clock
        self.limits = limits
        tree = StoredTree(store: store, ledger: tenant.ledger)
        self.clockGuard = clockGuard ?? ClockGuard(clock)
        lastUsed = clock.continuousMilliseconds()
        do throws(StoreError) {
            guard let head = try await store.head(of: tenant.ledger) else {
                throw StoreError.corrupt("the ledger of tenant \(tenant.name) is not in the store")
            }
            self.head = head
            edge = try await tree.edge(size: head.size)
            refusal = try await tree.contradiction(
                of: head,
                tenant: tenant,
                signer: signer,
                vault: vault
            )
        } catch {
            throw LedgerError(error)
        }
    }

    /// The durable head.
    package var currentHead: Head { head }

    /// How many events wait for a batch to take them.
    package var waitingEvents: Int { pooledRecords }

    /// Why the ledger takes no writes, if it takes none.
    package var refusalReason: String? { refusal?.detail }

    /// The fault for which the ledger takes no writes, if it takes none.
    package var refusalFault: Fault? { refusal }

    /// How large the ledger is and how much waits.
    package var standing: Standing {
        Standing(
            records: head.size,
            pooledRecords: pooledRecords,
            pooledBytes: pooledBytes,
            isRefusing: refusal != nil
        )
    }

    /// Whether nothing waits and nobody has used the ledger for so long.
    package func isIdle(forMilliseconds idle: Int64) -> Bool {
        !isLed && pool.isEmpty && clock.continuousMilliseconds() - lastUsed >= idle
    }

    /// Appends events and returns once each is durable, with outcomes in order of input.
    ///
    /// Cancelling the caller does not unsay an event: it may be durable already, so the call
    /// waits for its batch. A full pool is answered with ``LedgerError/overloaded`` at once.
    package func append(_ events: [PreparedEvent]) async -> [AppendOutcome] {
        lastUsed = clock.continuousMilliseconds()
        guard !events.isEmpty else { return [] }
        if let refusal { return events.map { _ in .failed(.refused(refusal.detail)) } }
        let bytes = events.reduce(0) { $0 + $1.fields.encoded.count }
        guard
            pooledRecords == 0
                || (pooledRecords + events.count <= limits.poolRecords
                    && pooledBytes + bytes <= limits.poolBytes)
        else { return events.map { _ in .failed(.overloaded) } }

        let waiter = Waiter(events)
        pool.append(waiter)
        pooledRecords += events.count
        pooledBytes += bytes
        if isLed {
            await withCheckedContinuation { waiter.continuation = $0 }
            if waiter.isSettled { return waiter.settledOutcomes }
        } else {
            isLed = true
            limits.contention.enter(tenant.ledger, at: lastUsed)
        }
        while !waiter.isSettled {
            await sequence()
        }
        handOverLead()
        return waiter.settledOutcomes
    }

    private func handOverLead() {
        guard let next = pool.first else {
            isLed = false
            limits.contention.leave(tenant.ledger, at: clock.continuousMilliseconds())
            return
        }
        wake(next)
    }

    private func wake(_ waiter: Waiter) {
        let continuation = waiter.continuation
        waiter.continuation = nil
        continuation?.resume()
    }

    /// Commits what is pooled, as far as one batch may hold it.
    private func sequence() async {
        take()
        let outcomes = await commit(taken.map { $0.event })
        for (item, outcome) in zip(taken, outcomes) {
            item.settle(outcome)
        }
        taken.removeAll(keepingCapacity: true)
        var settled: [Waiter] = []
        pool.removeAll { waiter in
            guard waiter.isSettled else { return false }
            settled.append(waiter)
            return true
        }
        settled.forEach(wake)
    }

    private func take() {
        let most = limits.contention.batchRecords(
            alone: limits.batchRecords,
            at: clock.continuousMilliseconds()
        )
        var bytes = 0
        for waiter in pool {
            while waiter.taken < waiter.events.count {
                let size = waiter.events[waiter.taken].fields.encoded.count
                guard
                    taken.isEmpty
                        || (taken.count < most && bytes + size <= limits.batchBytes)
                else { return }
                taken.append(TakenEvent(waiter: waiter, position: waiter.taken))
                waiter.taken += 1
                bytes += size
                pooledRecords -= 1
                pooledBytes -= size
            }
        }
    }

    private func commit(_ events: [PreparedEvent]) async -> [AppendOutcome] {
        var failure = LedgerError.contended
        // A conflict may come of an id that was thought fresh, so a second look takes in them all.
        for attempt in 0..<limits.attempts {
            do throws(LedgerError) {
                if let outcomes = try await tryCommit(events, looksUpFresh: attempt > 0) {
                    return outcomes
                }
            } catch {
                failure = error
                break
            }
        }
        return events.map { _ in .failed(failure) }
    }

    /// Sequences and commits once; returns nil when another writer was there first.
    private func tryCommit(
        _ events: [PreparedEvent],
        looksUpFresh: Bool
    ) async throws(LedgerError) -> [AppendOutcome]? {
        let known: [EventID: UInt64]
        do throws(StoreError) {
            known = try await lookUp(events, looksUpFresh: looksUpFresh)
        } catch {
            throw LedgerError(error)
        }
        guard let stamp = clockGuard.stamp(clock, after: head.lastReceivedAt) else {
            throw .clockStep
        }
        do throws(StoreError) {
            var outcomes: [AppendOutcome] = []
            var sequencing = Sequencing(
                after: head,
                edge: edge,
                tenant: tenant,
                receivedAt: stamp
            )
            var placed: [EventID: (event: PreparedEvent, receipt: Receipt)] = [:]
            for event in events {
                if let index = known[event.id] {
                    outcomes.append(try await repeated(event, at: index))
                } else if let first = placed[event.id] {
                    let isSame = event.isRepeat(of: first.event.fields)
                    outcomes.append(isSame ? .known(first.receipt) : .conflict(first.receipt))
                } else {
                    let receipt = sequencing.append(event)
                    if !event.isFresh { placed[event.id] = (event, receipt) }
                    outcomes.append(.recorded(receipt))
                }
            }
            return try await commit(sequencing) ? outcomes : nil
        } catch {
            throw LedgerError(error)
        }
    }

    private func lookUp(
        _ events: [PreparedEvent],
        looksUpFresh: Bool
    ) async throws(StoreError) -> [EventID: UInt64] {
        let ids = events.filter { looksUpFresh || !$0.isFresh }.map(\.id)
        return ids.isEmpty ? [:] : try await store.indexes(of: ids, in: tenant.ledger)
    }

    /// Commits what was sequenced; returns false when another writer was there first.
    private func commit(_ sequencing: Sequencing) async throws(StoreError) -> Bool {
        let (batch, edge) = sequencing.finish()
        guard !batch.records.isEmpty else { return true }
        do throws(StoreError) {
            try await store.commit(batch, expecting: head)
        } catch {
            switch error {
            case .conflict:
                try await reload()
                return false
            case .indeterminate:
                // The answer is lost though the write may not be, so ask what is durable.
                guard try await isDurable(batch, orElse: error) else { throw error }
            case .unavailable, .corrupt:
                throw error
            }
        }
        head = batch.head
        self.edge = edge
        return true
    }

    /// Whether a batch of which the answer was lost is the store's newest.
    ///
    /// While the store cannot be asked, the answer stays lost: `lost` is thrown again, because
    /// "unavailable" would say that nothing was written.
    private func isDurable(
        _ batch: Batch,
        orElse lost: StoreError
    ) async throws(StoreError) -> Bool {
        do throws(StoreError) {
            if try await store.head(of: tenant.ledger) == batch.head { return true }
            try await reload()
            return false
        } catch {
            if case .corrupt = error { throw error }
            throw lost
        }
    }

    /// Takes the store's head for the ledger's, after another writer moved it.
    ///
    /// A head that is not a later one of the same tree is refused, and every write after it.
    private func reload() async throws(StoreError) {
        guard let durable = try await store.head(of: tenant.ledger),
            durable.size >= head.size
        else { throw refuse("the store went back while the server ran") }
        let isSameTree =
            durable.size == head.size
            ? durable.frontier == head.frontier
            : try await tree.root(size: head.size) == head.frontier.root
        guard isSameTree else { throw refuse("the store's tree changed while the server ran") }
        edge = try await tree.edge(size: durable.size)
        head = durable
    }

    private func refuse(_ reason: String) -> StoreError {
        refusal = Fault(index: head.size, kind: .forked, detail: reason)
        return .corrupt(reason)
    }

    /// What to say of an event whose id is recorded already.
    private func repeated(
        _ event: PreparedEvent,
        at index: UInt64
    ) async throws(StoreError) -> AppendOutcome {
        let first = index == 0 ? index : index - 1
        let records = try await store.records(
            in: tenant.ledger,
            at: first..<index + 1,
            contents: true
        )
        guard let record = records.last, record.index == index,
            let leaf = try? Leaf(parsing: record.leaf)
        else { throw StoreError.corrupt("record \(index) is not in the store") }
        let receipt = Receipt(
            id: record.id,
            index: index,
            receivedAt: leaf.receivedAt,
            leafHash: record.leafHash,
            previousHash: index == 0 ? Chain.start(origin: tenant.origin) : records[0].chain,
            hash: record.chain,
            origin: tenant.origin
        )
        guard let payload = record.payload else { return .contentUnavailable(receipt) }
        return event.isRepeat(of: payload.fields) ? .known(receipt) : .conflict(receipt)
    }

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
        let head = head
        let checkpoint = Checkpoint(
            origin: tenant.origin,
            size: head.size,
            root: head.frontier.root
        )
        if let newest, newest.size == head.size { return (checkpoint, newest.note) }
        isSigning = true
        defer {
            isSigning = false
            waitingForSignature.forEach { $0.resume() }
            waitingForSignature = []
        }
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

    private var publishedSize: UInt64?

    /// The verifier key of the ledger's checkpoints.
    package nonisolated var verifierKey: NoteVerifierKey { signer.verifierKey(for: tenant.origin) }
}
