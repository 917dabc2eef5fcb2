// SPDX-License-Identifier: Apache-2.0

internal import Cairn

/// How long to wait before trying again: twice as long each time, up to a limit, and never at the
/// same instant as everybody else who waits.
public struct Backoff: Sendable, Hashable {
    /// The first pause.
    public var first: Duration
    /// The longest pause.
    public var longest: Duration

    /// Names the first and the longest pause.
    public init(first: Duration, longest: Duration) {
        self.first = first
        self.longest = longest
    }

    /// The pause after so many failures, from 1: between half of what is due and all of it.
    ///
    /// What the server asks for is the least.
    func pause(after failures: Int, asked: Duration?, fraction: Double) -> Duration {
        let doubled = first * (1 << min(max(failures, 1) - 1, 20))
        let due = min(doubled, longest)
        let jittered = due / 2 + due / 2 * fraction
        guard let asked else { return jittered }
        return max(jittered, asked + due / 2 * fraction)
    }
}

/// How often, and for how long, an event that a caller waits for is sent again.
public struct RetryPolicy: Sendable, Hashable {
    /// How often it is sent at most, the first time counted.
    public var attempts = 4
    /// How long a caller waits at most for the last attempt to begin.
    public var limit = Duration.seconds(10)
    /// The pauses between attempts.
    public var backoff = Backoff(first: .milliseconds(100), longest: .seconds(2))

    /// What holds unless something else is set.
    public init() {}

    /// Never again.
    public static let once: RetryPolicy = {
        var policy = RetryPolicy()
        policy.attempts = 1
        return policy
    }()
}

/// Sends events to a destination, again and again where that may help.
struct Delivery: Sendable {
    let destination: any AuditDestination

    /// Records events in order; those whose failure may pass are sent again with the same id.
    func append(_ events: [Event], _ policy: RetryPolicy) async -> [Result<Receipt, ClientError>] {
        let clock = ContinuousClock()
        let deadline = clock.now + policy.limit
        var results = await once(events)
        for attempt in 1..<max(policy.attempts, 1) {
            let waiting = results.indices.filter { results[$0].failure?.isPassing == true }
            guard !waiting.isEmpty else { break }
            let asked = waiting.compactMap { results[$0].failure?.retryAfter }.max()
            let pause = policy.backoff.pause(
                after: attempt,
                asked: asked,
                fraction: SystemSource.fraction()
            )
            guard clock.now + pause <= deadline, (try? await Task.sleep(for: pause)) != nil
            else { break }
            let again = await once(waiting.map { events[$0] })
            for (position, result) in zip(waiting, again) {
                results[position] = result.mapError { error in
                    // Once the answer was lost, a later refusal does not bring it back.
                    let wasLost = results[position].failure?.mayBeRecorded == true
                    return wasLost && !error.isFinal ? error.asMaybeRecorded : error
                }
            }
        }
        return results
    }

    /// Sends events once; of each there is a result, and a receipt is for the event that was sent.
    private func once(_ events: [Event]) async -> [Result<Receipt, ClientError>] {
        let answers = await destination.append(events)
        return events.enumerated().map { position, event in
            guard position < answers.count else {
                return Delivery.unexpected("the destination does not say what became of the event")
            }
            guard let receipt = try? answers[position].get(), receipt.id != event.id else {
                return answers[position]
            }
            return Delivery.unexpected("the destination answers with another event's receipt")
        }
    }

    /// The failure of an event that may be recorded, or not.
    private static func unexpected(_ message: String) -> Result<Receipt, ClientError> {
        .failure(ClientError(.unexpectedAnswer, message, mayBeRecorded: true))
    }
}

extension Result {
    /// The failure, if it is one.
    var failure: Failure? {
        guard case .failure(let error) = self else { return nil }
        return error
    }
}

extension ClientError {
    /// The same failure of an event that may be recorded all the same.
    var asMaybeRecorded: ClientError { with(mayBeRecorded: true) }

    /// The same failure of an event that was not sent because of it.
    var asUnsent: ClientError { with(mayBeRecorded: false) }

    private func with(mayBeRecorded: Bool) -> ClientError {
        ClientError(
            code,
            message,
            cause: cause,
            instance: instance,
            retryAfter: retryAfter,
            mayBeRecorded: mayBeRecorded
        )
    }
}
