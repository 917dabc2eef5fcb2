// SPDX-License-Identifier: Apache-2.0

/// Sends events at a steady rate, whether or not earlier requests were answered.
///
/// How long a request takes is counted from when it was due, so that waiting shows.
struct SteadyRun: Sendable {
    let post: EventPost
    /// Requests a second.
    let rate: Double
    /// Events in one request.
    let batch: Int
    /// Requests that may be under way; while there are as many, the next one waits.
    let underWay: Int
    let duration: Duration
    let seed: UInt64

    private struct Sent: Sendable {
        let answer: EventPost.Answer?
        let took: Duration
    }

    /// Runs until the time is over and all requests are answered.
    func run() async -> LoadResult {
        let start = ContinuousClock.now
        return await withTaskGroup(of: Sent.self) { group in
            var events = SampleEvents(seed: seed)
            var result = LoadResult()
            var open = 0
            var number = 0.0
            while true {
                let due = start + .seconds(number / rate)
                // One that is behind does not catch up after its time.
                guard max(due, ContinuousClock.now) - start < duration, !Task.isCancelled else {
                    break
                }
                while open >= underWay, let sent = await group.next() {
                    result.count(sent.answer, of: batch, took: sent.took)
                    open -= 1
                }
                try? await Task.sleep(until: due, clock: .continuous)
                let body = events.body(batch)
                group.addTask {
                    let answer = try? await post.send(body, of: batch)
                    return Sent(answer: answer, took: ContinuousClock.now - due)
                }
                open += 1
                number += 1
            }
            for await sent in group { result.count(sent.answer, of: batch, took: sent.took) }
            return result
        }
    }
}

/// One tenant that sends single events steadily, alone and then beside one that floods.
struct FloodRun: Sendable {
    /// What each side saw.
    struct Result: Sendable {
        let alone: LoadResult
        let beside: LoadResult
        let flood: LoadResult
    }

    /// The quiet tenant, for one phase.
    let quiet: SteadyRun
    /// The one that floods.
    let flood: SteadyRun

    /// Runs both phases, each for as long as the other.
    func run() async -> Result {
        let alone = await quiet.run()
        async let flooding = flood.run()
        let beside = await quiet.run()
        return Result(alone: alone, beside: beside, flood: await flooding)
    }
}
