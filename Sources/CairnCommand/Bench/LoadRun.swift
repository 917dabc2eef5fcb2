// SPDX-License-Identifier: Apache-2.0
import AsyncHTTPClient

/// What a load run measured.
struct LoadResult: Sendable {
    /// Events that the server acknowledged.
    var events: UInt64 = 0
    /// Requests that were answered, well or not.
    var requests: UInt64 = 0
    /// Requests that were over a quota.
    var overQuota: UInt64 = 0
    /// Requests that failed, and events that were refused for another reason than a quota.
    var errors: UInt64 = 0
    /// How long each request took that was not over a quota.
    var latency = LatencyHistogram()

    /// Adds what another connection measured.
    mutating func add(_ other: LoadResult) {
        events += other.events
        requests += other.requests
        overQuota += other.overQuota
        errors += other.errors
        latency.add(other.latency)
    }

    /// Counts one request of so many events; without an answer it failed.
    mutating func count(_ answer: EventPost.Answer?, of batch: Int, took: Duration) {
        requests += 1
        guard let answer else {
            errors += 1
            return
        }
        guard !answer.isOverQuota else {
            overQuota += 1
            return
        }
        latency.record(microseconds: UInt64(max(0, took / .microseconds(1))))
        events += UInt64(answer.accepted)
        errors += UInt64(batch - answer.accepted)
    }
}

/// Sends events over several connections, each as fast as it is answered.
struct LoadRun: Sendable {
    let post: EventPost
    let connections: Int
    /// Events in one request.
    let batch: Int
    let duration: Duration
    /// What makes this run's events differ from another's.
    let seed: UInt64

    /// Runs until the time is over, telling how many events are acknowledged.
    func run(progress: @escaping @Sendable (UInt64) -> Void) async -> LoadResult {
        let end = ContinuousClock.now + duration
        return await withTaskGroup(of: LoadResult.self) { group in
            for connection in 0..<connections {
                group.addTask { await send(connection, until: end, progress) }
            }
            var all = LoadResult()
            for await result in group { all.add(result) }
            return all
        }
    }

    private func send(
        _ connection: Int,
        until end: ContinuousClock.Instant,
        _ progress: @Sendable (UInt64) -> Void
    ) async -> LoadResult {
        var events = SampleEvents(seed: seed &+ UInt64(connection) &* 0x1_0000_0001)
        var result = LoadResult()
        while ContinuousClock.now < end, !Task.isCancelled {
            let body = events.body(batch)
            let begun = ContinuousClock.now
            let answer = try? await post.send(body, of: batch)
            result.count(answer, of: batch, took: ContinuousClock.now - begun)
            progress(UInt64(answer?.accepted ?? 0))
            // A server that is gone would otherwise be asked in a tight loop.
            if answer == nil { try? await Task.sleep(for: .milliseconds(50)) }
        }
        return result
    }
}
