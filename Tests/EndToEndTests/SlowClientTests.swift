// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

@Suite("A client that is slow costs little", .serialized)
struct SlowClientTests {
    private static let limits = [
        "--limits-head-seconds", "1", "--limits-body-seconds", "1", "--limits-idle-seconds", "3",
    ]
    private static let event = #"{"type":"a.b","actor":{"id":"u"}}"#

    private static func head(_ length: Int, type: String = "application/json") -> String {
        "POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: \(type)\r\n"
            + "Content-Length: \(length)\r\n\r\n"
    }

    @Test("A head that does not end is cut, and a good client beside it is answered")
    func slowHead() async throws {
        try await withServer(arguments: Self.limits) { server, _ in
            let slow = try (0..<20).map { _ in try RawConnection(to: server.url) }
            for connection in slow { try await connection.send("GET /health HTTP/1.1\r\nHo") }
            let silent = try RawConnection(to: server.url)
            // A byte now and then does not buy time.
            for _ in 0..<4 {
                try await Task.sleep(for: .milliseconds(300))
                for connection in slow { try await connection.send("x") }
                #expect(
                    try await HTTP.post("\(server.url)/v1/events", json: Self.event).status == 201
                )
            }
            for connection in slow + [silent] {
                let received = try await connection.receive(seconds: 15)
                #expect(received.isClosed && received.bytes.isEmpty)
            }
        }
    }

    @Test("The head of a later request has no more time than the first")
    func slowSecondHead() async throws {
        try await withServer(arguments: [
            "--limits-head-seconds", "1", "--limits-idle-seconds", "8",
        ]) { server, _ in
            let connection = try RawConnection(to: server.url)
            try await connection.send("GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
            let first = try await connection.receive(seconds: 15) { $0.text.contains("\r\n\r\n") }
            #expect(first.statuses == [200])
            // At rest, the idle time holds and not that of heads.
            try await Task.sleep(for: .milliseconds(1500))
            try await connection.send("GET /health HTTP/1.1\r\n")
            let start = ContinuousClock.now
            #expect(try await connection.receive(seconds: 15).isClosed)
            #expect(ContinuousClock.now - start < .seconds(7))
        }
    }

    @Test("A body that does not end is cut, also after its request was refused")
    func slowBody() async throws {
        try await withServer(arguments: Self.limits) { server, _ in
            for type in ["application/json", "text/plain"] {
                let connection = try RawConnection(to: server.url)
                try await connection.send(Self.head(100, type: type) + "{")
                for _ in 0..<6 {
                    try await Task.sleep(for: .milliseconds(250))
                    try await connection.send(" ")
                }
                let received = try await connection.receive(seconds: 15)
                #expect(received.isClosed)
                #expect(received.statuses.allSatisfy { (400..<500).contains($0) })
            }
            #expect(!server.log.contains(#""level":"error""#))
        }
    }

    @Test("A stream of events that is slow and steady lives on; one that stops ends")
    func slowStream() async throws {
        // All of it takes longer than the limit, and no line does, on a busy machine either.
        try await withServer(arguments: [
            "--limits-body-seconds", "5", "--limits-idle-seconds", "5",
        ]) { server, _ in
            let connection = try RawConnection(to: server.url)
            try await connection.send(
                "POST /v1/events HTTP/1.1\r\nHost: localhost\r\n"
                    + "Content-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n"
            )
            let line = Self.event + "\n"
            let chunk = String(line.utf8.count, radix: 16) + "\r\n\(line)\r\n"
            for number in 1...6 {
                try await connection.send(chunk)
                let part = try await connection.receive(seconds: 30) { $0.text.contains("receipt") }
                #expect(part.text.contains(#""line":\#(number)"#))
                try await Task.sleep(for: .milliseconds(1100))
            }
            #expect(try await connection.receive(seconds: 30).isClosed)
            let ledger = try await HTTP.get("\(server.url)/v1/ledger").json()
            #expect(ledger["size"] as? Int == 6)
        }
    }

    @Test(
        "A slow stream of HTTP/2 is cut, and others of its connection go on",
        .enabled(if: Tool.openssl.isThere && Tool.curl.isThere, "needs openssl and curl")
    )
    func slowHTTP2() async throws {
        try await withTemporaryFolder { folder in
            let pair = try await TestCertificate("one", in: folder)
            let body = folder.appendingPathComponent("body")
            try Data(repeating: UInt8(ascii: " "), count: 400_000).write(to: body)
            try await withServer(arguments: pair.arguments + Self.limits) { server, _ in
                let run = try await Tool.curl.run([
                    "-sS", "--http2", "-Z", "--cacert", pair.certificate.path,
                    "-w", "%{http_code};", "-o", "/dev/null", "\(server.url)/health", "--next",
                    "-sS", "--http2", "--cacert", pair.certificate.path, "--limit-rate", "20k",
                    "-H", "Content-Type: application/json", "--data-binary", "@\(body.path)",
                    "-w", "%{http_code};", "-o", "/dev/null", "\(server.url)/v1/events",
                ])
                #expect(run.output.contains("200;") && !run.output.contains("201;"))
                #expect(run.status != 0 || run.output.contains("4"))
                let health = try await Tool.curl.run([
                    "-sS", "--http2", "--cacert", pair.certificate.path, "\(server.url)/health",
                ])
                #expect(health.output.contains("ok"))
                #expect(!server.log.contains(#""level":"error""#))
            }
        }
    }

    @Test(
        "A client of HTTP/2 that gives its answer no window is cut, whatever else it sends",
        .enabled(if: Tool.openssl.isThere && Tool.curl.isThere, "needs openssl and curl")
    )
    func noWindow() async throws {
        try await withTemporaryFolder { folder in
            let pair = try await TestCertificate("one", in: folder)
            let limits = ["--limits-head-seconds", "1", "--limits-idle-seconds", "1"]
            try await withServer(
                arguments: pair.arguments + limits + ["--log-level", "debug"]
            ) { server, _ in
                let connection = try OpenTLSConnection(to: server.url, options: ["-alpn", "h2"])
                // The preface; SETTINGS with a window of 0; HEADERS of `GET /openapi.yaml`.
                let path = Array("/openapi.yaml".utf8)
                let head =
                    [0x82, 0x87, 0x01, 0x09] + Array("localhost".utf8)
                    + [0x04, UInt8(path.count)] + path
                try connection.send(
                    Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)
                        + [0, 0, 6, 4, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0]
                        + [0, 0, UInt8(head.count), 1, 5, 0, 0, 0, 1] + head
                )
                // WINDOW_UPDATE of the connection, so that it is never silent.
                for _ in 0..<8 {
                    try await Task.sleep(for: .milliseconds(300))
                    try connection.send([0, 0, 4, 8, 0, 0, 0, 0, 0, 0, 0, 0, 1])
                }
                #expect(try await connection.ends(within: 6))
                #expect(server.log.contains(#""route":"/openapi.yaml""#))
            }
        }
    }

    @Test("A client that does not take its answers is cut")
    func unreadAnswers() async throws {
        try await withServer(arguments: Self.limits + ["--log-level", "debug"]) { server, _ in
            let connection = try RawConnection(to: server.url)
            let request = "GET /openapi.yaml HTTP/1.1\r\nHost: localhost\r\n\r\n"
            // Far more answers than the system keeps for the two.
            let requests = String(repeating: request, count: 400)
            var isTaken = true
            for _ in 0..<10 where isTaken { isTaken = try await connection.send(requests) }
            for _ in 0..<300 where !server.log.contains(#""stage":"answer""#) {
                try await Task.sleep(for: .milliseconds(100))
            }
            #expect(try await HTTP.get("\(server.url)/health").status == 200)
            let received = try await connection.receive(seconds: 15)
            #expect(received.isClosed && server.log.contains(#""stage":"answer""#))
        }
    }

    @Test("A head that is too large is refused", arguments: ["value", "count", "name"])
    func largeHead(_ part: String) async throws {
        let fields =
            switch part {
            case "value": "X-Large: " + String(repeating: "a", count: 100 << 10) + "\r\n"
            case "count": (0..<5000).map { "X-\($0): a\r\n" }.joined()
            default: String(repeating: "a", count: 100 << 10) + ": a\r\n"
            }
        try await withServer { server, _ in
            let connection = try RawConnection(to: server.url)
            try await connection.send("GET /health HTTP/1.1\r\nHost: localhost\r\n\(fields)\r\n")
            let received = try await connection.receive(seconds: 15) { $0.isClosed }
            #expect(received.statuses.count <= 1)
            #expect(received.statuses.allSatisfy { (400..<500).contains($0) })
            #expect(received.isClosed || received.statuses.count == 1)
        }
    }

    @Test("A head without end is refused long before it fills memory")
    func endlessHead() async throws {
        try await withServer { server, _ in
            let piece = [UInt8](repeating: UInt8(ascii: "a"), count: 1 << 20)
            for start in ["GET /", "GET / HTTP/1.1\r\nX-A: ", "GET / HTTP/1.1\r\n"] {
                let connection = try RawConnection(to: server.url)
                try await connection.send(start)
                var sent = 0
                while sent < 64, try await connection.send(piece) { sent += 1 }
                #expect(sent < 64, "\(start)")
            }
            #expect(try await HTTP.get("\(server.url)/health").status == 200)
        }
    }
}
