// SPDX-License-Identifier: Apache-2.0

internal import Cairn
internal import CairnAPI
internal import Logging

extension AuditRecorder {
    /// Sends what waits on disk, in order and in bulks, until the task is cancelled.
    func drain() async {
        guard let spool else { return }
        var failures = 0
        while !Task.isCancelled {
            let error: ClientError?
            do throws(ClientError) {
                let payloads = try await spool.oldest()
                guard !payloads.isEmpty else {
                    _ = await spool.arrivals.take(upTo: 1)
                    continue
                }
                error = try await send(payloads, from: spool)
            } catch let failure {
                error = failure
            }
            guard let error, !Task.isCancelled else {
                failures = 0
                continue
            }
            failures += 1
            options.logger.warning(
                "events wait on disk",
                metadata: ["code": "\(error.code)", "failures": "\(failures)"]
            )
            let pause = spool.options.backoff.pause(
                after: failures,
                asked: error.retryAfter,
                fraction: SystemSource.fraction()
            )
            // Cancellation is the end of the loop.
            try? await Task.sleep(for: pause)
        }
    }

    /// Sends the oldest events and settles those before the first that must wait; returns why it
    /// must.
    private func send(
        _ payloads: [[UInt8]],
        from spool: Spool
    ) async throws(ClientError) -> ClientError? {
        let events = payloads.map(AuditRecorder.event)
        var answers = await delivery.append(events.compactMap { try? $0.get() }, .once)[...]
        var lines: [[UInt8]] = []
        for (position, event) in events.enumerated() {
            let result = event.flatMap { _ in
                guard let answer = answers.popFirst() else {
                    preconditionFailure("a destination says of each event")
                }
                return answer
            }
            switch result {
            case .success: tally.add(\.recorded)
            case .failure(let error) where error.isFinal:
                lines.append(reject(payloads[position], error))
            case .failure(let error):
                try await spool.settle(Array(payloads[..<position]), rejecting: lines)
                return error
            }
        }
        try await spool.settle(payloads, rejecting: lines)
        return nil
    }

    /// Reads what was written; an earlier version may have made it longer than it should be, which
    /// is for the server to say.
    private static func event(_ payload: [UInt8]) -> Result<Event, ClientError> {
        var limits = Limits()
        limits.eventBytes += 1024
        do throws(InvalidEvent) {
            return .success(try EventBody.event(parsing: payload, limits: limits))
        } catch {
            return .failure(ClientError(.invalidEvent, "the event cannot be read: \(error)"))
        }
    }

    /// Counts and tells an event that is refused for good; returns its line.
    private func reject(_ payload: [UInt8], _ error: ClientError) -> [UInt8] {
        tally.add(\.rejected)
        options.logger.error(
            "an event of the spool is rejected",
            metadata: ["code": "\(error.code)"]
        )
        return AuditRecorder.line(payload, error)
    }

    /// A line of `rejected.ndjson`.
    private static func line(_ payload: [UInt8], _ error: ClientError) -> [UInt8] {
        var output = JSONOutput()
        output.beginObject()
        output.member("code", error.code.text)
        output.member("message", error.message)
        output.name("event")
        payload.withUnsafeBytes { output.value(json: $0) }
        output.endObject()
        return output.bytes
    }
}
