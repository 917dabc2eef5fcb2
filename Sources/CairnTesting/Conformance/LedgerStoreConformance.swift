// SPDX-License-Identifier: Apache-2.0

internal import Cairn
package import CairnLedger
internal import Testing

/// A store under test: ledgers, and the directory that creates them.
package typealias LedgerStoreUnderTest = LedgerStore & Directory

/// One thing every ledger store must do, as an argument for a parameterised test.
///
/// A store is finished when its own test target runs ``all`` against it and every case passes.
/// The cases speak only of the port, so they know nothing of SQL, of buckets, or of time.
package struct LedgerStoreConformance: Sendable, CustomTestStringConvertible {
    /// The promise, as a sentence.
    package let testDescription: String
    /// Checks the promise against a fresh, empty store.
    package let check: @Sendable (any LedgerStoreUnderTest) async throws -> Void

    /// States a promise and how it is checked.
    package init(
        _ testDescription: String,
        check: @escaping @Sendable (any LedgerStoreUnderTest) async throws -> Void
    ) {
        self.testDescription = testDescription
        self.check = check
    }

    /// Every promise a store makes.
    package static let all: [LedgerStoreConformance] =
        heads + refusals + reads + edges + checkpoints

    // MARK: Heads and commits

    private static let heads: [LedgerStoreConformance] = [
        .init("An unknown ledger has no head") { store in
            let head = try await store.head(of: Tenant.example.ledger)
            #expect(head == nil)
        },
        .init("A ledger that was created has the empty head of its origin") { store in
            try await store.create(.example)
            let head = try await store.head(of: Tenant.example.ledger)
            #expect(head == .empty(origin: Tenant.example.origin))
        },
        .init("A committed batch is read back whole, and its head is the ledger's") { store in
            try await store.create(.example)
            var reference = ReferenceLedger()
            var sampler = EventSampler(seed: 1)
            for count in [1, 2, 7, 40] {
                let before = reference.head
                let batch = reference.append(
                    sampler.prepared(count),
                    receivedAt: ManualClock.start.advanced(byMilliseconds: Int64(count))
                )
                try await store.commit(batch, expecting: before)
                let head = try await store.head(of: reference.tenant.ledger)
                #expect(head == reference.head)
            }
            try await expect(store, holds: reference)
        },
        .init("A batch of more than a thousand records is one commit") { store in
            try await store.create(.example)
            var reference = ReferenceLedger()
            var sampler = EventSampler(seed: 2)
            let batch = reference.append((0..<1024).map { _ in sampler.small() })
            try await store.commit(batch, expecting: .empty(origin: Tenant.example.origin))
            try await expect(store, holds: reference)
        },
        .init("Of two writers that expect the same head one wins, and the other is told") { store in
            try await store.create(.example)
            for round in 0..<8 {
                let head = try await currentHead(store)
                let won = try await withThrowingTaskGroup(of: Bool.self) { group in
                    for rival in 0..<4 {
                        group.addTask {
                            try await offer(store, after: head, seed: UInt64(round * 4 + rival))
                        }
                    }
                    return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
                }
                #expect(won == 1, "round \(round)")
            }
            let head = try await store.head(of: Tenant.example.ledger)
            let records = try await store.records(
                in: Tenant.example.ledger,
                at: 0..<99,
                contents: true
            )
            #expect(head?.size == 8)
            #expect(records.map(\.index) == Array(0..<8))
        },
    ]

    private static func currentHead(_ store: any LedgerStoreUnderTest) async throws -> Head {
        let head = try await store.head(of: Tenant.example.ledger)
        return try #require(head)
    }

    /// Offers a record for a head that somebody else may move, and says whether it was taken.
    private static func offer(
        _ store: any LedgerStoreUnderTest,
        after head: Head,
        seed: UInt64
    ) async throws -> Bool {
        var sampler = EventSampler(seed: 1000 + seed)
        let event = sampler.prepared()
        let leaf = Leaf(
            origin: Tenant.example.origin,
            index: head.size,
            id: event.id,
            receivedAt: ManualClock.start,
            schema: .event,
            retentionClass: .standard,
            record: event.digest
        )
        let hash = Digest.leaf(leaf.bytes)
        let chain = Chain.next(head.chain, leafHash: hash)
        var frontier = head.frontier
        frontier.append(hash)
        let record = StoredRecord(
            index: head.size,
            leaf: leaf.bytes,
            leafHash: hash,
            chain: chain,
            id: event.id,
            occurredAt: event.occurredAt,
            payload: Payload(seed: event.seed, fields: event.fields)
        )
        let next = head.replacing(
            frontier: frontier,
            chain: chain,
            lastReceivedAt: ManualClock.start.milliseconds
        )
        let batch = Batch(
            ledger: Tenant.example.ledger,
            records: [record],
            tiles: [],
            head: next
        )
        do {
            try await store.commit(batch, expecting: head)
        } catch {
            guard error.isConflict else { throw error }
            return false
        }
        return true
    }

    // MARK: Helpers

    /// Expects a store to hold a ledger, all of it, and nothing else.
    static func expect(
        _ store: any LedgerStoreUnderTest,
        holds reference: ReferenceLedger,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let ledger = reference.tenant.ledger
        let end = reference.head.size + 3
        let head = try await store.head(of: ledger)
        #expect(head == reference.head, sourceLocation: sourceLocation)
        let records = try await store.records(in: ledger, at: 0..<end, contents: true)
        #expect(records == reference.records, sourceLocation: sourceLocation)
        let hashes = try await store.leafHashes(in: ledger, at: 0..<end)
        #expect(hashes == reference.leafHashes, sourceLocation: sourceLocation)
        let indexes = try await store.indexes(of: reference.records.map(\.id), in: ledger)
        let expected = reference.records.map { ($0.id, $0.index) }
        #expect(
            indexes == Dictionary(uniqueKeysWithValues: expected),
            sourceLocation: sourceLocation
        )
        let last = try await store.lastIndex(in: ledger)
        #expect(last == reference.records.last?.index, sourceLocation: sourceLocation)
        for (coordinate, tile) in reference.tiles {
            let stored = try await store.tile(coordinate, in: ledger)
            #expect(stored == tile, sourceLocation: sourceLocation)
        }
    }

    /// Creates a ledger and commits events to it.
    static func commit(
        _ events: [PreparedEvent],
        to store: any LedgerStoreUnderTest,
        _ tenant: Tenant = .example
    ) async throws -> ReferenceLedger {
        try await store.create(tenant)
        var reference = ReferenceLedger(tenant)
        let before = reference.head
        try await store.commit(reference.append(events), expecting: before)
        return reference
    }

    /// Expects a commit to be a conflict that wrote nothing.
    static func expectConflict(
        _ batch: Batch,
        expecting head: Head,
        in store: any LedgerStoreUnderTest,
        unchanged reference: ReferenceLedger,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let refusal = await #expect(throws: StoreError.self, sourceLocation: sourceLocation) {
            try await store.commit(batch, expecting: head)
        }
        #expect(refusal?.isConflict == true, sourceLocation: sourceLocation)
        try await expect(store, holds: reference, sourceLocation: sourceLocation)
        let known = Set(reference.records.map(\.id))
        let strangers = batch.records.map(\.id).filter { !known.contains($0) }
        let found = try await store.indexes(of: strangers, in: reference.tenant.ledger)
        #expect(found.isEmpty, sourceLocation: sourceLocation)
    }
}

extension EventSampler {
    /// An event of few members, where many are needed.
    package mutating func small() -> PreparedEvent {
        var event = Event(type: .sample(generator.pick(Self.types)), actor: .init(id: "u"))
        event.id = eventID()
        event.occurredAt = time()
        return prepare(event)
    }
}
