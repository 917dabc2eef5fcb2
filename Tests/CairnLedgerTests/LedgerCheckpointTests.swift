// SPDX-License-Identifier: Apache-2.0

import Cairn
import CairnLedger
import CairnTesting
import Testing

@Suite("Checkpoints of a ledger")
struct LedgerCheckpointTests {
    @Test("A checkpoint covers every record that was acknowledged before it was asked for")
    func coversAcknowledged() async throws {
        try await withLedger { setting in
            var sampler = EventSampler(seed: 60)
            var frontier = Frontier()
            for count in [0, 1, 2, 5] {
                for outcome in await setting.ledger.append(sampler.prepared(count)) {
                    frontier.append(try #require(outcome.receipt).leafHash)
                }
                let (checkpoint, note) = try await setting.ledger.checkpoint()
                #expect(checkpoint.size == frontier.size)
                #expect(checkpoint.root == frontier.root)
                #expect(checkpoint.origin == setting.tenant.origin)
                let opened = try Checkpoint.open(
                    note,
                    origin: setting.tenant.origin,
                    keys: [setting.ledger.verifierKey]
                )
                #expect(opened == checkpoint)
            }
        }
    }

    @Test("A checkpoint is signed once per head, however many ask, and every one is stored")
    func signedOnce() async throws {
        try await withLedger { setting in
            var sampler = EventSampler(seed: 61)
            for round in 1...3 {
                _ = try await setting.ledger.record(sampler.prepared())
                let notes = try await withThrowingTaskGroup(of: SignedNote.self) { group in
                    for _ in 0..<20 {
                        group.addTask { try await setting.ledger.checkpoint().note }
                    }
                    return try await group.reduce(into: Set()) { $0.insert($1) }
                }
                #expect(notes.count == 1)
                #expect(setting.signer.signatures == round)
                let stored = setting.memory.checkpoints(
                    in: setting.tenant.ledger,
                    from: 0,
                    limit: 9
                )
                #expect(stored.map(\.size) == (1...UInt64(round)).map { $0 })
                #expect(stored.last?.note == notes.first?.encoded)
            }
        }
    }

    @Test("Publishing keeps the newest checkpoint outside the store, and only when the head moved")
    func publishes() async throws {
        try await withLedger { setting in
            var sampler = EventSampler(seed: 62)
            for size: UInt64 in [2, 4] {
                _ = await setting.ledger.append(sampler.prepared(2))
                for _ in 0..<3 { try await setting.ledger.publish() }
                let kept = try await setting.vault.newest(of: setting.tenant.ledger)
                let checkpoint = try Checkpoint.open(
                    #require(kept),
                    origin: setting.tenant.origin,
                    keys: [setting.ledger.verifierKey]
                )
                #expect(checkpoint.size == size)
                #expect(setting.signer.signatures == Int(size) / 2)
            }
        }
    }

    @Test("What a waiter had signed is published by the next round")
    func publishesWhatWaitersHadSigned() async throws {
        try await withLedger { setting in
            var sampler = EventSampler(seed: 63)
            _ = try await setting.ledger.record(sampler.prepared())
            let (_, note) = try await setting.ledger.checkpoint()
            try await setting.ledger.publish()
            let kept = try await setting.vault.newest(of: setting.tenant.ledger)
            #expect(kept == note)
        }
    }

    @Test("A ledger opens where it was left, to the last bit")
    func reopens() async throws {
        try await withLedger { setting in
            var sampler = EventSampler(seed: 64)
            for count in [1, 254, 1, 1, 255, 3] {
                _ = await setting.ledger.append((0..<count).map { _ in sampler.small() })
                try await setting.ledger.publish()
                let reopened = try await setting.reopened()
                let (held, refusal) = await (reopened.currentHead, reopened.refusalReason)
                let head = await setting.ledger.currentHead
                #expect(held == head)
                #expect(refusal == nil)
                // Tiles are made from what was read, so a restart in mid-tile loses none.
                _ = try await reopened.record(sampler.small())
                _ = try await setting.ledger.record(sampler.small())
            }
            let report = try await setting.audit()
            #expect(report.faults.isEmpty)
            let tile = setting.memory.tile(
                TileCoordinate(level: 0, index: 1),
                in: setting.tenant.ledger
            )
            #expect(tile != nil)
        }
    }

    /// How a store can contradict the checkpoint kept outside it.
    enum Contradiction: String, CaseIterable {
        case shorter, forkOfSameSize, forkThatIsLonger, otherKey, noRecords
    }

    @Test(
        "A store that contradicts the checkpoint outside it refuses writes and says so",
        arguments: Contradiction.allCases
    )
    func contradiction(_ kind: Contradiction) async throws {
        try await withLedger { setting in
            var sampler = EventSampler(seed: 65)
            let ledger = setting.tenant.ledger
            let empty = try #require(setting.memory.contents(of: ledger))
            _ = await setting.ledger.append(sampler.prepared(3))
            let early = try #require(setting.memory.contents(of: ledger))
            _ = await setting.ledger.append(sampler.prepared(3))
            try await setting.ledger.publish()
            func fork(_ count: Int) throws {
                let memory = setting.memory
                var reference = ReferenceLedger()
                let batch = reference.append(sampler.prepared(count))
                memory.tamper(with: ledger) { $0 = empty }
                try memory.commit(batch, expecting: empty.head)
            }
            switch kind {
            case .shorter: setting.memory.tamper(with: ledger) { $0 = early }
            case .noRecords: setting.memory.tamper(with: ledger) { $0 = empty }
            case .forkOfSameSize: try fork(6)
            case .forkThatIsLonger: try fork(9)
            case .otherKey:
                let head = await setting.ledger.currentHead
                let note = MemorySigner(seed: 99).sign(
                    Checkpoint(
                        origin: setting.tenant.origin,
                        size: head.size,
                        root: head.frontier.root
                    )
                )
                try await setting.vault.keep(note, of: ledger)
            }
            let before = setting.memory.head(of: ledger)
            let reopened = try await setting.reopened()
            let reason = await reopened.refusalReason
            let expected =
                switch kind {
                case .shorter, .noRecords: "went back"
                case .forkOfSameSize, .forkThatIsLonger: "not the published one"
                case .otherKey: "cannot be trusted"
                }
            #expect(reason?.contains(expected) == true, "\(reason ?? "no reason")")
            let outcomes = await reopened.append(sampler.prepared(2))
            #expect(outcomes.map(\.word) == ["refused", "refused"])
            let error = await #expect(throws: LedgerError.self) {
                _ = try await reopened.checkpoint()
            }
            #expect(error?.word == "refused")
            // Publishing must not overwrite the evidence.
            let kept = try await setting.vault.newest(of: ledger)
            try await reopened.publish()
            let after = try await setting.vault.newest(of: ledger)
            #expect(after == kept)
            #expect(setting.memory.head(of: ledger) == before)
        }
    }

    @Test("A ledger that is not in the store does not open")
    func unknownLedger() async throws {
        let error = await #expect(throws: LedgerError.self) {
            _ = try await Ledger(
                .example,
                store: MemoryStore(),
                signer: MemorySigner(),
                vault: nil,
                clock: ManualClock().server
            )
        }
        #expect(error?.word == "corrupt")
    }
}
