// SPDX-License-Identifier: Apache-2.0

internal import Cairn
internal import CairnAPI
internal import CairnLedger
internal import Hummingbird
internal import HummingbirdCore
internal import NIOCore

/// Appends a stream of events, one a line, while it answers with one result a line.
///
/// A chunk's lines are appended together and answered before the next chunk is read, so memory
/// does not grow with the stream, and a slow store or a slow reader slows the sender down.
struct EventStream: Sendable {
    let reader: EventReader
    let intake: Intake
    let requestID: String
    let lineBytes: Int
    let lines: Int

    private struct Batch {
        var numbers: [Int] = []
        var events: [Result<PreparedEvent, Problem>] = []
    }

    /// Reads to the end of the body.
    func run(_ body: RequestBody, writer: inout any ResponseBodyWriter) async throws {
        var splitter = LineSplitter(limit: lineBytes)
        var batch = Batch()
        for try await var chunk in body {
            while let line = splitter.next(in: &chunk, reader.result) {
                add(line, to: &batch)
                if batch.events.count == lines {
                    try await settle(&batch, &writer)
                }
            }
            if !batch.events.isEmpty {
                try await settle(&batch, &writer)
            }
        }
        if let line = splitter.finish(reader.result) {
            add(line, to: &batch)
            try await settle(&batch, &writer)
        }
    }

    private func add(
        _ line: LineSplitter.Line<Result<PreparedEvent, Problem>>,
        to batch: inout Batch
    ) {
        switch line {
        case .read(let number, let event):
            batch.numbers.append(number)
            batch.events.append(event)
        case .tooLong(let number):
            batch.numbers.append(number)
            batch.events.append(
                .failure(Problem(.bodyTooLarge, "A line is at most \(lineBytes) bytes."))
            )
        }
    }

    private func settle(
        _ batch: inout Batch,
        _ writer: inout any ResponseBodyWriter
    ) async throws {
        let settlements = await intake.settle(batch.events)
        let evidence = try await intake.evidence(for: settlements)
        var buffer = ByteBuffer()
        buffer.reserveCapacity(settlements.count * 512)
        for (number, settlement) in zip(batch.numbers, settlements) {
            var output = JSONOutput()
            settlement.result(line: number, requestID: requestID).append(
                to: &output,
                evidence: settlement.receipt.flatMap { evidence[$0.index] }
            )
            buffer.writeBytes(output.bytes)
            buffer.writeInteger(UInt8(ascii: "\n"))
        }
        batch = Batch()
        try await writer.write(buffer)
    }
}
