// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

@Suite("What the log tells", .serialized)
struct LogTests {
    /// The lines of a server's log about requests, as their metadata.
    private func accesses(_ server: RunningServer) throws -> [[String: Any]] {
        try server.log.split(separator: "\n").filter { $0.contains(#""logger":"cairn.access""#) }
            .compactMap { line in
                let object = try JSONSerialization.jsonObject(with: Data(line.utf8))
                return (object as? [String: Any])?["metadata"] as? [String: Any]
            }
    }

    private func key(_ store: URL) throws -> String {
        let file = store.appendingPathComponent("admin.key")
        return try String(contentsOf: file, encoding: .utf8).trimmingCharacters(in: .newlines)
    }

    /// Sends one request on a connection of its own, and returns all that comes.
    private func exchange(
        _ server: RunningServer,
        _ line: String,
        _ fields: [String] = [],
        body: String? = nil
    ) async throws -> String {
        let connection = try RawConnection(to: server.url)
        let length = body.map { ["Content-Length: \($0.utf8.count)"] } ?? []
        let head = ["\(line) HTTP/1.1", "Host: localhost", "Connection: close"] + fields + length
        try await connection.send(head.joined(separator: "\r\n") + "\r\n\r\n" + (body ?? ""))
        return try await connection.receive(seconds: 15).text
    }

    @Test("An access is told in one line: who, what, when in which trace, and how it ended")
    func accessLog() async throws {
        try await withServer(
            isOpen: false,
            arguments: ["--log-access", "--proxies-trusted", "127.0.0.0/8"]
        ) { server, store in
            let key = try key(store)
            let trace = "4bf92f3577b34da6a3ce929d0e0e4736"
            _ = try await exchange(
                server,
                "GET /v1/events/018f6b1e-7c2a-7000-8000-000000000001?x=1",
                [
                    "Authorization: Bearer \(key)", "X-Request-Id: r-1",
                    "traceparent: 00-\(trace)-00f067aa0ba902b7-01",
                    "X-Forwarded-For: 127.0.0.1, 203.0.113.5",
                ]
            )
            _ = try await exchange(server, "GET /v1/events")
            _ = try await exchange(server, "GET /nowhere/at/all")
            let told = try accesses(server)
            #expect(told.count == 3)
            let first = try #require(told.first)
            #expect(first["request_id"] as? String == "r-1")
            #expect(first["method"] as? String == "GET")
            #expect(first["route"] as? String == "/v1/events/{id}")
            #expect(first["tenant"] as? String == "default")
            #expect(first["principal"] as? String == String(key.dropFirst(6).prefix(12)))
            #expect(first["trace_id"] as? String == trace)
            #expect(first["client"] as? String == "203.0.113.5")
            #expect((first["duration_ms"] as? String).flatMap(Double.init) != nil)
            #expect(told.map { $0["status"] as? String } == ["400", "401", "404"])
            #expect(told.map { $0["route"] as? String }.dropFirst() == ["/v1/events", "unknown"])
            #expect(told[1]["tenant"] == nil && told[1]["client"] as? String == "127.0.0.1")
        }
    }

    @Test("Nothing is told of accesses unless it is wanted")
    func noAccessLog() async throws {
        try await withServer { server, _ in
            let answer = try await HTTP.get("\(server.url)/health")
            #expect(answer.status == 200 && !server.log.contains("cairn.access"))
        }
    }

    @Test("No secret and no content of an event is in a log, a metric or an error, at any level")
    func secrets() async throws {
        try await withTemporaryFolder { folder in
            let store = folder.appendingPathComponent("data")
            let server = try await RunningServer(
                store,
                isOpen: false,
                arguments: ["--log-level", "trace", "--log-access"]
            )
            let owner = try key(store)
            let json = ["Content-Type: application/json"]
            let asOwner = json + ["Authorization: Bearer \(owner)"]
            // Each with a word that is nowhere else.
            let stray =
                "cairn_0123456789ab_" + String(repeating: "PlantedKeyA", count: 4).prefix(43)
            let token = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJQbGFudGVkVG9rZW4ifQ.PlantedSignature"
            var errors = ""
            for credential in [stray, token, "PlantedBearer"] {
                errors += try await exchange(
                    server,
                    "POST /v1/events",
                    json + ["Authorization: Bearer \(credential)"],
                    body: "{}"
                )
            }
            errors += try await exchange(
                server,
                "GET /v1/events",
                ["Authorization: Basic PlantedBasic"]
            )
            let event =
                #"{"type":"a.b","actor":{"id":"PlantedActor"},"description":"PlantedText","#
                + #""details":{"password":"PlantedPassword"}}"#
            let recorded = try await exchange(server, "POST /v1/events", asOwner, body: event)
            #expect(recorded.contains(" 201 "))
            for (line, fields, body) in [
                ("GET /v1/events?q=PlantedQuery&api_key=PlantedParameter", asOwner, nil),
                ("GET /PlantedPath/x", asOwner, nil),
                ("GET /v1/events/PlantedIdentifier", asOwner, nil),
                ("GET /v1/events?cursor=PlantedCursor", asOwner, nil),
                (
                    "GET /v1/ledger",
                    asOwner + ["X-Secret: PlantedField", "Cookie: PlantedCookie"], nil
                ),
                ("GET /v1/ledger", asOwner + ["X-Request-Id: Planted Request"], nil),
                (
                    "GET /v1/ledger",
                    asOwner + ["traceparent: PlantedTrace", "tracestate: a=PlantedState"], nil
                ),
                ("POST /v1/events", asOwner + ["Idempotency-Key: PlantedIdempotency"], event),
                ("POST /v1/events", asOwner + ["Idempotency-Key: \"Planted\"Broken\""], event),
                ("POST /v1/events", asOwner, #"{"type":"PlantedMalformed"#),
                (
                    "POST /v1/events", asOwner,
                    #"{"type":"a.b","actor":{"id":"u"},"details":"PlantedRule"}"#
                ),
                ("POST /v1/keys", asOwner, #"{"name":"PlantedMalformedKey"#),
                ("POST /v1/verifications", asOwner, #"{"checkpoint":"PlantedNote"}"#),
            ] as [(String, [String], String?)] {
                errors += try await exchange(server, line, fields, body: body)
            }
            let broken = try RawConnection(to: server.url)
            try await broken.send("GET /v1/ledger HTTP/1.1\r\nPlanted Broken: x\r\n\r\n")
            errors += try await broken.receive(seconds: 1).text
            let metrics = try await exchange(server, "GET /metrics", asOwner)
            #expect(metrics.contains("cairn_http_requests_total"))
            #expect(await server.stop() == 0)
            #expect(server.log.contains(#""logger":"cairn.access""#))

            for text in [server.log, metrics, errors] {
                let found = Set(text.matches(of: /Planted[A-Za-z]*/).map { String($0.output) })
                // Names that the API itself defines are told; a caller's are not.
                #expect(found.isEmpty, "\(found)")
                #expect(!text.contains(owner.suffix(43)))
            }
            try expectNoCredential(
                in: folder,
                [String(owner.suffix(43)), "PlantedKey", "PlantedSignature", "PlantedIdempotency"]
            )
        }
    }

    /// Looks into every file but that of the first key.
    private func expectNoCredential(in folder: URL, _ credentials: [String]) throws {
        let files = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)
        var count = 0
        for case let file as URL in try #require(files)
        where file.lastPathComponent != "admin.key" {
            guard let content = try? Data(contentsOf: file) else { continue }
            count += 1
            for credential in credentials {
                let isThere = content.range(of: Data(credential.utf8)) != nil
                #expect(!isThere, "\(credential) is in \(file.lastPathComponent)")
            }
        }
        #expect(count > 3)
    }
}
