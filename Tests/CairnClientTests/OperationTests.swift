// SPDX-License-Identifier: Apache-2.0

import Cairn
import CairnClient
import Synchronization
import Testing

@Suite("Operations and what an application says of itself")
struct OperationTests {
    private struct DiskFull: Error {}

    private static func recorder(
        _ configure: (inout RecorderOptions) -> Void = { _ in }
    ) throws -> (AuditRecorder, MemoryDestination) {
        let memory = MemoryDestination()
        var options = RecorderOptions()
        options.retry = .once
        configure(&options)
        return (try AuditRecorder(to: memory, options: options), memory)
    }

    private static func operation(_ event: Event) -> JSONValue? {
        event.details.flatMap { try? JSONValue(parsing: $0.bytes)["operation"] }
    }

    @Test("D-004-03, D-004-08: intent and outcome are two records under one id")
    func success() async throws {
        let (recorder, memory) = try OperationTests.recorder()
        var event = try Event.sample("data.delete")
        event.details = CanonicalJSON(["reason": "user_request"])
        let done = try await recorder.recordOperation(event) { 7 }.get()
        #expect(try done.result.get() == 7)
        #expect(memory.events.map(\.outcome) == [.unknown, .success])
        #expect(memory.events.map(\.source.requestID) == [done.id.text, done.id.text])
        #expect(
            memory.events.map(OperationTests.operation) == [
                ["id": .string(done.id.text), "phase": "intent"],
                ["id": .string(done.id.text), "phase": "completion"],
            ]
        )
        #expect(memory.events[1].details?.text.contains("user_request") == true)
    }

    @Test("An operation that fails is recorded as failed, by the type of its error")
    func failure() async throws {
        let (recorder, memory) = try OperationTests.recorder()
        let done = try await recorder.recordOperation(try .sample("data.delete")) {
            throw DiskFull()
        }.get()
        #expect(throws: DiskFull.self) { try done.result.get() }
        #expect(memory.events.map(\.outcome) == [.unknown, .failure])
        #expect(OperationTests.operation(memory.events[1])?["error"] == "DiskFull")
    }

    @Test("An operation that is called off is recorded as unknown, though its task is cancelled")
    func cancellation() async throws {
        let (recorder, memory) = try OperationTests.recorder()
        let task = Task {
            await recorder.recordOperation(try .sample("data.delete")) {
                try await Task.sleep(for: .seconds(60))
            }
        }
        try await eventually("it has begun") { memory.events.count == 1 }
        task.cancel()
        let done = try await task.value.get()
        #expect(try done.completion.get().standing == .recorded)
        #expect(memory.events.map(\.outcome) == [.unknown, .unknown])
    }

    @Test("An operation whose intent cannot be recorded is not begun, unless nothing was promised")
    func refused() async throws {
        let (recorder, memory) = try OperationTests.recorder {
            $0.durability = DurabilityPolicy(["http.request": .bestEffort])
            $0.queuedEvents = 1
        }
        memory.goAway(true)
        let began = Mutex(0)
        let refused = await recorder.recordOperation(try .sample("data.delete")) {
            began.withLock { $0 += 1 }
        }
        #expect(refused.code == .unavailable)
        #expect(began.withLock { $0 } == 0)
        recorder.recordBestEffort(try .sample())
        let done = try await recorder.recordOperation(try .sample("http.request")) {
            began.withLock { $0 += 1 }
        }.get()
        #expect(done.intent.code == .queueFull)
        #expect(began.withLock { $0 } == 1)
    }

    @Test("Domain events are recorded in order; what is no audit event is passed over")
    func subscription() async throws {
        let (recorder, memory) = try OperationTests.recorder()
        let (events, domain) = AsyncStream<Int>.makeStream()
        for number in 0..<10 { domain.yield(number) }
        domain.finish()
        let count = try await recorder.record(from: events) { number in
            number % 3 == 0 ? nil : try Event.sample(by: "\(number)")
        }
        #expect(count == 6)
        #expect(memory.events.map(\.actor.id) == ["1", "2", "4", "5", "7", "8"])
    }

    @Test("A domain event that is not recorded ends the subscription, or is counted, as was asked")
    func subscriptionRules() async throws {
        let (recorder, memory) = try OperationTests.recorder()
        memory.state.withLock { $0.refused = ["1"] }
        func events() -> AsyncStream<Int> {
            AsyncStream { stream in
                for number in 0..<3 { stream.yield(number) }
                stream.finish()
            }
        }
        await #expect(throws: ClientError.self) {
            try await recorder.record(from: events()) { try Event.sample(by: "\($0)") }
        }
        #expect(memory.events.map(\.actor.id) == ["0"])
        let count = try await recorder.record(from: events(), whenNotRecorded: .goOn) {
            try Event.sample(by: "\($0)")
        }
        #expect(count == 2)
        #expect(recorder.counts.failed == 2)
    }
}
