// SPDX-License-Identifier: Apache-2.0

import Cairn
import CairnLedger
import CairnTesting
import Testing

@Suite("Two writers over one store")
struct LedgerRivalTests {
    @Test("They never fork, whoever is first")
    func neverFork() async throws {
        try await withLedger { setting in
            let rival = try await setting.reopened()
            let indexes = try await withThrowingTaskGroup(of: [UInt64].self) { group in
                for (writer, ledger) in [setting.ledger, rival].enumerated() {
                    for caller in 0..<3 {
                        group.addTask {
                            var sampler = EventSampler(seed: UInt64(50 + writer * 10 + caller))
                            var indexes: [UInt64] = []
                            while indexes.count < 15 {
                                let outcome = try await ledger.append(sampler.small())
                                // Nothing was written when the writers disturbed each other.
                                guard outcome.word != "contended" else { continue }
                                indexes.append(try #require(outcome.receipt).index)
                            }
                            return indexes
                        }
                    }
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            #expect(indexes.sorted() == Array(0..<90))
            let report = try await setting.audit()
            #expect(report.faults.isEmpty)
            #expect(report.size == 90)
        }
    }

    @Test("A writer that was overtaken takes the other's records for granted and goes on")
    func overtaken() async throws {
        try await withLedger { setting in
            var sampler = EventSampler(seed: 51)
            let rival = try await setting.reopened()
            _ = await rival.append((0..<300).map { _ in sampler.small() })
            let receipt = try await setting.ledger.record(sampler.prepared())
            #expect(receipt.index == 300)
            let again = try await rival.record(sampler.prepared())
            #expect(again.index == 301)
            #expect(again.previousHash == receipt.hash)
            let batch = (0..<230).map { _ in sampler.small() }
            let outcomes = await setting.ledger.append(batch)
            #expect(outcomes.compactMap { $0.receipt?.index } == Array(302..<532))
            try await expectSound(setting, size: 532)
        }
    }

    @Test("The same ids at both are recorded once, and both get the same receipts")
    func sameIDs() async throws {
        try await withLedger { setting in
            let rival = try await setting.reopened()
            var sampler = EventSampler(seed: 52)
            let events = (0..<40).map { _ in sampler.small() }
            func send(
                to ledger: Ledger,
                _ order: [PreparedEvent]
            ) async throws -> [EventID: Receipt] {
                var receipts: [EventID: Receipt] = [:]
                for event in order {
                    while receipts[event.id] == nil {
                        receipts[event.id] = try await ledger.append(event).receipt
                    }
                }
                return receipts
            }
            async let ours = send(to: setting.ledger, events)
            async let theirs = send(to: rival, events.reversed())
            let (first, second) = try await (ours, theirs)
            #expect(first == second)
            #expect(Set(first.values.map(\.index)) == Set(0..<40))
            let report = try await setting.audit()
            #expect(report.faults.isEmpty)
            #expect(report.size == 40)
        }
    }

    @Test("Writers that cannot get ahead of the others say so, and nothing is written")
    func contended() async throws {
        var limits = Ledger.Limits()
        limits.attempts = 1
        try await withLedger(limits: limits) { setting in
            var sampler = EventSampler(seed: 53)
            let rival = try await setting.reopened()
            _ = try await rival.record(sampler.prepared())
            let event = sampler.prepared()
            let outcome = try await setting.ledger.append(event)
            #expect(outcome.word == "contended")
            #expect(setting.memory.head(of: setting.tenant.ledger)?.size == 1)
            let receipt = try await setting.ledger.record(event)
            #expect(receipt.index == 1)
        }
    }

    @Test("A store that went back while the server ran is refused from then on")
    func wentBack() async throws {
        try await withLedger { setting in
            var sampler = EventSampler(seed: 54)
            _ = await setting.ledger.append(sampler.prepared(5))
            let before = try #require(setting.memory.contents(of: setting.tenant.ledger))
            _ = await setting.ledger.append(sampler.prepared(5))
            setting.memory.tamper(with: setting.tenant.ledger) { $0 = before }
            let outcome = try await setting.ledger.append(sampler.prepared())
            #expect(outcome.word == "corrupt")
            let next = try await setting.ledger.append(sampler.prepared())
            #expect(next.word == "refused")
            let reason = await setting.ledger.refusalReason
            #expect(reason?.contains("went back") == true)
            let error = await #expect(throws: LedgerError.self) {
                _ = try await setting.ledger.checkpoint()
            }
            #expect(error?.word == "refused")
        }
    }

    @Test("A store whose tree changed while the server ran is refused", arguments: [0, 1, 4])
    func treeChanged(more: Int) async throws {
        try await withLedger { setting in
            var sampler = EventSampler(seed: 55)
            _ = await setting.ledger.append(sampler.prepared(5))
            var fork = ReferenceLedger()
            _ = fork.append(sampler.prepared(5 + more))
            setting.memory.tamper(with: setting.tenant.ledger) { contents in
                contents.head = fork.head
                for record in fork.records { contents.records[record.index] = record }
            }
            let outcome = try await setting.ledger.append(sampler.prepared())
            #expect(outcome.word == "corrupt")
            let reason = await setting.ledger.refusalReason
            #expect(reason?.contains("tree") == true)
            #expect(setting.memory.head(of: setting.tenant.ledger) == fork.head)
        }
    }
}
