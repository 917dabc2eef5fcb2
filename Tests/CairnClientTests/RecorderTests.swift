// SPDX-License-Identifier: Apache-2.0

import Cairn
import CairnClient
import Foundation
import HTTPTypes
import Hummingbird
import Logging
import Testing

@Suite("A recorder over HTTP")
struct RecorderTests {
    @Test("A receipt says where the event is, and the ledger has it under the id it was given")
    func receipt() async throws {
        try await withAuditServer { server, _ in
            let recorder = try AuditRecorder(to: HTTPDestination(url: server.url))
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
            let recorder = try AuditRecorder(to: HTTPDestination(url: server.url))
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
            let recorder = try AuditRecorder(to: HTTPDestination(url: server.url))
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
            let recorder = try AuditRecorder(to: HTTPDestination(url: url))
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
            let recorder = try AuditRecorder(to: HTTPDestination(url: url), options: options)
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
            var options = RecorderOptions()
            options.queuedEvents = 500
            let recorder = try AuditRecorder(
                to: HTTPDestination(url: server.url),
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
            let recorder = try AuditRecorder(to: HTTPDestination(url: server.url))
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
