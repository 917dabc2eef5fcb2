// SPDX-License-Identifier: Apache-2.0

import Cairn
import CairnLedger
import CairnServer
import HTTPTypes
import Testing

/// Runs `body` with a server that asks everybody for a credential, and an owner's token.
func withGuardedServer(
    recording kinds: Set<SelfRecorder.Kind> = [.changes],
    configure: (inout ServerConfiguration) -> Void = { _ in },
    _ body: @escaping @Sendable (Client, ServerSetting, String) async throws -> Void
) async throws {
    let setting = try ServerSetting.make(kinds: kinds) {
        $0.anonymousTenant = nil
        configure(&$0)
    }
    let request = Registrar.KeyRequest(name: "owner", scopes: Role.owner.scopes)
    let (_, token) = try await setting.registrar.createKey(request, of: "default", by: nil)
    try await setting.run { client in try await body(client, setting, token.text) }
}

func bearer(_ token: String) -> [String: String] {
    ["Authorization": "Bearer \(token)"]
}

/// Makes a key over HTTP and returns its token.
func make(
    _ client: Client,
    _ owner: String,
    _ body: String,
    query: String = ""
) async throws -> String {
    let reply = try await client.send(
        .post,
        "/v1/keys" + query,
        body: body,
        type: "application/json",
        headers: bearer(owner)
    )
    #expect(reply.status == 201, "\(reply.text)")
    return try #require(reply.json["key"]?.string)
}

/// The part of a token by which its key is named.
func keyID(_ token: String) -> String {
    String(token.dropFirst(6).prefix(12))
}
