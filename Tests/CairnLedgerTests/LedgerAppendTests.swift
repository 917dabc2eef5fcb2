// SPDX-License-Identifier: Apache-2.0

import Cairn
import CairnLedger
import CairnTesting
import Synchronization
import Testing

@Suite("Appending to a ledger")
struct LedgerAppendTests {
    @Test("An event and its receipt make the record that the store holds")
    func recordsOfReceipts() async throws {
        try await withLedger { setting in
            var sampler = EventSampler(seed: 2)
            let events = sampler.prepared(7)
            let receipts = await setting.ledger.append(events).compactMap(\.receipt)
            let stored = try await setting.memory.records(
                in: setting.tenant.ledger,
                at: 0..<9,
                contents: true
            )
            #expect(stored.count == events.count)
            #expect(zip(events, receipts).map { StoredRecord($0, $1) } == stored)
        }
    }

    @Test("A receipt says what the store holds")
    func receiptsMatchRecords() async throws {
        try await withLedger { setting in
            var sampler = EventSampler(seed: 1)
            let events = sampler.prepared(5)
            let first = await setting.ledger.append(Array(events[..<2]))
            setting.clock.advance(milliseconds: 250)
            let second = await setting.ledger.append(Array(events[2...]))

            var reference = ReferenceLedger()
            _ = reference.append(Array(events[..<2]))
            _ = reference.append(
                Array(events[2...]),
                receivedAt: ManualClock.start.advanced(byMilliseconds: 250)
            )
            let stored = try await setting.memory.records(
                in: setting.tenant.ledger,
                at: 0..<9,
                contents: true
            )
            #expect(stored == reference.records)
            let receipts = (first + second).compactMap(\.receipt)
            #expect(receipts.map(\.index) == [0, 1, 2, 3, 4])
            #expect(receipts.map(\.id) == events.map(\.id))
            #expect(receipts.map(\.leafHash) == stored.map(\.leafHash))
            #expect(receipts.map(\.hash) == stored.map(\.chain))
            #expect(
                receipts.map(\.previousHash)
                    == [Chain.start(origin: setting.tenant.origin)]
                    + stored.dropLast().map(\.chain)
            )
            #expect(
                receipts.map(\.receivedAt.milliseconds).map { $0 - ManualClock.start.milliseconds }
                    == [0, 0, 250, 250, 250]
            )
            #expect(receipts.allSatisfy { $0.origin == setting.tenant.origin })
            try await expectSound(setting, size: 5)
        }
    }

    @Test("An append of nothing answers nothing and commits nothing")
    func emptyAppend() async throws {
        try await withLedger { setting in
            let outcomes = await setting.ledger.append([])
            #expect(outcomes.isEmpty)
            #expect(setting.store.batchSizes.isEmpty)
        }
    }

    @Test("What arrives while a commit runs is the next commit, whoever sent it")
    func groupCommit() async throws {
        try await withLedger { setting in
            var sampler = EventSampler(seed: 2)
            let events = (0..<400).map { _ in sampler.small() }
            setting.store.hold()
            let outcomes = try await withThrowingTaskGroup(of: AppendOutcome.self) { group in
                group.addTask { try await setting.ledger.append(events[0]) }
                await setting.store.holdsCommit()
                for event in events.dropFirst() {
                    group.addTask { try await setting.ledger.append(event) }
                }
                await setting.ledger.waits(for: 399)
                setting.store.release()
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(setting.store.batchSizes == [1, 399])
            #expect(outcomes.allSatisfy { $0.word == "recorded" })
            #expect(Set(outcomes.compactMap { $0.receipt?.index }) == Set(0..<400))
            try await expectSound(setting, size: 400)
        }
    }

    @Test("No caller waits for ever: 200 callers, each time and again, all get their answers")
    func leadIsHandedOver() async throws {
        var limits = Ledger.Limits()
        limits.batchRecords = 16
        try await withLedger(limits: limits) { setting in
            let answered = try await withThrowingTaskGroup(of: Int.self) { group in
                for caller in 0..<200 {
                    group.addTask {
                        var sampler = EventSampler(seed: UInt64(caller) << 32)
                        var last: UInt64?
                        for round in 0..<8 {
                            let events = (0...round % 3).map { _ in sampler.small() }
                            for outcome in await setting.ledger.append(events) {
                                let index = try #require(outcome.receipt).index
                                // What was sent later has the higher index.
                                #expect(last.map { $0 < index } ?? true)
                                last = index
                            }
                        }
                        return 8
                    }
                }
                return try await group.reduce(0, +)
            }
            #expect(answered == 1600)
            let size: UInt64 = 200 * (1 + 2 + 3 + 1 + 2 + 3 + 1 + 2)
            #expect(setting.store.batchSizes.allSatisfy { (1...16).contains($0) })
            #expect(setting.store.batchSizes.count < Int(size) / 4)
            let head = await setting.ledger.currentHead
            #expect(head.size == size)
            let waiting = await setting.ledger.waitingEvents
            #expect(waiting == 0)
        }
    }

    @Test("An event is not unsaid by the caller's cancellation")
    func cancellation() async throws {
        try await withLedger { setting in
            var sampler = EventSampler(seed: 3)
            let (first, second) = (sampler.prepared(), sampler.prepared())
            setting.store.hold()
            async let leader = setting.ledger.append(first)
            await setting.store.holdsCommit()
            let follower = Task { try await setting.ledger.append(second) }
            await setting.ledger.waits(for: 1)
            follower.cancel()
            setting.store.release()
            let outcomes = try await [leader.word, follower.value.word]
            #expect(outcomes == ["recorded", "recorded"])
            try await expectSound(setting, size: 2)
        }
    }

    @Test("A full pool is answered at once, and nothing of what was refused is recorded")
    func fullPool() async throws {
        var limits = Ledger.Limits()
        limits.poolRecords = 10
        try await withLedger(limits: limits) { setting in
            var sampler = EventSampler(seed: 4)
            let events = sampler.prepared(13)
            setting.store.hold()
            async let leader = setting.ledger.append(events[0])
            await setting.store.holdsCommit()
            async let waiting = setting.ledger.append(Array(events[1...9]))
            await setting.ledger.waits(for: 9)

            let refused = await setting.ledger.append(Array(events[10...11]))
            #expect(refused.map(\.word) == ["overloaded", "overloaded"])
            async let last = setting.ledger.append(events[12])
            await setting.ledger.waits(for: 10)
            let full = try await setting.ledger.append(events[11])
            #expect(full.word == "overloaded")

            setting.store.release()
            let others = await waiting
            let ends = try await [leader.word, last.word]
            #expect(others.allSatisfy { $0.word == "recorded" })
            #expect(ends == ["recorded", "recorded"])
            try await expectSound(setting, size: 11)
            // What was refused may come again.
            _ = try await setting.ledger.record(events[11])
        }
    }

    @Test("A pool that is full of bytes is full")
    func fullPoolOfBytes() async throws {
        var sampler = EventSampler(seed: 5)
        let events = sampler.prepared(3)
        var limits = Ledger.Limits()
        limits.poolBytes = events[1].fields.encoded.count
        try await withLedger(limits: limits) { setting in
            setting.store.hold()
            async let leader = setting.ledger.append(events[0])
            await setting.store.holdsCommit()
            async let waiting = setting.ledger.append(events[1])
            await setting.ledger.waits(for: 1)
            let refused = try await setting.ledger.append(events[2])
            #expect(refused.word == "overloaded")
            setting.store.release()
            let ends = try await [leader.word, waiting.word]
            #expect(ends == ["recorded", "recorded"])
        }
    }

    @Test("A batch has no more records than it may, and one append may span batches")
    func batchRecords() async throws {
        var limits = Ledger.Limits()
        limits.batchRecords = 7
        try await withLedger(limits: limits) { setting in
            var sampler = EventSampler(seed: 6)
            let outcomes = await setting.ledger.append(sampler.prepared(30))
            #expect(outcomes.compactMap { $0.receipt?.index } == Array(0..<30))
            #expect(setting.store.batchSizes == [7, 7, 7, 7, 2])
            try await expectSound(setting, size: 30)
        }
    }

    @Test("A batch has no more bytes than it may, but always a record")
    func batchBytes() async throws {
        var limits = Ledger.Limits()
        limits.batchBytes = 2000
        try await withLedger(limits: limits) { setting in
            var sampler = EventSampler(seed: 7)
            var events = sampler.prepared(40)
            var large = sampler.event()
            large.description = String(repeating: "x", count: 4000)
            events.insert(sampler.prepare(large), at: 20)
            let outcomes = await setting.ledger.append(events)
            #expect(outcomes.compactMap { $0.receipt?.index } == Array(0..<41))

            var rest = events[...]
            for size in setting.store.batchSizes {
                let bytes = rest.prefix(size).reduce(0) { $0 + $1.fields.encoded.count }
                #expect(bytes <= 2000 || size == 1)
                rest = rest.dropFirst(size)
                // The next record would not have fitted.
                let next = rest.first?.fields.encoded.count ?? 2000
                #expect(bytes + next > 2000 || rest.isEmpty)
            }
            #expect(rest.isEmpty)
            try await expectSound(setting, size: 41)
        }
    }

    @Test("A ledger is idle once nothing waits and nobody has used it for a while")
    func idle() async throws {
        try await withLedger { setting in
            var sampler = EventSampler(seed: 8)
            setting.clock.advance(milliseconds: 100)
            var isIdle = await setting.ledger.isIdle(forMilliseconds: 100)
            #expect(isIdle)
            setting.store.hold()
            async let appended = setting.ledger.append(sampler.prepared())
            await setting.store.holdsCommit()
            setting.clock.advance(milliseconds: 100)
            isIdle = await setting.ledger.isIdle(forMilliseconds: 100)
            #expect(!isIdle)
            setting.store.release()
            _ = try await appended
            isIdle = await setting.ledger.isIdle(forMilliseconds: 100)
            #expect(isIdle)
            isIdle = await setting.ledger.isIdle(forMilliseconds: 101)
            #expect(!isIdle)
        }
    }
}
