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
        var sent = payloads[...]
        var events: [Event] = []
        for payload in payloads {
            guard let event = try? EventBody.event(parsing: payload) else { break }
            events.append(event)
        }
        // What a newer version wrote and this one cannot read is not for this one to drop.
        guard !events.isEmpty else {
            return ClientError(.spoolFailed, "an event of the spool cannot be read")
        }
        var lines: [[UInt8]] = []
        var waits: ClientError?
        sent = payloads.prefix(events.count)
        for (position, result) in await delivery.append(events, .once).enumerated() {
            switch result {
            case .success: tally.add(\.recorded)
            case .failure(let error) where error.isFinal:
                tally.add(\.rejected)
                lines.append(AuditRecorder.line(payloads[position], error))
                options.logger.error(
                    "an event of the spool is rejected",
                    metadata: [
                        "id": "\(events[position].id?.text ?? "")", "code": "\(error.code)",
                    ]
                )
            case .failure(let error):
                waits = error
                sent = payloads.prefix(position)
            }
            if waits != nil { break }
        }
        try await spool.settle(Array(sent), rejecting: lines)
        return waits
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
