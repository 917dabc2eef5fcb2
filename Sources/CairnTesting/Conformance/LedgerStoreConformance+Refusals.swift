// SPDX-License-Identifier: Apache-2.0

internal import Cairn
internal import CairnLedger
internal import Testing

extension LedgerStoreConformance {
    /// What a store refuses, and that a refusal writes nothing.
    static let refusals: [LedgerStoreConformance] = [
        .init("A stale head is a conflict, and nothing is written") { store in
            var sampler = EventSampler(seed: 10)
            let reference = try await commit([sampler.prepared()], to: store)
            var rival = ReferenceLedger()
            let before = rival.head
            let batch = rival.append(sampler.prepared(2))
            try await expectConflict(
                batch,
                expecting: before,
                in: store,
                unchanged: reference
            )
        },
        .init("A head that is ahead of the store is a conflict") { store in
            var sampler = EventSampler(seed: 11)
            let reference = try await commit([sampler.prepared()], to: store)
            var ahead = reference
            _ = ahead.append([sampler.prepared()])
            let before = ahead.head
            let batch = ahead.append([sampler.prepared()])
            try await expectConflict(batch, expecting: before, in: store, unchanged: reference)
        },
        .init("A head of the same size but another tree is a conflict") { store in
            var sampler = EventSampler(seed: 12)
            let reference = try await commit([sampler.prepared()], to: store)
            var fork = ReferenceLedger()
            _ = fork.append([sampler.prepared()])
            let before = fork.head
            let batch = fork.append([sampler.prepared()])
            try await expectConflict(batch, expecting: before, in: store, unchanged: reference)
        },
        .init("A head of the same tree but another chain, stamp or epoch is a conflict") { store in
            var sampler = EventSampler(seed: 13)
            let reference = try await commit(sampler.prepared(3), to: store)
            var next = reference
            let batch = next.append([sampler.prepared()])
            let head = reference.head
            for other in [
                head.replacing(chain: Chain.start(origin: "other.example/x")),
                head.replacing(lastReceivedAt: head.lastReceivedAt + 1),
                head.replacing(epoch: 1),
            ] {
                try await expectConflict(batch, expecting: other, in: store, unchanged: reference)
            }
            try await store.commit(batch, expecting: head)
            try await expect(store, holds: next)
        },
        .init("An id that is recorded already is a conflict, and nothing is written") { store in
            var sampler = EventSampler(seed: 14)
            let first = sampler.prepared(3)
            let reference = try await commit(first, to: store)
            var next = reference
            let batch = next.append([sampler.prepared(), first[1], sampler.prepared()])
            try await expectConflict(
                batch,
                expecting: reference.head,
                in: store,
                unchanged: reference
            )
        },
        .init("An id that is twice in a batch is a conflict, and nothing is written") { store in
            var sampler = EventSampler(seed: 15)
            let reference = try await commit([sampler.prepared()], to: store)
            var next = reference
            let twin = sampler.prepared()
            let batch = next.append([sampler.prepared(), twin, twin])
            try await expectConflict(
                batch,
                expecting: reference.head,
                in: store,
                unchanged: reference
            )
        },
        .init("A commit to a ledger that was never created fails and creates nothing") { store in
            var sampler = EventSampler(seed: 16)
            var reference = ReferenceLedger()
            let before = reference.head
            let batch = reference.append([sampler.prepared()])
            _ = await #expect(throws: StoreError.self) {
                try await store.commit(batch, expecting: before)
            }
            let head = try await store.head(of: reference.tenant.ledger)
            #expect(head == nil)
            let tenants = try await store.tenants()
            #expect(tenants.isEmpty)
        },
        .init("The next commit lands right behind a refused one") { store in
            var sampler = EventSampler(seed: 17)
            var reference = try await commit(sampler.prepared(2), to: store)
            var rival = ReferenceLedger()
            let stale = rival.head
            let refused = rival.append([sampler.prepared()])
            try await expectConflict(refused, expecting: stale, in: store, unchanged: reference)
            let before = reference.head
            try await store.commit(reference.append(sampler.prepared(2)), expecting: before)
            try await expect(store, holds: reference)
        },
        .init("A head is replaced only by who knows the whole of it") { store in
            var sampler = EventSampler(seed: 18)
            let reference = try await commit(sampler.prepared(3), to: store)
            let ledger = reference.tenant.ledger
            let next = reference.head.replacing(epoch: reference.head.epoch + 1)
            let refusal = await #expect(throws: StoreError.self) {
                try await store.replaceHead(
                    of: ledger,
                    expecting: reference.head.replacing(epoch: 9),
                    with: next
                )
            }
            #expect(refusal?.isConflict == true)
            let unchanged = try await store.head(of: ledger)
            #expect(unchanged == reference.head)

            try await store.replaceHead(of: ledger, expecting: reference.head, with: next)
            let replaced = try await store.head(of: ledger)
            #expect(replaced == next)
        },
        .init("After a new epoch a writer of the old one is in conflict") { store in
            var sampler = EventSampler(seed: 19)
            let reference = try await commit(sampler.prepared(3), to: store)
            let ledger = reference.tenant.ledger
            let next = reference.head.replacing(epoch: 1)
            try await store.replaceHead(of: ledger, expecting: reference.head, with: next)

            var old = reference
            let batch = old.append([sampler.prepared()])
            let refusal = await #expect(throws: StoreError.self) {
                try await store.commit(batch, expecting: reference.head)
            }
            #expect(refusal?.isConflict == true)
            let renewed = Batch(
                ledger: ledger,
                records: batch.records,
                tiles: batch.tiles,
                head: batch.head.replacing(epoch: 1)
            )
            try await store.commit(renewed, expecting: next)
            let head = try await store.head(of: ledger)
            #expect(head == renewed.head)
        },
    ]
}
