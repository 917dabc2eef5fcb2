// SPDX-License-Identifier: Apache-2.0

import Cairn
import CairnAPI
import CairnClient
import Foundation
import Hummingbird
import NIOCore
import Synchronization
import Testing

@Suite("What becomes of events on their way")
struct DeliveryTests {
    private struct Failed: Error {}

    /// Answers by a closure.
    private struct OddDestination: AuditDestination {
        let answers: @Sendable ([Event]) -> [Result<Receipt, ClientError>]

        func append(_ events: [Event]) async -> [Result<Receipt, ClientError>] { answers(events) }

        func page(_ query: AuditQuery) async -> Result<Page, ClientError> {
            .failure(ClientError(.unavailable, "nothing is asked"))
        }

        func close() async {}
    }

    /// A recorder that sends an event once.
    private static func recorder(
        to destination: any AuditDestination,
        _ configure: (inout RecorderOptions) -> Void = { _ in }
    ) throws -> AuditRecorder {
        var options = RecorderOptions()
        options.retry = .once
        configure(&options)
        return try AuditRecorder(to: destination, options: options)
    }

    private static func failure(_ result: Result<Receipt, ClientError>) throws -> ClientError {
        guard case .failure(let error) = result else { throw Failed() }
        return error
    }

    @Test("A handler that does not heed cancellation keeps no recorder from ending")
    func deafHandler() async throws {
        try await withTemporaryFolder { folder in
            let memory = MemoryDestination()
            let waiting = Mutex<CheckedContinuation<Void, Never>?>(nil)
            var options = SpoolTests.options(folder)
            options.shutdownLimit = .milliseconds(50)
            options.handlers = [
                AuditHandler("deaf") { _ in
                    await withCheckedContinuation { continuation in
                        waiting.withLock { $0 = continuation }
                    }
                }
            ]
            let recorder = try AuditRecorder(to: memory, options: options)
            try await recorder.whileRunning { recorder in
                _ = try await recorder.record(.sample()).get()
                try await eventually("it is told") { waiting.withLock { $0 != nil } }
            }
            // The folder is free: it was closed.
            let again = try AuditRecorder(to: memory, options: SpoolTests.options(folder))
            await again.close()
            waiting.withLock { $0.take() }?.resume()
        }
    }

    @Test("A second call of run returns at once")
    func runTwice() async throws {
        let recorder = try DeliveryTests.recorder(to: MemoryDestination())
        try await recorder.whileRunning { recorder in
            recorder.recordBestEffort(try .sample())
            try await eventually("the first runs") { recorder.counts.recorded == 1 }
            await recorder.run()
            recorder.recordBestEffort(try .sample())
            try await eventually("the first goes on") { recorder.counts.recorded == 2 }
        }
    }

    @Test("What was recorded before the body of whileRunning fails is sent all the same")
    func failingBody() async throws {
        let memory = MemoryDestination()
        let recorder = try DeliveryTests.recorder(to: memory)
        await #expect(throws: Failed.self) {
            try await recorder.whileRunning { recorder in
                for _ in 0..<50 { recorder.recordBestEffort(try .sample()) }
                throw Failed()
            }
        }
        #expect(memory.events.count == 50)
        #expect(recorder.counts.lost == 0)
    }

    @Test("An event of which a destination says nothing may be recorded")
    func tooFewResults() async throws {
        let recorder = try DeliveryTests.recorder(to: OddDestination { _ in [] })
        let error = try DeliveryTests.failure(await recorder.record(try .sample()))
        #expect(error.code == .unexpectedAnswer && error.mayBeRecorded)
        await recorder.close()
    }

    @Test("A receipt for another event is none")
    func foreignReceipt() async throws {
        let other = "018f6b1e-7c2a-7000-8000-000000000001"
        try await ScriptedServer.run { _, _ in
            .receipt(for: #""id":"\#(other)""#)
        } _: { url, _ in
            let recorder = try DeliveryTests.recorder(to: HTTPDestination.patient(url))
            let error = try DeliveryTests.failure(await recorder.record(try .sample()))
            #expect(error.code == .unexpectedAnswer && error.mayBeRecorded)
            #expect(recorder.counts.recorded == 0)
            await recorder.close()
        }
    }

    @Test(
        "A gateway's refusal says nothing of the event",
        arguments: [400, 409, 413, 422]
    )
    func gateway(status: Int) async throws {
        try await ScriptedServer.run { _, _ in
            Response(
                status: .init(code: status),
                body: ResponseBody(byteBuffer: ByteBuffer(string: "<html>No.</html>"))
            )
        } _: { url, _ in
            let recorder = try DeliveryTests.recorder(to: HTTPDestination.patient(url))
            let error = try DeliveryTests.failure(await recorder.record(try .sample()))
            #expect(error.code == .unexpectedAnswer && !error.isFinal)
            await recorder.close()
        }
    }

    @Test("An answer that begins and does not go on is told in time")
    func stalledAnswer() async throws {
        try await ScriptedServer.run { _, _ in
            Response(
                status: .created,
                body: ResponseBody { writer in
                    try await writer.write(ByteBuffer(string: "{"))
                    try await Task.sleep(for: .seconds(2))
                    try await writer.finish(nil)
                }
            )
        } _: { url, _ in
            var http = HTTPDestination.Options()
            http.requestTimeout = .milliseconds(200)
            let recorder = try DeliveryTests.recorder(to: HTTPDestination(url: url, options: http))
            let error = try DeliveryTests.failure(await recorder.record(try .sample()))
            #expect(error.code == .timedOut && error.mayBeRecorded)
            await recorder.close()
        }
    }

    private func events(_ count: Int) throws -> [Event] {
        try (0..<count).map { number in
            var event = try Event.sample(by: "\(number)")
            event.id = EventID("018f6b1e-7c2a-7000-8000-\(100_000_000_000 + number)")
            return event
        }
    }

    @Test("Nothing goes past an event that the server cannot take now")
    func order() async throws {
        try await ScriptedServer.run { number, body in
            switch number {
            case 1: .problem(.unprocessableContent, "invalid_event")
            case 2: .receipt(for: body)
            default: .problem(.serviceUnavailable, "unavailable")
            }
        } _: { url, server in
            let destination = try HTTPDestination.patient(url)
            let results = await destination.append(try events(4))
            #expect(results.map(\.code) == [nil, .unavailable, .unavailable, .unavailable])
            // The bulk, the first event alone, the second alone, and no more.
            #expect(server.seen.count == 3)
            let many = await destination.append(try events(1500))
            #expect(many.count == 1500 && many.allSatisfy { $0.code == .unavailable })
            #expect(server.seen.count == 4)
            await destination.close()
        }
    }

    @Test("An event that may be recorded and finds no room on disk may be recorded")
    func fullAfterLoss() async throws {
        try await withTemporaryFolder { folder in
            let memory = MemoryDestination()
            memory.state.withLock { $0.losesAnswers = true }
            var options = SpoolTests.options(folder)
            options.spool?.limitBytes = 1
            let recorder = try AuditRecorder(to: memory, options: options)
            let lost = try DeliveryTests.failure(await recorder.record(try .sample()))
            #expect(lost.code == .spoolFull && lost.mayBeRecorded)
            memory.goAway(true)
            let away = try DeliveryTests.failure(await recorder.record(try .sample()))
            #expect(away.code == .spoolFull && !away.mayBeRecorded)
            await recorder.close()
        }
    }

    @Test("An event that its number would make too long is refused before it is spooled")
    func roomForNumber() async throws {
        try await withTemporaryFolder { folder in
            let memory = MemoryDestination()
            memory.goAway(true)
            let recorder = try AuditRecorder(to: memory, options: SpoolTests.options(folder))
            var event = try events(1)[0]
            event.occurredAt = try Timestamp.parse("2026-01-01T00:00:00Z").timestamp
            let document = CanonicalJSON(["a": .string(String(repeating: "a", count: 260_000))])
            (event.details, event.before, event.after) = (document, document, document)
            // What takes one byte here takes six in JSON.
            func wide(_ count: Int) -> String { String(repeating: "\u{1}", count: count) }
            event.resources = []
            while EventBody.bytes(of: event).count < (1 << 20) - 20_000 {
                event.resources?.append(
                    Event.Resource(type: wide(256), id: wide(256), name: wide(1024))
                )
            }
            event.description = ""
            let room = (1 << 20) - 20 - EventBody.bytes(of: event).count
            event.description = wide(room / 6) + String(repeating: "a", count: room % 6)
            #expect(EventBody.bytes(of: event).count == (1 << 20) - 20)
            #expect(await recorder.record(event).code == .invalidEvent)
            await recorder.close()
            let unnumbered = try DeliveryTests.recorder(to: MemoryDestination())
            #expect(try await unnumbered.record(event).get().standing == .recorded)
            await unnumbered.close()
        }
    }

    @Test("A spool that would send nothing is refused", arguments: [0, -1])
    func settings(number: Int) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("none").path
        for path in [
            \SpoolOptions.bulkEvents, \SpoolOptions.segmentBytes, \SpoolOptions.limitBytes,
        ] as [WritableKeyPath<SpoolOptions, Int>] {
            var options = RecorderOptions()
            options.spool = SpoolOptions(folder: folder)
            options.spool?[keyPath: path] = number
            #expect(throws: ClientError.self) {
                try AuditRecorder(to: MemoryDestination(), options: options)
            }
        }
    }

    @Test("What waits in memory is bounded in bytes, too")
    func bytes() async throws {
        let recorder = try DeliveryTests.recorder(to: MemoryDestination()) {
            ($0.queuedBytes, $0.recentBytes) = (10_000, 5000)
            $0.handlers = [AuditHandler("slow", queuedBytes: 3000) { _ in }]
        }
        var event = try Event.sample()
        event.description = String(repeating: "a", count: 900)
        for _ in 0..<20 { recorder.recordBestEffort(event) }
        #expect((8...10).contains(recorder.queuedEvents))
        #expect(recorder.counts.lost == 20 - recorder.queuedEvents)
        #expect((3...5).contains(recorder.recent().count))
        #expect(recorder.recentSummary().forgotten == 20 - recorder.recent().count)
        #expect((17...18).contains(recorder.counts.handlerDrops))
        await recorder.close()
    }
}
