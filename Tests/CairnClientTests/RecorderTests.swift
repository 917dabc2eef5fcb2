// SPDX-License-Identifier: Apache-2.0

import Cairn
import CairnClient
import Foundation
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import ServiceLifecycle
import Testing

@Suite("A recorder over HTTP")
struct RecorderTests {
    @Test("A receipt says where the event is, and the ledger has it under the id it was given")
    func receipt() async throws {
        try await withAuditServer { server, _ in
            let recorder = try AuditRecorder(to: HTTPDestination.patient(server.url))
            var event = try Event.sample("user.login")
            event.source = Event.Source(ip: "192.0.2.7", requestID: "r-1")
            event.details = CanonicalJSON(["method": "password", "n": [1, true]])
            event.before = CanonicalJSON(["a": 1])
            let receipt = try await recorder.record(event).get()
            #expect(receipt.standing == .recorded)
            #expect(receipt.position?.index == 0)
            let page = try await recorder.query(AuditQuery(actorID: "ada")).get()
            let record = try #require(page.records.first)
            #expect(record.id == receipt.id)
            #expect(record.event?.details == event.details)
            #expect(record.event?.before == event.before)
            #expect(record.event?.source == event.source)
            #expect(record.hash == receipt.position?.hash)
            #expect(!page.hasMore)
            await recorder.close()
        }
    }

    @Test("D-001-13, D-001-14: an id that the caller made is kept, and a retry is one record")
    func idempotent() async throws {
        try await withAuditServer { server, _ in
            let recorder = try AuditRecorder(to: HTTPDestination.patient(server.url))
            var event = try Event.sample()
            event.id = EventID("018f6b1e-7c2a-7000-8000-000000000001")
            event.occurredAt = try Timestamp.parse("2026-01-01T00:00:00Z").timestamp
            let first = try await recorder.record(event).get()
            let again = try await recorder.record(event).get()
            #expect(first == again)
            event.action = "another"
            #expect(await recorder.record(event).code == .conflict)
            #expect(try await allRecords(recorder).map(\.id) == [first.id])
            await recorder.close()
        }
    }

    @Test("D-001-15, D-001-16: ids are text, and what is too long is refused by name, not lost")
    func limits() async throws {
        try await withAuditServer { server, _ in
            let recorder = try AuditRecorder(to: HTTPDestination.patient(server.url))
            var event = try Event.sample(by: "no uuid at all, ünïcode")
            let receipt = try await recorder.record(event).get()
            #expect(receipt.standing == .recorded)
            event.source.userAgent = String(repeating: "a", count: 3000)
            let refused = await recorder.record(event)
            #expect(refused.code == .invalidEvent)
            guard case .failure(let error) = refused else { return }
            #expect(error.message.contains("source.user_agent"))
            #expect(recorder.counts.failed == 1)
            await recorder.close()
        }
    }

    @Test("D-000-32: no receipt is given for an event that is not durable")
    func noReceipt() async throws {
        let nobody = try HTTPDestination(url: "http://127.0.0.1:9")
        var options = RecorderOptions()
        options.retry.backoff = Backoff(first: .milliseconds(1), longest: .milliseconds(2))
        let recorder = try AuditRecorder(to: nobody, options: options)
        let result = await recorder.record(try Event.sample())
        #expect(result.code == .unavailable)
        if case .failure(let error) = result { #expect(!error.mayBeRecorded) }
        await recorder.close()
    }

    @Test("What may pass is sent again with the same body, not before the server asks for it")
    func retryAfter() async throws {
        try await ScriptedServer.run { number, body in
            number < 3
                ? .problem(.serviceUnavailable, "overloaded", retryAfter: number == 1 ? "1" : nil)
                : .receipt(for: body)
        } _: { url, server in
            var options = RecorderOptions()
            options.retry.limit = .seconds(300)
            let recorder = try AuditRecorder(to: HTTPDestination.patient(url), options: options)
            let receipt = try await recorder.record(try Event.sample()).get()
            #expect(receipt.standing == .recorded)
            let seen = server.seen
            #expect(seen.count == 3)
            #expect(Set(seen.map(\.body)).count == 1)
            #expect(seen[1].time - seen[0].time >= .seconds(1))
            await recorder.close()
        }
    }

    @Test(
        "What an answer means for the caller is told by a code",
        arguments: [
            (HTTPResponse.Status.unauthorized, ClientError.Code.unauthorized, false),
            (.forbidden, .unauthorized, false), (.conflict, .conflict, true),
            (.unprocessableContent, .invalidEvent, true), (.notFound, .unexpectedAnswer, false),
            (.found, .unexpectedAnswer, false), (.tooManyRequests, .overloaded, false),
            (.internalServerError, .unavailable, false),
        ]
    )
    func codes(
        status: HTTPResponse.Status,
        code: ClientError.Code,
        isFinal: Bool
    ) async throws {
        try await ScriptedServer.run { _, _ in
            .problem(status, "some_code")
        } _: { url, server in
            var options = RecorderOptions()
            options.retry = .once
            let recorder = try AuditRecorder(to: HTTPDestination.patient(url), options: options)
            let result = await recorder.record(try Event.sample())
            #expect(result.code == code)
            guard case .failure(let error) = result else { return }
            #expect(error.isFinal == isFinal)
            #expect(error.instance == "urn:cairn:request:r-1")
            #expect(server.seen.count == 1)
            await recorder.close()
        }
    }

    @Test("A server that does not answer in time is told, and the event may be recorded")
    func timeout() async throws {
        try await ScriptedServer.run { _, body in
            try await Task.sleep(for: .milliseconds(1500))
            return .receipt(for: body)
        } _: { url, _ in
            var http = HTTPDestination.Options()
            http.requestTimeout = .milliseconds(100)
            var options = RecorderOptions()
            options.retry = .once
            let recorder = try AuditRecorder(
                to: HTTPDestination(url: url, options: http),
                options: options
            )
            let result = await recorder.record(try Event.sample())
            #expect(result.code == .timedOut)
            if case .failure(let error) = result { #expect(error.mayBeRecorded) }
            await recorder.close()
        }
    }

    @Test("D-001-20: a record that this version cannot read as an event does not spoil the page")
    func unknownValues() async throws {
        let zero = String(repeating: "0", count: 64)
        func record(_ index: Int, _ outcome: String) -> String {
            """
            {"index":\(index),"id":"018f6b1e-7c2a-7000-8000-00000000000\(index)","type":"a.b",\
            "outcome":"\(outcome)","actor":{"id":"ada"},"received_at":"2026-01-01T00:00:00.000Z",\
            "leaf_hash":"\(zero)","previous_hash":"\(zero)","hash":"\(zero)","new":1}
            """
        }
        let body =
            #"{"events":[\#(record(1, "postponed")),\#(record(0, "denied"))],"size":2}"#
        try await ScriptedServer.run { _, _ in
            Response(status: .ok, body: ResponseBody(byteBuffer: ByteBuffer(string: body)))
        } _: { url, _ in
            let recorder = try AuditRecorder(to: HTTPDestination.patient(url))
            let records = try await recorder.query(AuditQuery()).get().records
            #expect(records.count == 2)
            #expect(records[0].event == nil && records[0].type == "a.b")
            #expect(records[0].json["outcome"] == "postponed" && records[0].json["new"] == 1)
            #expect(records[1].event?.outcome == .denied)
            await recorder.close()
        }
    }

    @Test("D-004-11: what a failure says is what to do, never its cause or the event's content")
    func message() async throws {
        let recorder = try AuditRecorder(to: HTTPDestination(url: "http://127.0.0.1:9"))
        var event = try Event.sample(by: "somebody-private")
        event.description = String(repeating: "very private ", count: 1000)
        guard case .failure(let invalid) = await recorder.record(event),
            case .failure(let away) = await recorder.query(AuditQuery())
        else {
            Issue.record("it does not fail")
            return
        }
        #expect(!"\(invalid)".contains("private"))
        let cause = try #require(away.cause)
        #expect(!"\(away)".contains("\(cause)"))
        #expect(away.message.contains("check"))
        await recorder.close()
    }

    @Test("A question that breaks a rule is told from a server that is away")
    func invalidQuery() async throws {
        try await withAuditServer { server, _ in
            let recorder = try AuditRecorder(to: HTTPDestination(url: server.url))
            #expect(await recorder.query(AuditQuery(limit: 0)).code == .invalidQuery)
            var query = AuditQuery()
            query.cursor = "none of yours & more"
            #expect(await recorder.query(query).code == .invalidQuery)
            query = AuditQuery()
            query.details = ["a b&c": "d=ü+%"]
            #expect(try await recorder.query(query).get().records.isEmpty)
            await recorder.close()
        }
    }

    @Test("A key opens a server that asks for one, and without it the caller is told")
    func apiKey() async throws {
        try await withTemporaryFolder { folder in
            let store = folder.appendingPathComponent("data")
            let server = try await AuditServer(store, isOpen: false)
            let file = store.appendingPathComponent("admin.key")
            let key = try String(contentsOf: file, encoding: .utf8).split(separator: "\n")[0]
            let good = try AuditRecorder(
                to: HTTPDestination.patient(server.url, apiKey: String(key))
            )
            #expect(try await good.record(.sample()).get().standing == .recorded)
            let stranger = try AuditRecorder(to: HTTPDestination.patient(server.url))
            let refused = await stranger.record(try .sample())
            #expect(refused.code == .unauthorized)
            await good.close()
            await stranger.close()
            await server.kill()
        }
    }

    @Test("As a service, a recorder ends in order and sends what is left")
    func service() async throws {
        try await withAuditServer { server, _ in
            let recorder = try AuditRecorder(
                to: HTTPDestination.patient(server.url),
                options: .patient
            )
            let group = ServiceGroup(
                services: [recorder],
                logger: Logger(label: "services") { _ in SwiftLogNoOpLogHandler() }
            )
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                tasks.addTask { try await group.run() }
                for _ in 0..<30 { recorder.recordBestEffort(try Event.sample()) }
                try await eventually("it runs") { recorder.counts.recorded > 0 }
                for _ in 0..<30 { recorder.recordBestEffort(try Event.sample()) }
                await group.triggerGracefulShutdown()
                try await tasks.waitForAll()
            }
            #expect(recorder.counts.recorded == 60)
            #expect(recorder.counts.lost == 0)
        }
    }

    @Test("An API key goes over https or to this machine, never in the clear over a network")
    func plainText() throws {
        for url in ["http://audit.example.com", "http://127.0.0.1.example.com", "http://192.0.2.1"]
        {
            #expect(throws: ClientError.self) { try HTTPDestination(url: url, apiKey: "k") }
        }
        for url in ["ftp://audit.example.com", "audit.example.com", "http://", "https://a@b?c"] {
            #expect(throws: ClientError.self) { try HTTPDestination(url: url) }
        }
        #expect(throws: ClientError.self) {
            try HTTPDestination(url: "https://audit.example.com", apiKey: "a\r\nb")
        }
    }

    @Test("Events without a promise never wait, arrive in bulk, and what finds no room is counted")
    func bestEffort() async throws {
        try await withAuditServer { server, _ in
            var options = RecorderOptions.patient
            options.queuedEvents = 500
            let recorder = try AuditRecorder(
                to: HTTPDestination.patient(server.url),
                options: options
            )
            for number in 0..<600 {
                recorder.recordBestEffort(try Event.sample(by: "actor-\(number)"))
            }
            #expect(recorder.counts.lost == 100)
            #expect(recorder.queuedEvents == 500)
            try await recorder.whileRunning { recorder in
                try await eventually("all are sent") { recorder.counts.recorded == 500 }
                let records = try await allRecords(recorder)
                #expect(
                    records.map { $0.event?.actor.id } == (0..<500).map { "actor-\($0)" }
                )
            }
            recorder.recordBestEffort(try Event.sample())
            #expect(recorder.counts.lost == 101)
        }
    }

    @Test("What waits in memory is sent before the recorder ends, or counted as lost")
    func shutdown() async throws {
        try await withAuditServer { server, _ in
            let recorder = try AuditRecorder(
                to: HTTPDestination.patient(server.url),
                options: .patient
            )
            try await recorder.whileRunning { recorder in
                for _ in 0..<50 { recorder.recordBestEffort(try Event.sample()) }
            }
            #expect(recorder.counts.recorded == 50)
            let nobody = try AuditRecorder(to: HTTPDestination(url: "http://127.0.0.1:9"))
            try await nobody.whileRunning { recorder in
                for _ in 0..<50 { recorder.recordBestEffort(try Event.sample()) }
            }
            #expect(nobody.counts.lost == 50)
        }
    }
}
