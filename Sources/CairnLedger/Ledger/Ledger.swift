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
    let store: any LedgerStore
    let signer: any CheckpointSigner
    let vault: (any CheckpointVault)?
    let clock: ServerClock
    let limits: Limits

    var clockGuard: ClockGuard
    var head: Head
    var edge: TileEdge
    var refusal: Fault?
    /// Until when other writers are thought to be at work, in milliseconds of the steady clock.
    var contendedUntil = Int64.min
    var newest: (size: UInt64, note: SignedNote)?
    var publishedSize: UInt64?
    var isSigning = false
    var waitingForSignature: [CheckedContinuation<Void, Never>] = []

    private var pool: [Waiter] = []
    private var taken: [TakenEvent] = []
    private var pooledRecords = 0
    private var pooledBytes = 0
    private var isLed = false
    var lastUsed: Int64

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
            // Before the head: another process may publish a later one in between.
            let published = try await vault?.newest(of: tenant.ledger)
            guard let head = try await store.head(of: tenant.ledger) else {
                throw StoreError.corrupt("the ledger of tenant \(tenant.name) is not in the store")
            }
            self.head = head
            edge = try await tree.edge(size: head.size)
            refusal = try await tree.contradiction(
                of: head,
                tenant: tenant,
                signer: signer,
                published: published
            )
        } catch {
            throw LedgerError(error)
        }
    }

    /// The head after the last commit of this process.
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

    /// The verifier key of the ledger's checkpoints.
    package nonisolated var verifierKey: NoteVerifierKey { signer.verifierKey(for: tenant.origin) }
}
