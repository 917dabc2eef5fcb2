// SPDX-License-Identifier: Apache-2.0

import Cairn
import CairnLedger
import CairnServer
import CairnTesting
import HTTPTypes
import Testing

@Suite("Statistics")
struct StatisticsTests {
    private static func event(
        _ day: String,
        actor: String,
        type: String = "user.login",
        risk: String = "low"
    ) -> String {
        #"{"type":"\#(type)","actor":{"id":"\#(actor)"},"risk":"\#(risk)","#
            + #""occurred_at":"\#(day)"}"#
    }

    @Test("Everything is counted, days without records too, and actors are really ranked")
    func counts() async throws {
        try await withServer { client, _ in
            var lines: [String] = []
            for actor in 0..<12 {
                for _ in 0...(actor / 2) {
                    lines.append(Self.event("2026-01-20T12:00:00Z", actor: "actor-\(actor)"))
                }
            }
            lines.append(
                Self.event(
                    "2026-01-23T10:00:00Z",
                    actor: "actor-0",
                    type: "a.b",
                    risk: "critical"
                )
            )
            lines.append(Self.event("2026-01-22T14:30:00.123Z", actor: "actor-1", risk: "high"))
            _ = try await client.stream(lines.joined(separator: "\n"))
            let reply = try await client.get("/v1/stats")
            #expect(reply.status == 200)
            let json = reply.json
            #expect(json["total"] == 44)
            #expect(json["by_type"] == ["a.b": 1, "user.login": 43])
            #expect(json["by_risk"] == ["critical": 1, "high": 1, "low": 42])
            #expect(json["by_outcome"] == ["success": 44])
            #expect(
                json["by_day"]
                    == [
                        "2026-01-20": 42, "2026-01-21": 0, "2026-01-22": 1, "2026-01-23": 1,
                    ]
            )
            #expect(
                json["top_actors"]?.array?.compactMap { $0["id"]?.string }
                    == [
                        "actor-10", "actor-11", "actor-8", "actor-9", "actor-6", "actor-7",
                        "actor-4", "actor-5", "actor-0", "actor-1",
                    ]
            )
            #expect(json["top_actors"]?[0]?["count"] == 6)
            #expect(json["distinct_actors"] == 12)
            #expect(json["other_actors"] == 4)
            #expect(
                json["last_24h"] == ["events": 2, "actors": 2, "high_risk": 2]
            )
        }
    }

    @Test("A range is half-open, and a bare date as its end means the end of that day")
    func range() async throws {
        try await withServer { client, _ in
            for day in 19...22 {
                _ = try await client.post(
                    "/v1/events",
                    Self.event("2026-01-\(day)T23:59:59.999Z", actor: "u")
                )
            }
            let json = try await client.get("/v1/stats?from=2026-01-20&to=2026-01-21").json
            #expect(json["total"] == 2)
            #expect(json["by_day"] == ["2026-01-20": 1, "2026-01-21": 1])
            let exact = try await client.get(
                "/v1/stats?from=2026-01-20T00:00:00Z&to=2026-01-22T00:00:00Z"
            ).json
            #expect(exact["by_day"] == json["by_day"])
            let empty = try await client.get("/v1/stats?from=2025-12-31&to=2026-01-01").json
            #expect(empty["by_day"] == ["2025-12-31": 0, "2026-01-01": 0])
            #expect(empty["total"] == 0)
        }
    }

    @Test("An empty ledger has no days")
    func empty() async throws {
        try await withServer { client, _ in
            let json = try await client.get("/v1/stats").json
            #expect(json["total"] == 0)
            #expect(json["by_day"] == [:])
            #expect(json["last_24h"] == ["events": 0, "actors": 0, "high_risk": 0])
        }
    }

    @Test("3 660 days are counted, and one more is 422")
    func days() async throws {
        try await withServer { client, _ in
            let most = try await client.get("/v1/stats?from=2016-01-01&to=2026-01-07")
            #expect(most.status == 200)
            #expect(most.json["by_day"]?.object?.count == 3660)
            try await client.get("/v1/stats?from=2016-01-01&to=2026-01-08")
                .expectProblem(422, "range_too_long")
            for day in ["1999-01-01T00:00:00Z", "2026-01-01T00:00:00Z"] {
                _ = try await client.post("/v1/events", Self.event(day, actor: "u"))
            }
            let newest = try await client.get("/v1/stats").json
            #expect(newest["total"] == 2)
            #expect(newest["by_day"]?.object?.count == 3660)
            #expect(newest["by_day"]?["2026-01-01"] == 1)
            try await client.get("/v1/stats?from=1999-01-01")
                .expectProblem(422, "range_too_long")
            #expect(try await client.get("/v1/stats?from=2020-01-01").status == 200)
        }
    }

    @Test(
        "A parameter that is unknown or wrong is 400 naming it",
        arguments: [
            ("day=1", "unknown_parameter", "day"), ("from=x", "invalid_parameter", "from"),
            ("to=2026-13-01", "invalid_parameter", "to"),
            ("from=2026-01-02&to=2026-01-01T00:00:00Z", "invalid_parameter", "from"),
        ]
    )
    func wrong(query: String, code: String, field: String) async throws {
        try await withServer { client, _ in
            try await client.get("/v1/stats?\(query)").expectProblem(400, code, field: field)
        }
    }
}
