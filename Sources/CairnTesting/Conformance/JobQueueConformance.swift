// SPDX-License-Identifier: Apache-2.0

internal import Cairn
package import CairnLedger
internal import Testing

/// One thing every queue of jobs must do, as an argument for a parameterised test.
package struct JobQueueConformance: Sendable, CustomTestStringConvertible {
    /// The promise, as a sentence.
    package let testDescription: String
    /// Checks the promise against a fresh, empty queue.
    package let check: @Sendable (any JobQueue) async throws -> Void

    private init(
        _ testDescription: String,
        check: @escaping @Sendable (any JobQueue) async throws -> Void
    ) {
        self.testDescription = testDescription
        self.check = check
    }

    private static func time(_ seconds: Int64) -> Timestamp {
        Timestamp(nanoseconds: (1_800_000_000 + seconds) * 1_000_000_000)
    }

    private static func job(
        _ id: String,
        of tenant: String = "acme",
        kind: String = "x",
        _ document: [UInt8] = [1],
        due: Int64 = 0
    ) -> QueuedJob {
        QueuedJob(id: id, tenant: tenant, kind: kind, document: document, due: time(due))
    }

    /// Every promise a queue of jobs makes.
    package static let all: [JobQueueConformance] = [
        .init("A job is read back as it was added, by its kind and id alone") { queue in
            let job = job("a", [2, 0, 255], due: 7)
            try await queue.add(job)
            let found = try await queue.queuedJob("a", kind: "x")
            #expect(found == job)
            for (id, kind) in [("a", "y"), ("b", "x"), ("a\u{0}", "x"), ("", "x")] {
                let none = try await queue.queuedJob(id, kind: kind)
                #expect(none == nil)
            }
            await #expect(throws: StoreError.self) { try await queue.add(job) }
        },
        .init("Jobs of a tenant, or of all, come in pages, the greatest id first") { queue in
            for id in ["a", "d", "b", "c"] { try await queue.add(job(id)) }
            try await queue.add(job("e", of: "other"))
            try await queue.add(job("f", kind: "y"))
            let first = try await queue.jobs(kind: "x", tenant: "acme", before: nil, limit: 3)
            #expect(first.map(\.id) == ["d", "c", "b"])
            let rest = try await queue.jobs(kind: "x", tenant: "acme", before: "b", limit: 3)
            #expect(rest.map(\.id) == ["a"])
            let all = try await queue.jobs(kind: "x", tenant: nil, before: nil, limit: 2)
            #expect(all.map(\.id) == ["e", "d"])
            let others = try await queue.jobs(kind: "x", tenant: nil, before: "d", limit: 9)
            #expect(others.map(\.id) == ["c", "b", "a"])
        },
        .init("What is due longest is taken first, once, and again when its time is over") {
            queue in
            try await queue.add(job("a", due: 5))
            try await queue.add(job("b", due: 3))
            try await queue.add(job("c", kind: "y", due: 1))
            func take(at now: Int64, until: Int64) async throws -> String? {
                let job = try await queue.take(
                    kind: "x",
                    now: time(now),
                    until: time(until),
                    atOnce: 9
                )
                return job?.id
            }
            #expect(try await take(at: 2, until: 12) == nil)
            #expect(try await take(at: 5, until: 20) == "b")
            #expect(try await take(at: 5, until: 15) == "a")
            #expect(try await take(at: 14, until: 24) == nil)
            #expect(try await take(at: 20, until: 30) == "a")
            #expect(try await take(at: 20, until: 30) == "b")
            let taken = try await queue.queuedJob("b", kind: "x")
            #expect(taken?.phase == .taken && taken?.due == time(30))
        },
        .init("Of one tenant no more are taken at once than may be") { queue in
            for id in ["a", "b", "c"] { try await queue.add(job(id)) }
            try await queue.add(job("d", of: "other", due: 1))
            var taken: [String] = []
            while let job = try await queue.take(
                kind: "x",
                now: time(1),
                until: time(9),
                atOnce: 2
            ) {
                taken.append(job.id)
            }
            #expect(taken == ["a", "b", "d"])
            var ended = try #require(try await queue.queuedJob("a", kind: "x"))
            ended.phase = .ended
            ended.due = time(100)
            let isReplaced = try await queue.replace(ended, expecting: [1])
            #expect(isReplaced)
            let next = try await queue.take(kind: "x", now: time(2), until: time(9), atOnce: 2)
            #expect(next?.id == "c")
            // What has ended is tidied away all the same.
            let tidied = try await queue.take(
                kind: "x",
                now: time(100),
                until: time(200),
                atOnce: 0
            )
            #expect(tidied?.id == "a")
        },
        .init("Many that take at once get a job each") { queue in
            for number in 0..<20 { try await queue.add(job("\(100 + number)")) }
            let taken = try await withThrowingTaskGroup(of: String?.self) { group in
                for _ in 0..<30 {
                    group.addTask {
                        try await queue.take(
                            kind: "x",
                            now: time(1),
                            until: time(9),
                            atOnce: 99
                        )?.id
                    }
                }
                var taken: [String] = []
                for try await id in group { if let id { taken.append(id) } }
                return taken
            }
            #expect(taken.sorted() == (0..<20).map { "\(100 + $0)" })
        },
        .init("A job that somebody else changed is neither changed nor removed") { queue in
            let first = job("a", [1])
            try await queue.add(first)
            var second = first
            (second.document, second.phase, second.due) = ([2], .taken, time(50))
            let isFirst = try await queue.replace(second, expecting: [1])
            #expect(isFirst)
            let isLate = try await queue.replace(job("a", [3]), expecting: [1])
            #expect(!isLate)
            let found = try await queue.queuedJob("a", kind: "x")
            #expect(found == second)
            let isGone = try await queue.remove("a", kind: "x", expecting: [1])
            #expect(!isGone)
            let isRemoved = try await queue.remove("a", kind: "x", expecting: [2])
            #expect(isRemoved)
            let none = try await queue.queuedJob("a", kind: "x")
            #expect(none == nil)
            let isThere = try await queue.replace(second, expecting: [2])
            #expect(!isThere)
        },
        .init("Taken jobs that are released can be taken at once, and others are as they were") {
            queue in
            for id in ["a", "b", "c"] { try await queue.add(job(id, due: 1)) }
            try await queue.add(job("d", kind: "y", due: 1))
            for kind in ["x", "y"] {
                _ = try await queue.take(kind: kind, now: time(1), until: time(90), atOnce: 9)
            }
            var ended = job("b", [1], due: 99)
            ended.phase = .ended
            _ = try await queue.replace(ended, expecting: [1])
            try await queue.release(kind: "x", now: time(5))
            let released = try await queue.queuedJob("a", kind: "x")
            #expect(released?.phase == .taken && released?.due == time(5))
            let others = [
                try await queue.queuedJob("b", kind: "x"),
                try await queue.queuedJob("c", kind: "x"),
                try await queue.queuedJob("d", kind: "y"),
            ]
            #expect(others.map { $0?.due } == [time(99), time(1), time(90)])
        },
        .init("What has not ended is counted") { queue in
            for id in ["a", "b", "c"] { try await queue.add(job(id)) }
            try await queue.add(job("d", of: "other"))
            _ = try await queue.take(kind: "x", now: time(1), until: time(9), atOnce: 9)
            var ended = job("b", [1], due: 99)
            ended.phase = .ended
            _ = try await queue.replace(ended, expecting: [1])
            try await queue.add(job("e", kind: "y"))
            let count = try await queue.unfinished(kind: "x", tenant: "acme")
            let all = try await queue.unfinished(kind: "x", tenant: nil)
            #expect(count == 2 && all == 3)
        },
        .init("Of what has ended the newest are remembered, as many as are asked for") { queue in
            for id in ["a", "b", "c", "d", "e"] { try await queue.add(job(id)) }
            try await queue.add(job("f", of: "other"))
            try await queue.add(job("a", kind: "y"))
            for (id, kind) in [("a", "x"), ("b", "x"), ("d", "x"), ("f", "x"), ("a", "y")] {
                var ended = try #require(try await queue.queuedJob(id, kind: kind))
                ended.phase = .ended
                _ = try await queue.replace(ended, expecting: [1])
            }
            func ids(_ kind: String) async throws -> [String] {
                try await queue.jobs(kind: kind, tenant: nil, before: nil, limit: 9).map(\.id)
            }
            try await queue.forget(kind: "x", keeping: 4)
            #expect(try await ids("x") == ["f", "e", "d", "c", "b", "a"])
            try await queue.forget(kind: "x", keeping: 2)
            #expect(try await ids("x") == ["f", "e", "d", "c"])
            try await queue.forget(kind: "x", keeping: 0)
            #expect(try await ids("x") == ["e", "c"])
            #expect(try await ids("y") == ["a"])
        },
    ]
}
