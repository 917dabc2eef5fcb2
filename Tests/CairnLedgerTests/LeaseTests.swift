// SPDX-License-Identifier: Apache-2.0

import Cairn
import CairnTesting
import Testing

@testable import CairnLedger

@Suite("Leases of jobs")
struct LeaseTests {
    /// A job that was taken, and its queue.
    private static func taken(
        _ clock: ManualClock
    ) async throws -> (queue: MemoryJobQueue, lease: Lease) {
        let queue = MemoryJobQueue()
        try queue.add(
            QueuedJob(id: "a", tenant: "acme", kind: "x", document: [1], due: clock.now)
        )
        let until = clock.now.advanced(by: Lease.length)
        let job = queue.take(kind: "x", now: clock.now, until: until, atOnce: 1)
        return (queue, Lease(try #require(job), queue: queue, now: { clock.now }))
    }

    @Test("A job is had for longer while it is worked on, and kept as it then is")
    func held() async throws {
        let clock = ManualClock()
        let (queue, lease) = try await Self.taken(clock)
        let answer = try await lease.hold(every: .milliseconds(1)) {
            [2]
        } while: {
            for _ in 0..<5 {
                clock.advance(milliseconds: 20_000)
                let due = clock.now.advanced(by: Lease.length)
                try await wait { queue.queuedJob("a", kind: "x")?.due == due }
            }
            return 42
        }
        #expect(answer == 42)
        #expect(queue.queuedJob("a", kind: "x")?.document == [2])
        try await lease.release(as: .ended, due: clock.now)
        #expect(queue.queuedJob("a", kind: "x")?.phase == .ended)
    }

    @Test("Whoever works on a job that somebody else changed is stopped")
    func lost() async throws {
        let clock = ManualClock()
        let (queue, lease) = try await Self.taken(clock)
        var other = try #require(queue.queuedJob("a", kind: "x"))
        other.document = [9]
        #expect(queue.replace(other, expecting: [1]))
        await #expect(throws: Lease.Lost.self) {
            try await lease.hold(every: .milliseconds(1)) {
                try await Task.sleep(for: .seconds(600))
            }
        }
        await #expect(throws: Lease.Lost.self) { try await lease.keep([3]) }
        #expect(queue.queuedJob("a", kind: "x") == other)
    }

    @Test("A renewal that fails, before or after it is durable, is tried again")
    func away() async throws {
        let clock = ManualClock()
        let (queue, _) = try await Self.taken(clock)
        let faulty = FaultyJobQueue(queue)
        let job = try #require(queue.queuedJob("a", kind: "x"))
        for fault in WriteFault.allCases {
            let lease = Lease(job, queue: faulty, now: { clock.now })
            faulty.fail(change: 1, fault)
            let before = faulty.changes
            try await lease.hold(every: .milliseconds(1)) {
                try await wait { faulty.changes > before + 4 }
            }
        }
    }

    @Test("A lease is not lost because nobody knows whether a change of it was kept")
    func doubtful() async throws {
        let clock = ManualClock()
        let (queue, _) = try await Self.taken(clock)
        let faulty = FaultyJobQueue(queue)
        for fault in WriteFault.allCases {
            let job = try #require(queue.queuedJob("a", kind: "x"))
            let lease = Lease(job, queue: faulty, now: { clock.now })
            for number in 0..<5 {
                try await lease.keep(Array("\(fault) \(number)".utf8))
                faulty.fail(change: 0, fault)
                await #expect(throws: StoreError.self) { try await lease.keep([UInt8(number)]) }
            }
            try await lease.keep(Array("\(fault)".utf8))
            #expect(queue.queuedJob("a", kind: "x")?.document == Array("\(fault)".utf8))
            // Somebody else's change is no doubt.
            var other = try #require(queue.queuedJob("a", kind: "x"))
            let before = other.document
            other.document = Array("other \(fault)".utf8)
            #expect(queue.replace(other, expecting: before))
            await #expect(throws: Lease.Lost.self) { try await lease.renew() }
        }
    }
}
