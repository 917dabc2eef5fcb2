// SPDX-License-Identifier: Apache-2.0

public import Cairn

/// An operation that was carried out between two records: that it was meant, and how it ended.
public struct RecordedOperation<Value> {
    /// What the operation gave, or threw.
    public let result: Result<Value, any Error>
    /// The id that both records carry, as `details.operation.id`.
    public let id: EventID
    /// What became of the event that says what was meant.
    public let intent: Result<Receipt, ClientError>
    /// What became of the event that says how it ended.
    public let completion: Result<Receipt, ClientError>
}

extension RecordedOperation: Sendable where Value: Sendable {}

extension AuditRecorder {
    /// Carries an operation out between two records of one event: first with the outcome `unknown`,
    /// then with that of the operation.
    ///
    /// So the ledger never says that something was done which was not, and an operation of which
    /// nobody learnt the end shows as an intent alone. Where the policy asks for more than best
    /// effort and the intent is not recorded, the operation is not begun, and the result is that
    /// failure. Both records carry one id, as `details.operation.id` and, unless the event has one,
    /// as the request's.
    ///
    /// `outcome` judges an error that the operation throws; unless it is given, cancellation is
    /// `unknown` and every other error `failure`. The error's type is recorded, never its text.
    public func recordOperation<Value>(
        _ event: Event,
        isolation: isolated (any Actor)? = #isolation,
        outcome: (any Error) -> Outcome = { $0 is CancellationError ? .unknown : .failure },
        _ operation: () async throws -> Value
    ) async -> Result<RecordedOperation<Value>, ClientError> {
        let id = admission.makeID(at: SystemSource.now())
        var common = event
        common.id = nil
        if common.source.requestID == nil { common.source.requestID = id.text }
        var first = common
        (first.id, first.outcome) = (id, .unknown)
        first.note("intent", of: id)
        let intent = await record(first)
        if let error = intent.failure, options.durability.durability(of: event.type) != .bestEffort
        {
            return .failure(error)
        }
        var last = common
        // What the caller names may name the time of the attempt, not of its end.
        last.occurredAt = nil
        let result: Result<Value, any Error>
        do {
            result = .success(try await operation())
            last.outcome = .success
            last.note("completion", of: id)
        } catch {
            result = .failure(error)
            last.outcome = outcome(error)
            last.note("completion", of: id, error: "\(type(of: error))")
        }
        last.severity = event.severity ?? last.severityByRule
        return .success(
            RecordedOperation(
                result: result,
                id: id,
                intent: intent,
                completion: await recordCompletion(last)
            )
        )
    }

    /// Records an end even for a task that was cancelled meanwhile: what happened, happened.
    private func recordCompletion(_ event: Event) async -> Result<Receipt, ClientError> {
        guard Task.isCancelled else { return await record(event) }
        return await Task { await record(event) }.value
    }
}

extension Event {
    /// Says in the details to which operation the event belongs, and which end of it is told.
    fileprivate mutating func note(_ phase: String, of id: EventID, error: String? = nil) {
        var members = JSONObject()
        // An event's details are an object; what is none is refused when it is recorded.
        if let details,
            case .object(let given)? = try? JSONValue(
                parsing: details.bytes,
                limits: JSONLimits(depth: 64, bytes: details.bytes.count)
            )
        {
            members = given
        }
        var operation: JSONObject = ["id": .string(id.text), "phase": .string(phase)]
        operation["error"] = .text(error)
        members["operation"] = .object(operation)
        details = CanonicalJSON(.object(members))
    }
}
