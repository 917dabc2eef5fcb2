// SPDX-License-Identifier: Apache-2.0

internal import Cairn
internal import CairnAPI
internal import CairnLedger
internal import Hummingbird
internal import HummingbirdCore
internal import NIOCore
internal import ServiceLifecycle

/// Appends a stream of events, one a line, while it answers with one result a line.
///
/// One task reads chunks and makes events of their lines; the other appends all that has arrived
/// and answers. No more than a few chunks wait between them, so memory does not grow with the
/// stream, and a slow store or a slow reader slows the sender down.
struct EventStream: Sendable {
    /// Chunks that may wait to be appended.
    private static let waitingChunks = 4

    let reader: EventReader
    let intake: Intake
    let requestID: String
    let lineBytes: Int
    let lines: Int
    let quotas: Quotas
    let principal: Principal
    /// Whether the sender may still record: a stream may last longer than the key it came with.
    let isAllowed: @Sendable () -> Bool

    /// What was made of a line.
    private struct ReadLine: Sendable {
        let number: Int
        let event: Result<PreparedEvent, Problem>
    }

    /// Reads to the end of the body.
    func run(_ body: RequestBody, writer: inout any ResponseBodyWriter) async throws {
        let relay = Relay<[ReadLine]>(limit: EventStream.waitingChunks)
        try await withThrowingTaskGroup(of: Void.self) { group in
            // However this ends, the task that reads does not wait for it any more.
            defer { relay.finish() }
            group.addTask {
                do {
                    try await read(body, to: relay)
                    relay.finish()
                } catch {
                    relay.finish(throwing: error)
                }
            }
            // A server that shuts down answers what it has read, and reads no more.
            try await withGracefulShutdownHandler {
                while let chunks = try await relay.next() {
                    var rest = chunks.joined()[...]
                    while !rest.isEmpty {
                        // Past its quota a stream is slowed down, not refused.
                        let pause = quotas.restMilliseconds(principal)
                        if pause > 0 { try await Task.sleep(for: .milliseconds(pause)) }
                        try await settle(rest.prefix(lines), &writer)
                        rest = rest.dropFirst(lines)
                    }
                }
            } onGracefulShutdown: {
                relay.finish()
            }
            group.cancelAll()
        }
    }

    private func read(_ body: RequestBody, to relay: Relay<[ReadLine]>) async throws {
        var splitter = LineSplitter(limit: lineBytes)
        for try await var chunk in body {
            var read: [ReadLine] = []
            while let line = splitter.next(in: &chunk, reader.result) {
                read.append(self.read(line))
            }
            guard !read.isEmpty else { continue }
            guard await relay.send(read) else { return }
        }
        if let line = splitter.finish(reader.result) {
            _ = await relay.send([read(line)])
        }
    }

    private func read(_ line: LineSplitter.Line<Result<PreparedEvent, Problem>>) -> ReadLine {
        switch line {
        case .read(let number, let event):
            ReadLine(number: number, event: event)
        case .tooLong(let number):
            ReadLine(
                number: number,
                event: .failure(Problem(.bodyTooLarge, "A line is at most \(lineBytes) bytes."))
            )
        }
    }

    private func settle(
        _ lines: some Collection<ReadLine>,
        _ writer: inout any ResponseBodyWriter
    ) async throws {
        quotas.charge(
            principal,
            events: lines.count,
            bytes: lines.reduce(0) { $0 + ((try? $1.event.get().fields.byteCount) ?? 0) }
        )
        let refusal = Problem(.unauthenticated, "The credential is not good any more.")
        let isAllowed = isAllowed()
        let settlements = await intake.settle(
            lines.map { isAllowed ? $0.event : .failure(refusal) }
        )
        let evidence = await intake.evidence(for: settlements)
        var buffer = ByteBuffer()
        buffer.reserveCapacity(settlements.count * 512)
        for (line, settlement) in zip(lines, settlements) {
            var output = JSONOutput()
            settlement.result(line: line.number, requestID: requestID).append(
                to: &output,
                evidence: settlement.receipt.flatMap { evidence[$0.index] }
            )
            buffer.writeBytes(output.bytes)
            buffer.writeInteger(UInt8(ascii: "\n"))
        }
        try await writer.write(buffer)
    }
}
