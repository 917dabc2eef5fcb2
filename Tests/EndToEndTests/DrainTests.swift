// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

@Suite("A server that is told to end", .serialized)
struct DrainTests {
    private static let event = #"{"type":"a.b","actor":{"id":"u"}}"#

    private static func head(_ length: Int, expecting: Bool = false) -> String {
        "POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            + "Content-Length: \(length)\r\n\r\n"
    }

    /// Waits until nobody can connect any more.
    private func refusesConnections(_ server: RunningServer) async throws -> Bool {
        for _ in 0..<200 {
            guard (try? RawConnection(to: server.url)) != nil else { return true }
            try await Task.sleep(for: .milliseconds(10))
        }
        return false
    }

    @Test("A request that is under way is answered, new connections are refused, then it ends")
    func underWay() async throws {
        try await withTemporaryFolder { folder in
            let store = folder.appendingPathComponent("data")
            let server = try await RunningServer(store)
            let slow = try RawConnection(to: server.url)
            try await slow.send(Self.head(Self.event.utf8.count) + Self.event.prefix(5))
            try await Task.sleep(for: .milliseconds(300))
            server.signal(SIGTERM)
            #expect(try await refusesConnections(server))
            try await slow.send(String(Self.event.dropFirst(5)))
            let received = try await slow.receive(seconds: 15)
            #expect(received.statuses == [201] && received.isClosed)
            let start = ContinuousClock.now
            #expect(await server.end() == 0)
            #expect(ContinuousClock.now - start < .seconds(20))
            let all = try await CairnBinary.run(["query", "--data", store.path, "--all", "--json"])
            #expect(all.lines.count == 1)
        }
    }

    @Test("Connections that are at rest, or have sent half a head, do not hold the end up")
    func atRest() async throws {
        try await withTemporaryFolder { folder in
            let server = try await RunningServer(folder.appendingPathComponent("data"))
            let connections = try (0..<10).map { _ in try RawConnection(to: server.url) }
            for connection in connections[..<5] {
                try await connection.send("GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
                let answer = try await connection.receive(seconds: 15) { $0.text.contains("}") }
                #expect(answer.statuses == [200])
            }
            try await connections[5].send("GET /health HTTP/1.1\r\nHo")
            try await Task.sleep(for: .milliseconds(200))
            let start = ContinuousClock.now
            #expect(await server.stop() == 0)
            #expect(ContinuousClock.now - start < .seconds(20))
            for connection in connections {
                #expect(try await connection.receive(seconds: 15).isClosed)
            }
        }
    }

    @Test("A stream of events ends with the results of what was read")
    func stream() async throws {
        try await withTemporaryFolder { folder in
            let server = try await RunningServer(folder.appendingPathComponent("data"))
            let connection = try RawConnection(to: server.url)
            let line = Self.event + "\n"
            try await connection.send(
                "POST /v1/events HTTP/1.1\r\nHost: localhost\r\n"
                    + "Content-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n"
                    + String(line.utf8.count, radix: 16) + "\r\n\(line)\r\n"
            )
            let first = try await connection.receive(seconds: 15) { $0.text.contains("receipt") }
            #expect(first.text.contains(#""status":201"#))
            let start = ContinuousClock.now
            server.signal(SIGTERM)
            let rest = try await connection.receive(seconds: 15)
            #expect(rest.isClosed && rest.text.hasSuffix("0\r\n\r\n"))
            #expect(await server.end() == 0)
            #expect(ContinuousClock.now - start < .seconds(8))
        }
    }

    @Test("A client that never ends its request is waited for no longer than the grace")
    func grace() async throws {
        try await withTemporaryFolder { folder in
            let server = try await RunningServer(
                folder.appendingPathComponent("data"),
                arguments: ["--shutdown-grace-seconds", "2"]
            )
            let slow = try RawConnection(to: server.url)
            try await slow.send(Self.head(100) + "{")
            try await Task.sleep(for: .milliseconds(300))
            let start = ContinuousClock.now
            _ = await server.stop()
            #expect(ContinuousClock.now - start < .seconds(6))
        }
    }

    @Test(
        "Over TLS and HTTP/2, too, what is under way is answered and what rests holds nothing up",
        .enabled(if: Tool.openssl.isThere && Tool.curl.isThere, "needs openssl and curl"),
        arguments: ["--http2", "--http1.1"]
    )
    func tls(version: String) async throws {
        try await withTemporaryFolder { folder in
            let pair = try await TestCertificate("one", in: folder)
            let body = folder.appendingPathComponent("body")
            // At this pace the body takes about two seconds.
            let text = String(repeating: " ", count: 400_000) + Self.event
            try Data(text.utf8).write(to: body)
            let server = try await RunningServer(
                folder.appendingPathComponent("data"),
                arguments: pair.arguments
            )
            let url = server.url
            async let upload = Tool.curl.run([
                "-sS", version, "--cacert", pair.certificate.path, "--limit-rate", "200k",
                "-H", "Content-Type: application/json", "--data-binary", "@\(body.path)",
                "-w", " %{http_code} %{http_version}", "\(url)/v1/events",
            ])
            let resting = try (0..<3).map { _ in
                try OpenTLSConnection(
                    to: url,
                    options: version == "--http2" ? ["-alpn", "h2"] : []
                )
            }
            try await Task.sleep(for: .milliseconds(700))
            let start = ContinuousClock.now
            server.signal(SIGTERM)
            let run = try await upload
            #expect(run.output.contains(" 201 "), "\(run.error)\(run.output.suffix(300))")
            #expect(await server.end() == 0)
            #expect(ContinuousClock.now - start < .seconds(8))
            for connection in resting { #expect(try await connection.ends(within: 3)) }
        }
    }
}
