// SPDX-License-Identifier: Apache-2.0

import Cairn
import CairnLedger
import CairnTesting
import Testing

@testable import CairnServer

@Suite("What ends with a token")
struct TokenEndTests {
    private func setting(_ maker: TokenMaker) async throws -> ServerSetting {
        let setting = try ServerSetting.make(
            identity: Identity(issuers: [maker.issuer(.hs256)])
        ) { $0.anonymousTenant = nil }
        await setting.tokens.refresh()
        return setting
    }

    @Test(
        "An end beyond the times there are is as good as the last of them",
        arguments: [9_223_372_035, 9_223_372_036, 9_223_372_037, 9_999_999_999, 253_402_300_799]
    )
    func farAway(_ end: Int) async throws {
        let maker = TokenMaker()
        let setting = try await setting(maker)
        let token = maker.hs256(TokenMaker.claims(["exp": .number(JSONNumber(end))]))
        let principal = try await setting.tokens.principal(for: token[...])
        #expect(principal?.expiresAt.map { $0 > ManualClock.start } == true)
    }

    @Test("A viewer token ends with the token that made it")
    func viewer() async throws {
        let maker = TokenMaker()
        let setting = try await setting(maker)
        let now = Int(ManualClock.start.milliseconds / 1000)
        let token = maker.hs256(TokenMaker.claims(["exp": .number(JSONNumber(now + 60))]))
        try await setting.run { client in
            let made = try await makeViewer(client, token, #"{"expires_in":86400}"#)
            let viewer = try #require(made.json["token"]?.string, "\(made.text)")
            #expect(try await client.get("/v1/events", headers: bearer(viewer)).status == 200)
            setting.clock.advance(milliseconds: 100_000)
            for credential in [token, viewer] {
                try await client.get("/v1/events", headers: bearer(credential))
                    .expectProblem(401, "unauthenticated")
            }
        }
    }
}
