// SPDX-License-Identifier: Apache-2.0

import Cairn
import CairnLedger
import CairnTesting
import Testing

@Suite("The clock of a ledger")
struct LedgerClockTests {
    @Test("The time of receipt never decreases, though the clock goes back a little")
    func neverDecreases() async throws {
        try await withLedger { setting in
            var sampler = EventSampler(seed: 40)
            var last = Timestamp(milliseconds: 0)
            for step: Int64 in [0, 500, -9_999, 0, 3_000, -2_000, 20_000, -10_000] {
                setting.clock.step(milliseconds: step)
                let receipt = try await setting.ledger.record(sampler.prepared())
                #expect(receipt.receivedAt == max(last, setting.clock.now), "step \(step)")
                #expect(receipt.receivedAt >= last)
                last = receipt.receivedAt
            }
            try await expectSound(setting, size: 8)
        }
    }

    @Test("A clock 11 seconds behind the newest stamp refuses writes until it is right")
    func behind() async throws {
        try await withLedger { setting in
            var sampler = EventSampler(seed: 41)
            let event = sampler.prepared()
            _ = try await setting.ledger.record(sampler.prepared())
            setting.clock.step(milliseconds: -11_000)
            let refused = try await setting.ledger.append(event)
            #expect(refused.word == "clock step")
            try await expectSound(setting, size: 1)
            setting.clock.advance(milliseconds: 999)
            let stillRefused = try await setting.ledger.append(event)
            #expect(stillRefused.word == "clock step")
            setting.clock.advance(milliseconds: 1)
            let receipt = try await setting.ledger.record(event)
            #expect(receipt.receivedAt == ManualClock.start)
            try await expectSound(setting, size: 2)
        }
    }

    @Test("A clock that jumped 11 minutes ahead refuses writes until it is right")
    func jumped() async throws {
        try await withLedger { setting in
            var sampler = EventSampler(seed: 42)
            _ = try await setting.ledger.record(sampler.prepared())
            setting.clock.step(milliseconds: 660_000)
            for _ in 0..<3 {
                setting.clock.advance(milliseconds: 60_000)
                let refused = try await setting.ledger.append(sampler.prepared())
                #expect(refused.word == "clock step")
            }
            setting.clock.step(milliseconds: -660_000)
            let receipt = try await setting.ledger.record(sampler.prepared())
            #expect(receipt.receivedAt == ManualClock.start.advanced(byMilliseconds: 180_000))
            try await expectSound(setting, size: 2)
        }
    }

    @Test("A wrong year does not poison a ledger")
    func wrongYear() async throws {
        try await withLedger { setting in
            var sampler = EventSampler(seed: 43)
            setting.clock.step(milliseconds: 365 * 86_400_000)
            let refused = try await setting.ledger.append(sampler.prepared())
            #expect(refused.word == "clock step")
            setting.clock.step(milliseconds: -365 * 86_400_000)
            let receipt = try await setting.ledger.record(sampler.prepared())
            #expect(receipt.receivedAt == ManualClock.start)
        }
    }

    @Test("A clock that drifts slowly is followed, however far")
    func drift() async throws {
        try await withLedger { setting in
            var sampler = EventSampler(seed: 44)
            for _ in 0..<10 {
                setting.clock.step(milliseconds: 300_000)
                let receipt = try await setting.ledger.record(sampler.prepared())
                #expect(receipt.receivedAt == setting.clock.now)
            }
        }
    }

    @Test("Time that really passed is no jump, however long")
    func longPause() async throws {
        try await withLedger { setting in
            var sampler = EventSampler(seed: 45)
            setting.clock.advance(milliseconds: 90 * 86_400_000)
            let receipt = try await setting.ledger.record(sampler.prepared())
            #expect(receipt.receivedAt == setting.clock.now)
        }
    }

    @Test("The limits are exact: 10 seconds behind and 10 minutes ahead are within them")
    func limits() {
        let clock = ManualClock()
        let last = ManualClock.start.milliseconds
        var ahead = ClockGuard(clock.server)
        clock.step(milliseconds: 600_001)
        #expect(ahead.stamp(clock.server, after: last) == nil)
        clock.step(milliseconds: -1)
        #expect(ahead.stamp(clock.server, after: last) == last + 600_000)

        let late = ManualClock()
        var behind = ClockGuard(late.server)
        late.step(milliseconds: -10_001)
        #expect(behind.stamp(late.server, after: last) == nil)
        late.step(milliseconds: 1)
        #expect(behind.stamp(late.server, after: last) == last)
    }

    @Test("A refused stamp is not what the next one is measured by")
    func refusedStampsDoNotCount() {
        let clock = ManualClock()
        var clockGuard = ClockGuard(clock.server)
        for _ in 0..<5 {
            clock.step(milliseconds: 601_000)
            #expect(clockGuard.stamp(clock.server, after: 0) == nil)
        }
    }
}
