// SPDX-License-Identifier: Apache-2.0

import Cairn
import CairnLedger
import CairnTesting
import Crypto
import Foundation
import HTTPTypes
import Synchronization
import Testing

@testable import CairnServer

/// Makes tokens as an issuer does, and some that none would.
struct TokenMaker {
    let secret = Array("a secret of more than thirty-two bytes".utf8)
    let curve = P256.Signing.PrivateKey()
    let edwards = Curve25519.Signing.PrivateKey()

    static let issuer = "https://id.example.com/"

    /// Claims that are good for an hour, with some of them replaced.
    static func claims(_ changes: JSONObject = [:]) -> JSONValue {
        let now = ManualClock.start.milliseconds / 1000
        var claims: JSONObject = [
            "iss": .string(issuer), "aud": "cairn", "sub": "ada", "tenant": "default",
            "exp": .number(JSONNumber(now + 3600)), "roles": ["reader"],
        ]
        for (name, value) in changes { claims[name] = value }
        return .object(claims)
    }

    func hs256(_ claims: JSONValue = claims(), header: String = #"{"alg":"HS256"}"#) -> String {
        sign(claims, header) {
            Array(HMAC<SHA256>.authenticationCode(for: $0, using: SymmetricKey(data: secret)))
        }
    }

    func es256(_ claims: JSONValue = claims(), kid: String = "ec") throws -> String {
        try sign(claims, #"{"alg":"ES256","kid":"\#(kid)"}"#) {
            Array(try curve.signature(for: $0).rawRepresentation)
        }
    }

    func eddsa(_ claims: JSONValue = claims(), alg: String = "EdDSA") throws -> String {
        try sign(claims, #"{"alg":"\#(alg)","kid":"ed"}"#) {
            Array(try edwards.signature(for: $0))
        }
    }

    /// A token whose signature is an HMAC with the bytes of a public key, as in a confusion attack.
    func confused(_ header: String) -> String {
        let publicKey = Array(edwards.publicKey.rawRepresentation)
        return sign(TokenMaker.claims(), header) {
            Array(HMAC<SHA256>.authenticationCode(for: $0, using: SymmetricKey(data: publicKey)))
        }
    }

    private func sign(
        _ claims: JSONValue,
        _ header: String,
        _ signature: ([UInt8]) throws -> [UInt8]
    ) rethrows -> String {
        let signed =
            Base64URL.encode(Array(header.utf8)) + "."
            + Base64URL.encode(claims.canonical.bytes)
        return signed + "." + Base64URL.encode(try signature(Array(signed.utf8)))
    }

    /// The public keys as a set.
    func set(_ kid: String = "ec") -> [UInt8] {
        let point = Array(curve.publicKey.rawRepresentation)
        let document = """
            {"keys":[{"kty":"EC","crv":"P-256","kid":"\(kid)","use":"sig",
            "x":"\(Base64URL.encode(Array(point[..<32])))","y":"\(Base64URL.encode(Array(point[32...])))"},
            {"kty":"OKP","crv":"Ed25519","kid":"ed",
            "x":"\(Base64URL.encode(Array(edwards.publicKey.rawRepresentation)))"},
            {"kty":"EC","crv":"P-256","kid":"enc","use":"enc","x":"AA","y":"AA"},
            {"kty":"oct","kid":"oct","k":"AAAA"},{"kty":"RSA","kid":"short","n":"AQAB","e":"AQAB"}]}
            """
        return Array(document.utf8)
    }

    func issuer(
        _ algorithm: TokenIssuer.Algorithm,
        _ keys: TokenIssuer.KeySource? = nil
    ) -> TokenIssuer {
        TokenIssuer(
            issuer: TokenMaker.issuer,
            audience: "cairn",
            algorithm: algorithm,
            keys: keys ?? (algorithm == .hs256 ? .secret(secret) : .document(set()))
        )
    }
}

@Suite("Tokens of other issuers")
struct TokenTests {
    private func authority(
        _ issuers: [TokenIssuer],
        clock: ManualClock = ManualClock(),
        kinds: Set<SelfRecorder.Kind> = [],
        fetch: @escaping @Sendable (String) async throws -> [UInt8] = { _ in [] }
    ) async throws -> ServerSetting {
        let setting = try ServerSetting.make(
            clock: clock,
            identity: Identity(issuers: issuers, fetch: fetch),
            kinds: kinds
        ) { $0.anonymousTenant = nil }
        await setting.tokens.refresh()
        return setting
    }

    private static func vectors(_ name: String) throws -> JSONValue {
        let file = URL(filePath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "Vectors/jwt/\(name)")
        return try JSONValue(parsing: Array(try Data(contentsOf: file)))
    }

    @Test("The tokens of the vectors are believed or refused as they say")
    func claims() async throws {
        let vectors = try Self.vectors("claims.json")
        let secret = try #require(Base64URL.decode(vectors["keys"]?[0]?["k"]?.string ?? ""))
        let set = JSONValue.object(["keys": .array([try #require(vectors["keys"]?[1])])])
        var issuers = [
            TokenIssuer(
                issuer: "https://issuer.example",
                audience: "audit-api",
                algorithm: .hs256,
                keys: .secret(secret)
            ),
            TokenIssuer(
                issuer: "https://issuer.example",
                audience: "audit-api",
                algorithm: .eddsa,
                keys: .document(set.canonical.bytes)
            ),
        ]
        for position in issuers.indices {
            issuers[position].claims.tenant = "tenant_id"
            issuers[position].createsTenants = true
        }
        let now = Timestamp(milliseconds: Int64(try #require(vectors["now"]?.integer)) * 1000)
        let setting = try await authority(issuers, clock: ManualClock(now))
        let cases = try #require(vectors["cases"]?.array)
        #expect(cases.count == 32)
        for item in cases {
            let token = try #require(item["jwt"]?.string)
            let found = try await setting.tokens.principal(for: Substring(token))
            let isExpected = item["expect"] == "valid"
            #expect((found != nil) == isExpected, "\(item["name"]?.string ?? "")")
        }
    }

    @Test("The signatures of RFC 7515 and RFC 8037 verify, by their own algorithm alone")
    func signatures() async throws {
        let vectors = try #require(try Self.vectors("rfc7515-rfc8037.json").array)
        var verified = 0
        for item in vectors {
            let parts = try #require(item["jws"]?.string).split(
                separator: ".",
                omittingEmptySubsequences: false
            )
            guard let key = item["key"], key.object != nil,
                let signature = Base64URL.decode(String(parts[2]))
            else { continue }
            let signed = Array((parts[0] + "." + parts[1]).utf8)
            for algorithm in TokenIssuer.Algorithm.allCases {
                var keys: [TokenKey] = []
                if let secret = key["k"]?.string.flatMap(Base64URL.decode) {
                    if algorithm == .hs256 {
                        keys = await [TokenKey(secret: secret)].compactMap { $0 }
                    }
                } else {
                    var members = try #require(key.object)
                    members["d"] = nil
                    let set = JSONValue.object(["keys": .array([.object(members)])])
                    keys = await TokenKey.keys(ofSet: set.canonical.bytes, for: algorithm) ?? []
                }
                for key in keys {
                    #expect(key.isSigner(of: signed, signature: signature))
                    #expect(!key.isSigner(of: signed + [0], signature: signature))
                    #expect(!key.isSigner(of: signed, signature: signature.dropLast() + [0xAA]))
                    verified += 1
                }
            }
        }
        // HS256, RS256, ES256 and EdDSA; ES512 has no key for any of these.
        #expect(verified == 4)
    }

    @Test(
        "Each algorithm lets its own tokens in, and those of no other",
        arguments: TokenIssuer.Algorithm.allCases
    )
    func pinned(_ algorithm: TokenIssuer.Algorithm) async throws {
        let maker = TokenMaker()
        guard algorithm != .rs256 else { return }
        let setting = try await authority([maker.issuer(algorithm)])
        let tokens: [(TokenIssuer.Algorithm, String)] = [
            (.hs256, maker.hs256()), (.es256, try maker.es256()), (.eddsa, try maker.eddsa()),
            (.eddsa, try maker.eddsa(alg: "Ed25519")),
        ]
        for (used, token) in tokens {
            let principal = try await setting.tokens.principal(for: Substring(token))
            #expect((principal != nil) == (used == algorithm), "\(used)")
            guard let principal else { continue }
            #expect(principal.tenant == "default")
            #expect(principal.id == "\(TokenMaker.issuer)#ada")
            #expect(principal.scopes == Role.reader.scopes)
        }
    }

    @Test("What is changed in a good token is refused, bit by bit")
    func mutations() async throws {
        let maker = TokenMaker()
        let setting = try await authority([maker.issuer(.hs256)])
        let token = Array(maker.hs256().utf8)
        for position in token.indices {
            var changed = token
            changed[position] ^= 1
            let text = String(decoding: changed, as: UTF8.self)
            let found = try await setting.tokens.principal(for: Substring(text))
            #expect(found == nil, "\(position): \(text)")
        }
    }

    @Test("The classic attacks are refused")
    func attacks() async throws {
        let maker = TokenMaker()
        let setting = try await authority([maker.issuer(.hs256), maker.issuer(.eddsa)])
        let good = maker.hs256()
        let parts = good.split(separator: ".")
        let unsigned = Base64URL.encode(Array(#"{"alg":"none"}"#.utf8)) + "." + parts[1] + "."
        var attacks = [
            unsigned, unsigned + parts[2], "\(parts[0]).\(parts[1]).", "\(parts[0]).\(parts[1])",
            good + ".", good + "=", " " + good, good + "\n", good.uppercased(),
            maker.confused(#"{"alg":"HS256"}"#), maker.confused(#"{"alg":"HS256","kid":"ed"}"#),
            maker.confused(#"{"alg":"EdDSA","kid":"ed"}"#),
        ]
        for header in [
            #"{"alg":"NONE"}"#, #"{"alg":"hs256"}"#, #"{"alg":"HS256","alg":"none"}"#,
            #"{"alg":"HS256","crit":["exp"]}"#, #"{"alg":"HS256","b64":false}"#,
            #"{"alg":"HS256","crit":[]}"#, #"{"alg":["HS256"]}"#, #"{}"#, #"[]"#, "null",
            #"{"alg":"HS256","kid":1}"#, #"{"alg":"HS512"}"#, #"{"alg":"HS256"} "# + "x",
        ] {
            attacks.append(maker.hs256(header: header))
        }
        for kid in [
            "../../etc/passwd", "' OR 1=1 --", "", "ed\u{0}", String(repeating: "k", count: 9000),
        ] {
            attacks.append(try maker.es256(kid: kid.filter { $0 != "\u{0}" }))
        }
        for attack in attacks {
            let found = try await setting.tokens.principal(for: Substring(attack))
            #expect(found == nil, "\(attack)")
        }
        #expect(try await setting.tokens.principal(for: Substring(good)) != nil)
    }

    @Test("Claims that say too little, or the wrong thing, are refused")
    func wrongClaims() async throws {
        let maker = TokenMaker()
        let now = ManualClock.start.milliseconds / 1000
        let setting = try await authority([maker.issuer(.hs256)])
        let wrongs: [(String, JSONValue?)] = [
            ("iss", "https://id.example.com"), ("iss", nil), ("iss", 1), ("aud", "other"),
            ("aud", nil), ("aud", []), ("aud", ["other"]), ("aud", ["cairn", 1]), ("exp", nil),
            ("exp", .number(JSONNumber(now))), ("exp", "9999999999"), ("exp", true),
            ("exp", .number(JSONNumber(999_999_999_999))),
            ("nbf", .number(JSONNumber(now + 2))), ("nbf", "0"), ("tenant", nil), ("tenant", ""),
            ("tenant", "a b"), ("tenant", "nobody"), ("tenant", ["default"]), ("sub", nil),
            ("sub", ""), ("sub", 7), ("sub", .string(String(repeating: "s", count: 257))),
            ("roles", 1), ("roles", ["reader", 1]), ("scope", ["x": 1]),
        ]
        for (name, value) in wrongs {
            var changes = try #require(TokenMaker.claims().object)
            changes[name] = value
            let token = maker.hs256(.object(changes))
            let found = try await setting.tokens.principal(for: Substring(token))
            #expect(found == nil, "\(name) = \(String(describing: value))")
        }
    }

    @Test("Roles and scopes add up; what reaches beyond the tenant needs this server's own word")
    func scopes() async throws {
        let maker = TokenMaker()
        var issuer = maker.issuer(.hs256)
        issuer.roles = ["audit-team": .auditor, "root": .owner]
        let setting = try await authority([issuer])
        let cases: [(JSONObject, Set<Scope>)] = [
            (["roles": "writer"], Role.writer.scopes), (["roles": []], []), (["roles": ["x"]], []),
            (["roles": ["audit-team"]], Role.auditor.scopes),
            (["roles": ["writer", "reader"]], [.eventsWrite, .eventsRead]),
            (["roles": [], "scope": "events:read ledger:verify x"], [.eventsRead, .ledgerVerify]),
            (["roles": [], "scope": ["events:read"]], [.eventsRead]),
            (["roles": "owner"], Role.owner.scopes.subtracting([.tenantsManage])),
            (["roles": [], "scope": "tenants:manage"], []), (["roles": "root"], Role.owner.scopes),
        ]
        for (changes, expected) in cases {
            let token = maker.hs256(TokenMaker.claims(changes))
            let principal = try await setting.tokens.principal(for: Substring(token))
            #expect(principal?.scopes == expected)
        }
    }

    @Test("A token ends when it says, remembered or not")
    func expiry() async throws {
        let (maker, clock) = (TokenMaker(), ManualClock())
        let now = clock.now.milliseconds / 1000
        let setting = try await authority([maker.issuer(.hs256)], clock: clock)
        let token = Substring(
            maker.hs256(TokenMaker.claims(["exp": .number(JSONNumber(now + 30))]))
        )
        #expect(try await setting.tokens.principal(for: token) != nil)
        clock.advance(milliseconds: 29_000)
        #expect(try await setting.tokens.principal(for: token) != nil)
        clock.advance(milliseconds: 2000)
        #expect(try await setting.tokens.principal(for: token) == nil)
    }

    @Test(
        "A key that is not known is looked for once in a while, and an issuer that is down does no harm"
    )
    func rotation() async throws {
        let (maker, clock) = (TokenMaker(), ManualClock())
        let served = Mutex<(document: [UInt8]?, looks: Int)>((maker.set("old"), 0))
        let setting = try await authority(
            [maker.issuer(.es256, .address("https://id.example.com/jwks"))],
            clock: clock
        ) { _ in
            try served.withLock { served in
                served.looks += 1
                guard let document = served.document else { throw KeysAway() }
                return document
            }
        }
        func isIn(_ kid: String, _ changes: JSONObject = [:]) async throws -> Bool {
            let token = try maker.es256(TokenMaker.claims(changes), kid: kid)
            return try await setting.tokens.principal(for: Substring(token)) != nil
        }
        #expect(try await isIn("old"))
        #expect(served.withLock { $0.looks } == 1)
        // The issuer has a new key, but the last look was just now.
        served.withLock { $0.document = maker.set("new") }
        #expect(try await !isIn("new"))
        #expect(served.withLock { $0.looks } == 1)
        clock.advance(milliseconds: TokenAuthority.lookMilliseconds)
        #expect(try await isIn("new"))
        #expect(try await !isIn("old", ["jti": "1"]))
        for kid in 0..<20 { #expect(try await !isIn("unknown-\(kid)")) }
        #expect(served.withLock { $0.looks } == 2)
        // It goes down: what is known stays good.
        served.withLock { $0.document = nil }
        clock.advance(milliseconds: TokenAuthority.lookMilliseconds)
        #expect(try await !isIn("unknown"))
        await setting.tokens.refresh()
        #expect(try await isIn("new", ["jti": "2"]))
    }

    @Test("A token opens the routes of its scopes, over HTTP, and is named in what it writes")
    func routes() async throws {
        let maker = TokenMaker()
        let setting = try await authority([maker.issuer(.hs256)])
        try await setting.run { client in
            let token = maker.hs256(TokenMaker.claims(["roles": ["writer", "reader"]]))
            let headers = ["Authorization": "Bearer \(token)"]
            let made = try await client.send(
                .post,
                "/v1/events",
                body: #"{"type":"a.b","actor":{"id":"u"}}"#,
                type: "application/json",
                headers: headers
            )
            #expect(made.status == 201)
            let page = try await client.send(.get, "/v1/events", headers: headers)
            #expect(page.json["events"]?[0]?["principal"]?["subject"] == "ada")
            try await client.send(.get, "/v1/checkpoint", headers: headers)
                .expectProblem(403, "forbidden")
            try await client.send(
                .get,
                "/v1/events",
                headers: ["Authorization": "Bearer \(token)x"]
            ).expectProblem(401, "unauthenticated")
        }
    }

    @Test("An issuer may be let make tenants, whose ledgers begin with who came")
    func newTenant() async throws {
        let maker = TokenMaker()
        var issuer = maker.issuer(.hs256)
        issuer.createsTenants = true
        let setting = try await authority([issuer], kinds: [.changes])
        let token = maker.hs256(TokenMaker.claims(["tenant": "acme"]))
        #expect(try await setting.tokens.principal(for: Substring(token))?.tenant == "acme")
        #expect(try await setting.ledgers.ledger(of: "acme").currentHead.size == 1)
    }
}

private struct KeysAway: Error {}
