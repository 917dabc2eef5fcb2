// SPDX-License-Identifier: Apache-2.0

import Cairn
import CairnLedger
import CairnTesting
import Testing

/// Each write can fail before it is durable or after it.
///
/// Either way the caller is told the truth, the ledger agrees with the store afterwards, the next
/// event lands right behind the last durable one, and neither an audit nor a restart minds.
@Suite("A ledger survives faults")
struct LedgerFaultTests {
    private func expectOnward(
        _ setting: LedgerSetting,
        size: UInt64,
        sampler: inout EventSampler,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        try await expectSound(setting, size: size, sourceLocation: sourceLocation)
        let next = try await setting.ledger.record(sampler.prepared())
        #expect(next.index == size, sourceLocation: sourceLocation)
        let (_, note) = try await setting.ledger.checkpoint()
        try await setting.ledger.publish()
        let kept = try await setting.vault.newest(of: setting.tenant.ledger)
        #expect(kept == note, sourceLocation: sourceLocation)
        try await expectSound(setting, size: size + 1, sourceLocation: sourceLocation)
        let reopened = try await setting.reopened()
        let refusal = await reopened.refusalReason
        #expect(refusal == nil, sourceLocation: sourceLocation)
        let last = try await reopened.record(sampler.prepared())
        #expect(last.index == size + 1, sourceLocation: sourceLocation)
        #expect(last.previousHash == next.hash, sourceLocation: sourceLocation)
    }

    @Test("A commit fails", arguments: WriteFault.allCases)
    func commit(fault: WriteFault) async throws {
        try await withLedger { setting in
            var sampler = EventSampler(seed: 30)
            _ = try await setting.ledger.record(sampler.prepared())
            let events = sampler.prepared(3)
            setting.store.failNext(.commit, fault)
            let outcomes = await setting.ledger.append(events)
            switch fault {
            case .beforeWrite:
                #expect(outcomes.map(\.word) == Array(repeating: "unavailable", count: 3))
                try await expectSound(setting, size: 1)
                // Nothing was written, so the same ids are recorded now.
                let again = await setting.ledger.append(events)
                #expect(again.map(\.word) == Array(repeating: "recorded", count: 3))
            case .afterWrite:
                #expect(outcomes.map(\.word) == Array(repeating: "recorded", count: 3))
                let again = await setting.ledger.append(events)
                #expect(again.map(\.word) == Array(repeating: "known", count: 3))
                #expect(again.compactMap(\.receipt) == outcomes.compactMap(\.receipt))
            }
            try await expectOnward(setting, size: 4, sampler: &sampler)
        }
    }

    @Test("A commit fails and then the store is out of reach", arguments: WriteFault.allCases)
    func commitThenNoHead(fault: WriteFault) async throws {
        try await withLedger { setting in
            var sampler = EventSampler(seed: 31)
            _ = try await setting.ledger.record(sampler.prepared())
            let event = sampler.prepared()
            setting.store.failNext(.commit, fault)
            setting.store.failNextHead()
            let outcome = try await setting.ledger.append(event)
            // Only what certainly was not written may be called unavailable.
            #expect(outcome.word == (fault == .beforeWrite ? "unavailable" : "indeterminate"))
            if fault == .beforeWrite {
                _ = try? await setting.store.head(of: setting.tenant.ledger)
            }

            let again = try await setting.ledger.append(event)
            #expect(again.word == (fault == .beforeWrite ? "recorded" : "known"))
            #expect(again.receipt?.index == 1)
            _ = try await setting.ledger.record(sampler.prepared())
            try await expectOnward(setting, size: 3, sampler: &sampler)
        }
    }

    @Test("A commit's answer is lost, and another writer was there before the ledger looks")
    func lostAnswerAndRival() async throws {
        try await withLedger { setting in
            var sampler = EventSampler(seed: 32)
            let rival = try await Ledger(
                setting.tenant,
                store: setting.memory,
                signer: setting.signer,
                vault: nil,
                clock: setting.clock.server
            )
            _ = try await rival.record(sampler.prepared())
            // The ledger's own commit is refused, and even that answer is lost.
            setting.store.failNext(.commit, .afterWrite)
            let event = sampler.prepared()
            let outcome = try await setting.ledger.append(event)
            #expect(["recorded", "indeterminate"].contains(outcome.word))
            let again = try await setting.ledger.append(event)
            #expect(["recorded", "known"].contains(again.word))
            #expect(again.receipt?.index == 1)
            try await expectOnward(setting, size: 2, sampler: &sampler)
        }
    }

    @Test("Keeping a checkpoint in the store fails", arguments: WriteFault.allCases)
    func keepCheckpoint(fault: WriteFault) async throws {
        try await withLedger { setting in
            var sampler = EventSampler(seed: 33)
            _ = await setting.ledger.append(sampler.prepared(3))
            setting.store.failNext(.keepCheckpoint, fault)
            let error = await #expect(throws: LedgerError.self) {
                _ = try await setting.ledger.checkpoint()
            }
            #expect(error?.word == (fault == .beforeWrite ? "unavailable" : "indeterminate"))
            let stored = setting.memory.contents(of: setting.tenant.ledger)?.checkpoints
            #expect(stored?.count == (fault == .beforeWrite ? 0 : 1))
            // What is given out now is what is kept.
            let (_, note) = try await setting.ledger.checkpoint()
            let newest = try setting.memory.newestCheckpoint(in: setting.tenant.ledger)
            #expect(newest == note)
            try await expectOnward(setting, size: 3, sampler: &sampler)
        }
    }

    @Test("Keeping a checkpoint in the vault fails", arguments: WriteFault.allCases)
    func keepInVault(fault: WriteFault) async throws {
        try await withLedger { setting in
            var sampler = EventSampler(seed: 34)
            _ = await setting.ledger.append(sampler.prepared(3))
            setting.vault.failNext(fault)
            let error = await #expect(throws: LedgerError.self) {
                try await setting.ledger.publish()
            }
            #expect(error?.word == (fault == .beforeWrite ? "unavailable" : "indeterminate"))
            // The next round keeps it, though the head has not moved.
            try await setting.ledger.publish()
            let kept = try await setting.vault.newest(of: setting.tenant.ledger)
            let newest = try setting.memory.newestCheckpoint(in: setting.tenant.ledger)
            #expect(kept != nil)
            #expect(kept == newest)
            try await expectOnward(setting, size: 3, sampler: &sampler)
        }
    }

    @Test("Replacing the head by one of a new epoch fails", arguments: WriteFault.allCases)
    func replaceHead(fault: WriteFault) async throws {
        try await withLedger { setting in
            var sampler = EventSampler(seed: 35)
            _ = await setting.ledger.append(sampler.prepared(3))
            let head = await setting.ledger.currentHead
            setting.store.failNext(.replaceHead, fault)
            let error = await #expect(throws: StoreError.self) {
                try await setting.store.replaceHead(
                    of: setting.tenant.ledger,
                    expecting: head,
                    with: head.replacing(epoch: 1)
                )
            }
            #expect(error?.isUnavailable == (fault == .beforeWrite))
            #expect(error?.isIndeterminate == (fault == .afterWrite))
            let receipt = try await setting.ledger.record(sampler.prepared())
            #expect(receipt.index == 3)
            let epoch = await setting.ledger.currentHead.epoch
            #expect(epoch == (fault == .beforeWrite ? 0 : 1))
            try await expectOnward(setting, size: 4, sampler: &sampler)
        }
    }

    @Test("Faults at random, among concurrent callers, lose nothing and double nothing")
    func randomFaults() async throws {
        try await withLedger { setting in
            let seed: UInt64 = 36
            let recorded = await withTaskGroup(of: [EventID].self) { group in
                for caller in 0..<10 {
                    group.addTask {
                        var sampler = EventSampler(seed: seed << 32 + UInt64(caller))
                        var done: [EventID] = []
                        for _ in 0..<12 {
                            let event = sampler.small()
                            if sampler.generator.oneIn(3) {
                                setting.store.failNext(
                                    .commit,
                                    sampler.generator.pick(WriteFault.allCases)
                                )
                            }
                            if sampler.generator.oneIn(5) { setting.store.failNextHead() }
                            // As a client does: again with the same id until there is an answer.
                            while await setting.ledger.append([event]).first?.receipt == nil {
                                await Task.yield()
                            }
                            done.append(event.id)
                        }
                        return done
                    }
                }
                return await group.reduce(into: []) { $0 += $1 }
            }
            let stored = try await setting.memory.records(
                in: setting.tenant.ledger,
                at: 0..<999,
                contents: false
            )
            #expect(stored.count == 120, "seed \(seed)")
            #expect(Set(stored.map(\.id)) == Set(recorded), "seed \(seed)")
            let report = try await setting.audit()
            #expect(report.faults.isEmpty, "seed \(seed)")
        }
    }
}
