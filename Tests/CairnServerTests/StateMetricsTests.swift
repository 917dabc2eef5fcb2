// SPDX-License-Identifier: Apache-2.0

import Cairn
import CairnLedger
import CairnServer
import CairnTesting
import HTTPTypes
import Testing

@Suite("Gauges and refusals")
struct StateMetricsTests {
    @Test("Refusals of callers are counted by reason")
    func refusals() async throws {
        try await withGuardedServer { client, _, owner in
            let reader = try await make(client, owner, #"{"name":"r","role":"reader"}"#)
            let unknown = "cairn_0123456789ab_" + reader.suffix(43)
            let wrong = reader.prefix(19) + owner.suffix(43)
            _ = try await client.get("/v1/events")
            for credential in ["Basic abc", "Bearer abc", "Bearer \(unknown)", "Bearer \(wrong)"] {
                let headers = ["Authorization": credential]
                let reply = try await client.send(.get, "/v1/events", headers: headers)
                reply.expectProblem(401, "unauthenticated")
            }
            _ = try await client.send(.get, "/v1/events", headers: bearer("e30.e30.AA"))
            let forbidden = try await client.send(.get, "/v1/keys", headers: bearer(reader))
            forbidden.expectProblem(403, "forbidden")
            let page = try await client.get("/metrics").text
            for (reason, count) in [
                ("no_credential", 1), ("malformed", 2), ("unknown_key", 1), ("bad_key", 1),
                ("bad_token", 1), ("scope_missing", 1), ("foreign_host", 0),
            ] {
                let line = "cairn_auth_refusals_total{reason=\"\(reason)\"} \(count)\n"
                #expect(page.contains(line), "\(line)")
            }
            #expect(page.contains("\ncairn_auth_keys 2\n"))
        }
    }

    @Test("Requests over a quota are counted by what was used up")
    func quotas() async throws {
        try await withServer(configure: { $0.quotas.queries = 2 }) { client, _ in
            for _ in 0..<5 { _ = try await client.get("/v1/ledger") }
            let page = try await client.get("/metrics").text
            #expect(page.contains("cairn_quota_refusals_total{measure=\"queries\"} 3\n"))
            #expect(page.contains("cairn_quota_refusals_total{measure=\"events\"} 0\n"))
        }
    }

    @Test("Keys of an issuer that cannot be fetched are counted, and have no age")
    func keySets() async throws {
        let issuer = TokenIssuer(
            issuer: "https://id.example.com",
            audience: "cairn",
            algorithm: .es256,
            keys: .address("https://id.example.com/keys")
        )
        let setting = try ServerSetting.make(identity: Identity(issuers: [issuer]))
        try await setting.run { client in
            let page = try await client.get("/metrics").text
            #expect(page.contains("\ncairn_auth_jwks_fetch_failures_total{issuer=\"0\"} 1\n"))
            #expect(!page.contains("cairn_auth_jwks_age_seconds"))
        }
    }

    @Test("Ledgers are counted together, and stay counted when they are closed")
    func ledgers() async throws {
        let setting = try ServerSetting.make(kinds: [.changes])
        try await setting.run { client in
            try await client.record(3)
            let request = Registrar.KeyRequest(name: "k", scopes: [])
            _ = try await setting.registrar.createKey(request, of: Tenant.other.name, by: nil)
            let page = try await client.get("/metrics").text
            for line in [
                "cairn_ledgers_open 2", "cairn_ledgers_refusing 0", "cairn_ledger_records 4",
                "cairn_ledger_largest_records 3", "cairn_pool_records 0", "cairn_pool_bytes 0",
                "cairn_verification_failing_ledgers 0",
                "cairn_verification_jobs{state=\"queued\"} 0", "cairn_http_connections_open 0",
                "cairn_auth_tokens_cached 0",
            ] {
                #expect(page.contains("\n\(line)\n"), "\(line)")
            }
            setting.clock.advance(milliseconds: Ledgers.idleMilliseconds)
            await setting.ledgers.closeIdle()
            let later = try await client.get("/metrics").text
            for line in ["cairn_ledgers_open 0", "cairn_ledger_records 4"] {
                #expect(later.contains("\n\(line)\n"), "\(line)")
            }
        }
    }

    @Test("Verifications are counted by state, with the age of the last that holds")
    func verifications() async throws {
        try await withServer { client, setting in
            try await client.record(3)
            #expect(!(try await client.get("/metrics").text.contains("last_holding_age")))
            _ = try await VerificationTests.verify(client)
            setting.clock.advance(milliseconds: 90_000)
            let page = try await client.get("/metrics").text
            #expect(page.contains("\ncairn_verification_jobs{state=\"done\"} 1\n"))
            #expect(page.contains("\ncairn_verification_failing_ledgers 0\n"))
            #expect(page.contains("\ncairn_verification_last_holding_age_seconds 90\n"))
        }
    }

    @Test("A ledger that fails its verification counts as failing")
    func failing() async throws {
        try await withServer { client, setting in
            try await client.record(3)
            setting.memory.tamper(with: setting.tenant.ledger) { contents in
                contents.records[1] = contents.records[1]?.replacing(
                    payload: .some(contents.records[2]?.payload)
                )
            }
            _ = try await VerificationTests.verify(client)
            let page = try await client.get("/metrics").text
            #expect(page.contains("\ncairn_verification_failing_ledgers 1\n"))
            #expect(!page.contains("last_holding_age"))
        }
    }
}
