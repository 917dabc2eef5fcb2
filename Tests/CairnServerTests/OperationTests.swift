// SPDX-License-Identifier: Apache-2.0

import Cairn
import CairnLedger
import CairnServer
import CairnTesting
import HTTPTypes
import Testing

@Suite("Operation")
struct OperationTests {
    @Test(
        "Liveness says nothing but that the server lives",
        arguments: ["/health", "/health/live"]
    )
    func live(path: String) async throws {
        try await withServer { client, _ in
            let reply = try await client.get(path)
            #expect(reply.status == 200)
            #expect(reply.text == #"{"status":"ok"}"#)
        }
    }

    @Test("Readiness names each dependency")
    func ready() async throws {
        let check = ReadinessCheck(name: "disk") { nil }
        try await withServer(readiness: [check]) { client, _ in
            let reply = try await client.get("/health/ready")
            #expect(reply.status == 200)
            #expect(
                reply.json
                    == [
                        "status": "ready",
                        "checks": [
                            "directory": "ok", "store": "ok", "clock": "ok", "ledgers": "ok",
                            "disk": "ok",
                        ],
                    ]
            )
        }
    }

    @Test("Readiness is 503 when a dependency is down, and names which")
    func notReady() async throws {
        let check = ReadinessCheck(name: "disk") { "full" }
        try await withServer(readiness: [check]) { client, _ in
            let reply = try await client.get("/health/ready")
            reply.expectProblem(503, "not_ready")
            #expect(reply.json["checks"]?["disk"] == "full")
            #expect(reply.json["checks"]?["store"] == "ok")
        }
        try await withServer { client, setting in
            setting.store.failNextHead()
            let reply = try await client.get("/health/ready")
            reply.expectProblem(503, "not_ready")
            #expect(reply.json["checks"]?["store"] == "out of reach")
            // What was found is told for a second.
            #expect(try await client.get("/health/ready").status == 503)
            setting.clock.advance(milliseconds: 1000)
            #expect(try await client.get("/health/ready").status == 200)
        }
    }

    @Test("Readiness is 503 while the clock cannot be trusted")
    func clock() async throws {
        try await withServer { client, setting in
            try await client.record(1)
            setting.clock.step(milliseconds: -60_000)
            let reply = try await client.get("/health/ready")
            reply.expectProblem(503, "not_ready")
            #expect(reply.json["checks"]?["clock"] == "stepped")
            setting.clock.step(milliseconds: 60_000)
            setting.clock.advance(milliseconds: 1000)
            #expect(try await client.get("/health/ready").status == 200)
        }
    }

    @Test("A sane X-Request-Id of the caller's is kept, and another is replaced")
    func requestID() async throws {
        try await withServer { client, _ in
            let kept = try await client.get("/health", headers: ["X-Request-Id": "my.req-1_2"])
            #expect(kept.header("X-Request-Id") == "my.req-1_2")
            for bad in ["a b", "é", "", String(repeating: "x", count: 129), "a\"b"] {
                let reply = try await client.get("/health", headers: ["X-Request-Id": bad])
                let made = try #require(reply.header("X-Request-Id"))
                #expect(made != bad)
                #expect(EventID(made) != nil)
            }
            let problem = try await client.get("/nowhere", headers: ["X-Request-Id": "r-7"])
            #expect(problem.json["request_id"] == "r-7")
        }
    }

    @Test(
        "An unknown route is a problem",
        arguments: ["/", "/v1", "/v1/event", "/v1/events/a/b/c"]
    )
    func unknownRoute(path: String) async throws {
        try await withServer { client, _ in
            try await client.get(path).expectProblem(404, "route_not_found")
        }
    }

    @Test("A method that a route does not have is 405 and says which it has")
    func method() async throws {
        try await withServer { client, _ in
            let put = try await client.send(.put, "/v1/events")
            put.expectProblem(405, "method_not_allowed")
            #expect(put.header("Allow") == "POST, GET, HEAD")
            let post = try await client.send(.post, "/v1/events/x/proof")
            post.expectProblem(405, "method_not_allowed")
            #expect(post.header("Allow") == "GET, HEAD")
            let tile = try await client.send(.delete, "/tlog/x/tile/0/x001/000")
            tile.expectProblem(405, "method_not_allowed")
            let head = try await client.send(.head, "/v1/ledger")
            #expect(head.status == 200)
            #expect(head.bytes.isEmpty)
        }
    }

    @Test("Metrics count requests by route and events by result, and carry no tenant")
    func metrics() async throws {
        try await withServer { client, _ in
            try await client.record(3)
            _ = try await client.post("/v1/events", "{}")
            _ = try await client.get("/v1/events/x")
            _ = try await client.get("/nowhere")
            let reply = try await client.get("/metrics")
            #expect(reply.header("Content-Type") == "text/plain; version=0.0.4; charset=utf-8")
            for line in [
                #"cairn_events_total{result="recorded"} 3"#,
                #"cairn_events_total{result="rejected"} 1"#,
                #"cairn_events_total{result="known"} 0"#,
                #"cairn_http_requests_total{route="/v1/events",method="POST",status="201"} 3"#,
                #"cairn_http_requests_total{route="/v1/events/{id}",method="GET",status="404"} 1"#,
                #"cairn_http_requests_total{route="unknown",method="GET",status="404"} 1"#,
                #"cairn_http_request_duration_seconds_count{route="/v1/events"} 4"#,
                #"cairn_http_request_duration_seconds_bucket{route="/v1/events",le="+Inf"} 4"#,
                "# TYPE cairn_events_total counter",
                "# TYPE cairn_http_request_duration_seconds histogram",
                "# HELP cairn_events_total Events by what became of them.",
            ] {
                #expect(reply.text.contains(line + "\n"), "\(line)")
            }
            #expect(!reply.text.contains("default"))
        }
    }

    @Test("With a port of their own, metrics and readiness leave the main one")
    func operationsPort() async throws {
        let setting = try ServerSetting.make { $0.operationsPort = 0 }
        let paths = setting.server.contract.map(\.path)
        #expect(!paths.contains("/metrics"))
        #expect(!paths.contains("/health/ready"))
        #expect(paths.contains("/health"))
    }
}
