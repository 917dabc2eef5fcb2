// SPDX-License-Identifier: Apache-2.0

import Cairn
import CairnAPI
import CairnLedger
import CairnTesting
import HTTPTypes
import NIOCore
import Testing

@testable import CairnServer

@Suite("Streams of events")
struct StreamTests {
    private static func event(_ number: Int) -> String {
        #"{"type":"a.b","actor":{"id":"u"},"external_id":"\#(number)"}"#
    }

    @Test("Every line has one result, in order of input, with its number")
    func order() async throws {
        try await withServer(configure: { $0.streamLines = 7 }) { client, setting in
            let lines = (1...1000).map { Self.event($0) }
            let reply = try await client.stream(lines.joined(separator: "\n") + "\n")
            #expect(reply.status == 200)
            #expect(reply.header("Content-Type") == "application/x-ndjson")
            let results = try reply.lines.map { try AppendResult($0) }
            #expect(results.map(\.line) == (1...1000).map { $0 })
            #expect(results.allSatisfy { $0.status == 201 })
            #expect(results.map(\.receipt?.index) == (0..<1000).map { UInt64($0) })
            #expect(setting.store.batchSizes.max() == 7)
        }
    }

    @Test("A bad line is a result and not the end")
    func badLines() async throws {
        try await withServer { client, _ in
            let id = "018f6b1e-7c2a-7000-8000-000000000001"
            let first = #"{"id":"\#(id)","type":"a.b","actor":{"id":"u"}}"#
            let other = #"{"id":"\#(id)","type":"c.d","actor":{"id":"u"}}"#
            let reply = try await client.stream(
                [first, "{", "", " \r", "{}", other, first + "\r", Self.event(1)].joined(
                    separator: "\n"
                )
            )
            let results = try reply.lines.map { try AppendResult($0) }
            #expect(results.map(\.line) == [1, 2, 5, 6, 7, 8])
            #expect(results.map(\.status) == [201, 400, 422, 409, 200, 201])
            #expect(results[1].problem?.code == "malformed_body")
            #expect(results[2].problem?.errors.first?.field == "type")
            #expect(results[1].problem?.requestID == reply.header("X-Request-Id"))
        }
    }

    @Test("A line that is too long is a result, and the rest of it is passed over")
    func longLine() async throws {
        try await withServer(configure: { $0.lineBytes = 100 }) { client, _ in
            let long = String(repeating: "x", count: 70_000)
            let reply = try await client.stream(
                "\(Self.event(1))\n\(long)\n\(Self.event(2))\n\(long)"
            )
            let results = try reply.lines.map { try AppendResult($0) }
            #expect(results.map(\.line) == [1, 2, 3, 4])
            #expect(results.map(\.status) == [201, 413, 201, 413])
        }
    }

    @Test("A stream without a line is 200 and empty", arguments: ["", "\n\n", "  \n"])
    func empty(body: String) async throws {
        try await withServer { client, _ in
            let reply = try await client.stream(body)
            #expect(reply.status == 200)
            #expect(reply.bytes.isEmpty)
        }
    }

    @Test("While the store is out of reach, lines are 503 and the stream goes on")
    func unavailable() async throws {
        try await withServer(configure: { $0.streamLines = 1 }) { client, setting in
            try await client.record(1)
            setting.store.failNext(.commit, .beforeWrite)
            let reply = try await client.stream("\(Self.event(1))\n\(Self.event(2))\n")
            #expect(try reply.lines.map { try AppendResult($0).status } == [503, 201])
        }
    }

    @Test("With proof=true every line's receipt carries its proof")
    func proofs() async throws {
        try await withServer { client, setting in
            let reply = try await client.stream(
                "\(Self.event(1))\n\(Self.event(2))\n",
                query: "?proof=true"
            )
            #expect(reply.lines.count == 2)
            for line in reply.lines {
                try expectProof(try #require(line["receipt"]), setting)
            }
        }
    }

    @Test("An Idempotency-Key on a stream is 400")
    func key() async throws {
        try await withServer { client, _ in
            let reply = try await client.send(
                .post,
                "/v1/events",
                body: Self.event(1),
                type: "application/x-ndjson",
                headers: ["Idempotency-Key": "k"]
            )
            reply.expectProblem(400, "idempotency_key_not_supported")
        }
    }

    @Test("A relay holds no more than its limit, keeps the order, and ends with the failure")
    func relay() async {
        struct Broken: Error {}
        let relay = Relay<Int>(limit: 3)
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                for number in 0..<1000 { #expect(await relay.send(number)) }
                relay.finish(throwing: Broken())
            }
            var found: [Int] = []
            await #expect(throws: Broken.self) {
                while let numbers = try await relay.next() {
                    #expect((1...3).contains(numbers.count))
                    found += numbers
                }
            }
            #expect(found == Array(0..<1000))
        }
    }

    @Test("A relay that nobody takes from any more lets its maker go")
    func relayEnds() async throws {
        let relay = Relay<Int>(limit: 1)
        await withTaskGroup(of: Bool.self) { group in
            group.addTask {
                var isTaken = true
                while isTaken { isTaken = await relay.send(1) }
                return isTaken
            }
            _ = try? await relay.next()
            relay.finish()
            #expect(await group.next() == false)
        }
    }

    @Test("Lines do not depend on how the stream is cut into chunks")
    func chunks() {
        let text = "one\n\ntwo\r\n   \nthree is too long\nfour\nfive"
        let bytes = Array(text.utf8)
        for size in 1...bytes.count {
            var splitter = LineSplitter(limit: 8)
            var found: [String] = []
            func add(_ line: LineSplitter.Line<String>) {
                switch line {
                case .read(let number, let text): found.append("\(number) \(text)")
                case .tooLong(let number): found.append("\(number) too long")
                }
            }
            for start in stride(from: 0, to: bytes.count, by: size) {
                var chunk = ByteBuffer(bytes: bytes[start..<min(start + size, bytes.count)])
                while let line = splitter.next(in: &chunk, { String(decoding: $0, as: UTF8.self) })
                {
                    add(line)
                }
            }
            if let last = splitter.finish({ String(decoding: $0, as: UTF8.self) }) { add(last) }
            #expect(
                found == ["1 one", "3 two\r", "5 too long", "6 four", "7 five"],
                "chunks of \(size)"
            )
        }
    }
}
