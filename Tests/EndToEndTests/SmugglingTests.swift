// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

/// Bytes that mean one thing to one reader and another to the next, and what may come of them.
struct HostileRequest: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let bytes: String
    /// Whether a request that follows is one of its own, and not smuggled.
    var isFollowed = false

    init(_ name: String, _ bytes: String, isFollowed: Bool = false) {
        testDescription = name
        self.bytes = bytes
        self.isFollowed = isFollowed
    }

    private static let next = "GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"

    /// A request with these fields and this body, and one more behind it.
    private static func post(_ name: String, _ fields: String, _ body: String = "") -> Self {
        Self(
            name,
            "POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                + "Authorization: KEY\r\n\(fields)\r\n\r\n\(body)\(next)"
        )
    }

    private static func get(_ name: String, _ head: String) -> Self {
        Self(name, "\(head)\r\n\r\n\(next)")
    }

    /// Two readers may disagree where the body ends.
    static let lengths: [HostileRequest] = [
        .post("both lengths", "Content-Length: 5\r\nTransfer-Encoding: chunked", "0\r\n\r\n"),
        .post(
            "both, the other way",
            "Transfer-Encoding: chunked\r\nContent-Length: 5",
            "0\r\n\r\n"
        ),
        .post("two lengths", "Content-Length: 2\r\nContent-Length: 3", "{}"),
        .post("two lengths in one", "Content-Length: 2, 3", "{}"),
        .post("the same length twice in one", "Content-Length: 2, 2", "{}"),
        .post("xchunked", "Transfer-Encoding: xchunked", "0\r\n\r\n"),
        .post("chunked, identity", "Transfer-Encoding: chunked, identity", "0\r\n\r\n"),
        .post("identity", "Transfer-Encoding: identity", "0\r\n\r\n"),
        .post("chunked twice", "Transfer-Encoding: chunked\r\nTransfer-Encoding: x", "0\r\n\r\n"),
        .post("chunked with a tab", "Transfer-Encoding:\tchunked\u{0B}", "0\r\n\r\n"),
        .post("+ length", "Content-Length: +2", "{}"),
        .post("- length", "Content-Length: -2", "{}"),
        .post("length with a blank", "Content-Length: 2 2", "{}"),
        .post("hexadecimal length", "Content-Length: 0x2", "{}"),
        .post("empty length", "Content-Length:", "{}"),
        .post("length beyond 64 bits", "Content-Length: 18446744073709551618", "{}"),
        .post("folded length", "Content-Length:\r\n 2", "{}"),
        .post("blank before colon", "Content-Length : 2", "{}"),
        .post("folded field", "X-A: b\r\n c\r\nContent-Length: 2", "{}"),
        .post("NUL in a field", "X-A: b\u{0}c\r\nContent-Length: 2", "{}"),
        .post("control in a field", "X-A: b\u{1}c\r\nContent-Length: 2", "{}"),
        .post("NUL in a name", "X-\u{0}A: b\r\nContent-Length: 2", "{}"),
        .post("field without colon", "X-A\r\nContent-Length: 2", "{}"),
        .post("field without name", ": x\r\nContent-Length: 2", "{}"),
        .post("huge chunk", "Transfer-Encoding: chunked", "ffffffffffffffff\r\n{}\r\n0\r\n\r\n"),
        .post(
            "chunk beyond 64 bits",
            "Transfer-Encoding: chunked",
            "10000000000000002\r\n{}\r\n0\r\n\r\n"
        ),
        .post("negative chunk", "Transfer-Encoding: chunked", "-2\r\n{}\r\n0\r\n\r\n"),
        .post("chunk with a prefix", "Transfer-Encoding: chunked", "0x2\r\n{}\r\n0\r\n\r\n"),
        .post("chunk of another length", "Transfer-Encoding: chunked", "2\r\n{}x\r\n0\r\n\r\n"),
        .post("chunk ended by LF", "Transfer-Encoding: chunked", "2\n{}\n0\n\n"),
        .post("NUL in a chunk's size", "Transfer-Encoding: chunked", "2\u{0}\r\n{}\r\n0\r\n\r\n"),
    ]

    /// Heads that are not what HTTP/1.1 says.
    static let heads: [HostileRequest] = [
        .get("CR alone", "GET /v1/events HTTP/1.1\rHost: localhost"),
        .get("NUL in the target", "GET /v1/\u{0}events HTTP/1.1\r\nHost: localhost"),
        .get("blank in the target", "GET /v1/ events HTTP/1.1\r\nHost: localhost"),
        .get("no version", "GET /v1/events"),
        .get("HTTP/1.2", "GET /v1/events HTTP/1.2\r\nHost: localhost"),
        .get("HTTP/2.0", "GET /v1/events HTTP/2.0\r\nHost: localhost"),
        .get("HTTP/11", "GET /v1/events HTTP/11\r\nHost: localhost"),
        .get("no such method", "GE(T /v1/events HTTP/1.1\r\nHost: localhost"),
        .get("authority as target", "CONNECT localhost:80 HTTP/1.1\r\nHost: localhost"),
        .get("target without slash", "GET v1/events HTTP/1.1\r\nHost: localhost"),
        .get("preface of HTTP/2", "PRI * HTTP/2.0"),
    ]

    /// Ways to a route that needs a credential, without one.
    static let paths: [String] = [
        "/v1/events", "//v1/events", "/v1//events", "/v1/events/", "/v1/./events",
        "/v1/../v1/events", "/health/../v1/events", "/health/%2e%2e/v1/events",
        "/v1/%2e%2e/v1/events", "/v1/events%2f", "/v1%2fevents", "/v1/events%00",
        "/v1/events%0d%0a",
        "/v1/events;x", "/v1/events%3fx", "/V1/events", "/v1/%65vents", "/v1/events/%2e%2e",
        "/v1/events/..%2f..%2fhealth", "/v1/events/%00", "/v1/events/a%2fb", "/v1/events/%ff",
        "/v1/events/%", "/v1/events/%zz", "/health%2f..%2fv1%2fevents", "/v1/tenants#x",
        "/openapi.yaml/../v1/tenants", "/tlog/%2e%2e/v1/events", "/v1\\events",
        "http://localhost/v1/events", "http://localhost/health/../v1/events",
        "http://example.com/v1/events", "http://test@localhost/v1/events", "*",
    ]
}

@Suite("What is not plain HTTP gets nowhere", .serialized)
struct SmugglingTests {
    private func key(_ store: URL) throws -> String {
        let file = store.appendingPathComponent("admin.key")
        return try String(contentsOf: file, encoding: .utf8).trimmingCharacters(in: .newlines)
    }

    @Test("A request that two readers may end elsewhere gets one refusal, and hides no other")
    func smuggling() async throws {
        try await withServer(
            isOpen: false,
            arguments: ["--limits-head-seconds", "1", "--limits-body-seconds", "1"]
        ) {
            server,
            store in
            let credential = "Bearer \(try key(store))"
            for hostile in HostileRequest.lengths + HostileRequest.heads {
                let connection = try RawConnection(to: server.url)
                try await connection.send(hostile.bytes.replacing("KEY", with: credential))
                let received = try await connection.receive(seconds: 20)
                let name = hostile.testDescription
                #expect(received.isClosed, "\(name): stays open")
                #expect(received.statuses.count <= 1, "\(name): \(received.statuses)")
                #expect(
                    received.statuses.allSatisfy { (400..<500).contains($0) },
                    "\(name): \(received.text)"
                )
            }
            let ledger = try await exchange(
                server,
                "GET /v1/ledger HTTP/1.1\r\nHost: localhost\r\nAuthorization: \(credential)\r\n"
            )
            // The first key's own record, and none of theirs.
            #expect(ledger.text.contains(#""size":1"#))
            #expect(!server.log.contains(#""level":"error""#))
        }
    }

    @Test("No spelling of a path leads past authentication")
    func paths() async throws {
        try await withServer(isOpen: false) { server, _ in
            for path in HostileRequest.paths {
                let received = try await exchange(
                    server,
                    "GET \(path) HTTP/1.1\r\nHost: localhost\r\n"
                )
                #expect(received.statuses.count == 1, "\(path): \(received.text)")
                #expect(
                    received.statuses.allSatisfy { [400, 401, 404].contains($0) },
                    "\(path): \(received.text)"
                )
            }
        }
    }

    @Test("No spelling of an id is a mistake of the server, and none finds what it does not name")
    func ids() async throws {
        try await withServer(isOpen: false) { server, store in
            let credential = "Authorization: Bearer \(try key(store))\r\n"
            for path in HostileRequest.paths where path.hasPrefix("/v1/events/") {
                let received = try await exchange(
                    server,
                    "GET \(path) HTTP/1.1\r\nHost: localhost\r\n\(credential)"
                )
                let isRefused = received.statuses.allSatisfy { [400, 404].contains($0) }
                // A slash at the end is no other path.
                #expect(isRefused || path == "/v1/events/", "\(path): \(received.text)")
            }
        }
    }

    @Test(
        "An offer to speak another protocol is not taken, and the connection ends with the answer"
    )
    func upgrades() async throws {
        try await withServer { server, _ in
            for fields in [
                "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk",
                "Connection: Upgrade\r\nUpgrade: websocket",
            ] {
                let connection = try RawConnection(to: server.url)
                let request = "GET /health HTTP/1.1\r\nHost: localhost\r\n\(fields)\r\n\r\n"
                try await connection.send(request + request)
                let received = try await connection.receive(seconds: 15)
                #expect(received.isClosed && received.statuses == [200])
                #expect(received.text.lowercased().contains("connection: close"))
            }
        }
    }

    @Test("What is answered with is never more than one line of a head")
    func reflection() async throws {
        try await withServer { server, _ in
            for (field, value) in [
                ("X-Request-Id", "a%0d%0aX-Evil: 1"), ("X-Request-Id", "a\rX-Evil: 1"),
                ("X-Request-Id", "a\u{0}b"), ("X-Request-Id", "é"),
                ("Origin", "http://x%0d%0aX-Evil: 1"),
                ("Idempotency-Key", "a\rX-Evil: 1"), ("traceparent", "a\rX-Evil: 1"),
            ] {
                let received = try await exchange(
                    server,
                    "GET /v1/ledger HTTP/1.1\r\nHost: localhost\r\n\(field): \(value)\r\n"
                )
                #expect(!received.text.contains("X-Evil"), "\(field): \(received.text)")
                #expect(received.statuses.count <= 1)
                #expect(received.statuses.allSatisfy { $0 < 500 })
            }
            let located = try await exchange(
                server,
                "GET /v1/events/%0d%0aX-Evil:%201 HTTP/1.1\r\nHost: localhost\r\n"
            )
            #expect(located.statuses.first.map { (400..<500).contains($0) } == true)
            #expect(!located.text.contains("\r\nX-Evil"))
        }
    }

    @Test("Old versions, expectations and bodies where none belongs are answered once")
    func oddities() async throws {
        try await withServer { server, _ in
            let event = #"{"type":"a.b","actor":{"id":"u"}}"#
            let old = try RawConnection(to: server.url)
            try await old.send("GET /health HTTP/1.0\r\n\r\n")
            let first = try await old.receive(seconds: 15)
            #expect(first.statuses == [200] && first.isClosed)
            let expecting = try RawConnection(to: server.url)
            try await expecting.send(
                "POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                    + "Content-Length: \(event.utf8.count)\r\nExpect: 100-continue\r\n\r\n"
            )
            try await Task.sleep(for: .milliseconds(200))
            try await expecting.send(event)
            let second = try await expecting.receive(seconds: 15) {
                $0.text.contains("receipt") || $0.text.contains("}")
            }
            #expect(second.statuses.filter { $0 != 100 } == [201])
            let body = try await exchange(
                server,
                "GET /v1/ledger HTTP/1.1\r\nHost: localhost\r\nContent-Length: \(event.utf8.count)\r\n",
                event
            )
            #expect(body.statuses == [200])
            let bare = try await exchange(server, "GET /health HTTP/1.1\nHost: localhost\n")
            #expect(bare.statuses.count <= 1 && bare.statuses.allSatisfy { $0 < 500 })
        }
    }

    @Test("JSON that is made to hurt is refused at once")
    func bombs() async throws {
        try await withServer { server, _ in
            let deep = String(repeating: "[", count: 100_000)
            let keys = "{" + (0..<500_000).map { "\"k\($0)\":0" }.joined(separator: ",") + "}"
            let digits = String(repeating: "9", count: 100_000)
            let escapes = "\"" + String(repeating: "\\u0041", count: 300_000) + "\""
            let objects = String(repeating: "{\"a\":", count: 100_000)
            for bomb in [
                deep, objects, keys, digits, "1e\(digits)", escapes, deep + "]", "[\(digits)]",
            ] {
                for path in ["/v1/events", "/v1/keys", "/v1/verifications"] {
                    for body in [
                        bomb, #"{"type":"a.b","actor":{"id":"u"},"details":{"a":\#(bomb)}}"#,
                        #"{"name":\#(bomb)}"#,
                    ] {
                        let start = ContinuousClock.now
                        let received = try await exchange(
                            server,
                            "POST \(path) HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                                + "Content-Length: \(body.utf8.count)\r\n",
                            body
                        )
                        let isRefused = received.statuses.allSatisfy { (400..<500).contains($0) }
                        #expect(received.statuses.count == 1, "\(path) \(body.prefix(60))")
                        #expect(
                            isRefused,
                            "\(path) \(body.prefix(60)): \(received.text.prefix(300))"
                        )
                        #expect(ContinuousClock.now - start < .seconds(30))
                    }
                }
            }
            #expect(try await HTTP.get("\(server.url)/health").status == 200)
        }
    }

    /// Sends one request that is to be the last, and returns all that comes.
    private func exchange(
        _ server: RunningServer,
        _ head: String,
        _ body: String = ""
    ) async throws -> RawConnection.Received {
        let connection = try RawConnection(to: server.url)
        let end = head.hasSuffix("\r\n") ? "\r\n" : "\n"
        try await connection.send("\(head)Connection: close\(end)\(end)\(body)")
        return try await connection.receive(seconds: 15)
    }
}
