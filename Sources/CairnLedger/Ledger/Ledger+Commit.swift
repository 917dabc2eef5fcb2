// SPDX-License-Identifier: Apache-2.0

internal import Cairn

extension Ledger {
    /// How long other writers are thought to be at work after one was met, in milliseconds.
    private static let contentionMilliseconds: Int64 = 1000

    /// Sequences events and makes them durable, each with what became of it.
    func commit(_ events: [PreparedEvent]) async -> [AppendOutcome] {
        var failure = LedgerError.contended
        // Once an answer was lost, nobody may say that nothing was written.
        var lost: StoreError?
        // A conflict may come of an id that was thought fresh, so a second look takes in them all.
        for attempt in 0..<limits.attempts {
            do throws(LedgerError) {
                if let outcomes = try await tryCommit(events, isFirst: attempt == 0, &lost) {
                    return outcomes
                }
            } catch {
                failure = error
                break
            }
        }
        if let lost { failure = .indeterminate(lost) }
        return events.map { _ in .failed(failure) }
    }

    /// Sequences and commits once; returns nil when another writer was there first.
    private func tryCommit(
        _ events: [PreparedEvent],
        isFirst: Bool,
        _ lost: inout StoreError?
    ) async throws(LedgerError) -> [AppendOutcome]? {
        guard let stamp = clockGuard.stamp(clock, after: head.lastReceivedAt) else {
            throw .clockStep
        }
        do throws(StoreError) {
            let draft = Draft(
                tenant: tenant,
                events: events,
                settled: try await settle(events, looksUpFresh: !isFirst),
                receivedAt: stamp
            )
            // Whoever met another writer takes turns with it; who is alone need not ask first.
            let isAlone = isFirst && clock.continuousMilliseconds() >= contendedUntil
            let sequenced =
                try await isAlone ? commitAlone(draft, &lost) : commitInTurn(draft, &lost)
            return sequenced?.outcomes
        } catch {
            throw LedgerError(error)
        }
    }

    /// What became of those events whose ids are recorded already.
    private func settle(
        _ events: [PreparedEvent],
        looksUpFresh: Bool
    ) async throws(StoreError) -> [AppendOutcome?] {
        let known = try await lookUp(events, looksUpFresh: looksUpFresh)
        var settled: [AppendOutcome?] = []
        for event in events {
            guard let index = known[event.id] else {
                settled.append(nil)
                continue
            }
            settled.append(try await repeated(event, at: index))
        }
        return settled
    }

    private func lookUp(
        _ events: [PreparedEvent],
        looksUpFresh: Bool
    ) async throws(StoreError) -> [EventID: UInt64] {
        let ids = events.filter { looksUpFresh || !$0.isFresh }.map(\.id)
        return ids.isEmpty ? [:] : try await store.indexes(of: ids, in: tenant.ledger)
    }

    /// Commits after the head that this process knows; nil when another writer was there first.
    private func commitAlone(
        _ draft: Draft,
        _ lost: inout StoreError?
    ) async throws(StoreError) -> Draft.Sequenced? {
        let sequenced = draft.sequence(after: head, edge)
        guard !sequenced.batch.records.isEmpty else {
            // What others' answers told of may be less durable than what is told here.
            if store.isShared, try await !store.confirms(head, of: tenant.ledger) {
                try await meet()
                return nil
            }
            return sequenced
        }
        do throws(StoreError) {
            try await store.commit(sequenced.batch, expecting: head)
        } catch {
            switch error {
            case .conflict:
                try await meet()
                return nil
            case .indeterminate:
                // The answer is lost though the write may not be, so ask what is durable. Where
                // turns are taken, none is given before the write came to an end.
                lost = error
                guard try await isDurable(sequenced.batch, orElse: error) else {
                    guard store.isShared else { throw error }
                    return nil
                }
            case .unavailable, .corrupt:
                throw error
            }
        }
        adopt(sequenced.batch.head, sequenced.edge)
        return sequenced
    }

    /// Commits after whatever head is durable, which nobody moves until then.
    private func commitInTurn(
        _ draft: Draft,
        _ lost: inout StoreError?
    ) async throws(StoreError) -> Draft.Sequenced? {
        let (known, edge) = (head, edge)
        let sequenced: Draft.Sequenced?
        do throws(StoreError) {
            sequenced = try await store.commit(in: tenant.ledger, knowing: known.size) {
                durable,
                hashes in
                // Others' leaves are added to what is known, and must come to what is durable.
                var (frontier, edge) = (known.frontier, edge)
                for hash in hashes {
                    frontier.append(hash)
                    _ = edge.append(hash)
                }
                guard frontier == durable.frontier else { return nil }
                let sequenced = draft.sequence(after: durable, edge)
                return (sequenced.batch, sequenced)
            }
        } catch {
            switch error {
            case .conflict:
                try await meet()
                return nil
            case .indeterminate:
                lost = error
                // What is durable after all is found by its ids.
                do throws(StoreError) {
                    try await reload()
                } catch {
                    if case .corrupt = error { throw error }
                    throw .indeterminate(error)
                }
                return nil
            case .unavailable, .corrupt:
                throw error
            }
        }
        guard let sequenced else { throw refuse("the store's tree changed while the server ran") }
        if sequenced.after > known.size { noteOthers() }
        adopt(sequenced.batch.head, sequenced.edge)
        return sequenced
    }

    /// Takes what is durable for the ledger's, unless more is known by now.
    private func adopt(_ durable: Head, _ edge: TileEdge) {
        guard durable.size >= head.size else { return }
        (head, self.edge) = (durable, edge)
    }

    private func noteOthers() {
        contendedUntil = clock.continuousMilliseconds() + Ledger.contentionMilliseconds
    }

    /// Learns how far another writer is that was met.
    private func meet() async throws(StoreError) {
        let known = head.size
        try await reload()
        if head.size > known { noteOthers() }
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
            if try await store.confirms(batch.head, of: tenant.ledger) { return true }
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
    func reload() async throws(StoreError) {
        // While the store answers, a commit of this process may end; what was known is compared.
        let (known, knownEdge) = (head, edge)
        guard let durable = try await store.head(of: tenant.ledger), durable.size >= known.size
        else { throw refuse("the store went back while the server ran") }
        guard durable != known else { return }
        guard let edge = try await edge(from: known, knownEdge, to: durable) else {
            throw refuse("the store's tree changed while the server ran")
        }
        adopt(durable, edge)
    }

    /// The most leaves of others that are read one by one.
    private static let catchUpLimit: UInt64 = 65_536

    /// The right edge at a later head of the same tree; nil when it is of another tree.
    private func edge(
        from known: Head,
        _ edge: TileEdge,
        to durable: Head
    ) async throws(StoreError) -> TileEdge? {
        guard durable.size - known.size <= Ledger.catchUpLimit, edge.size == known.size else {
            let isSameTree = try await tree.root(size: known.size) == known.frontier.root
            return isSameTree ? try await tree.edge(size: durable.size) : nil
        }
        var (frontier, edge) = (known.frontier, edge)
        let range = known.size..<durable.size
        for hash in try await store.leafHashes(in: tenant.ledger, at: range) {
            frontier.append(hash)
            _ = edge.append(hash)
        }
        return frontier == durable.frontier ? edge : nil
    }

    /// The durable head: where others write, too, the store is asked.
    package func durableHead() async throws(LedgerError) -> Head {
        guard store.isShared else { return head }
        do throws(StoreError) {
            guard let durable = try await store.head(of: tenant.ledger) else {
                throw StoreError.corrupt("the ledger is not in the store any more")
            }
            return durable.size > head.size ? durable : head
        } catch {
            throw LedgerError(error)
        }
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
}
