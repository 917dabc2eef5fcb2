// SPDX-License-Identifier: Apache-2.0

internal import Cairn
internal import CairnLedger
internal import CairnLocal
internal import CairnServer
internal import Crypto
internal import CryptoExtras
internal import Foundation
internal import Logging

/// What it costs to know who asks: a key, and tokens of each algorithm, known and not.
///
/// The sketch: a hash and a look into a dictionary is a few microseconds, and a signature between 2
/// (HMAC) and 100 (P-256, Ed25519).
enum AccessBenchmarks {
    private static let start = Timestamp(milliseconds: 1_767_225_600_000)

    static func run(_ count: Int) async throws {
        try await StoreBenchmarks.withStore { store, preparer, clock in
            let ledgers = Ledgers(
                directory: store,
                store: store,
                signer: try KeyFile(seed: [UInt8](repeating: 7, count: 32)),
                vault: nil,
                clock: clock
            )
            let registrar = Registrar(
                directory: store,
                ledgers: ledgers,
                recorder: SelfRecorder(
                    ledgers: ledgers,
                    preparer: preparer,
                    secret: [UInt8](repeating: 8, count: 32)
                ),
                viewers: ViewerTokenCodec(secret: [UInt8](repeating: 9, count: 32)),
                draft: { (_) async throws(StoreError) in throw StoreError.corrupt("no tenants") },
                now: clock.now,
                random: { buffer in
                    if let start = buffer.baseAddress { arc4random_buf(start, buffer.count) }
                }
            )
            try await keys(count, store, registrar)
            for signer in try Signer.all {
                try await tokens(min(count, 9_000), signer, store, registrar)
            }
        }
    }

    private static func keys(
        _ count: Int,
        _ store: LocalStore,
        _ registrar: Registrar
    ) async throws {
        let request = Registrar.KeyRequest(name: "k", scopes: Role.writer.scopes)
        var texts: [String] = []
        for _ in 0..<100 {
            let made = try await registrar.createKey(request, of: "default", by: nil)
            texts.append(made.token.text)
        }
        let ring = KeyRing(directory: store, now: { start }, logger: quiet)
        try await ring.refresh()
        await Benchmarks.measure("API key", count) {
            for number in 0..<count {
                let token = APIKeyToken(texts[number % texts.count])
                precondition(token.flatMap { ring.principal(for: $0) } != nil)
            }
        }
        // What a guess costs does not tell how much of it was right.
        let (key, secret) = (texts[0].prefix(19), texts[0].suffix(43))
        let guesses = [
            ("unknown", "cairn_0123456789ab_" + String(repeating: "A", count: 43)),
            (
                "wrong from the first byte",
                key + (secret.first == "A" ? "B" : "A") + secret.dropFirst()
            ),
            (
                "wrong in the last byte",
                key + secret.dropLast(3) + (secret.hasSuffix("AAA") ? "BBA" : "AAA")
            ),
        ]
        for (name, guess) in guesses {
            await Benchmarks.measure("API key, \(name)", count) {
                for _ in 0..<count {
                    precondition(APIKeyToken(guess).flatMap { ring.principal(for: $0) } == nil)
                }
            }
        }
    }

    private static func tokens(
        _ count: Int,
        _ signer: Signer,
        _ store: LocalStore,
        _ registrar: Registrar
    ) async throws {
        var texts: [String] = []
        for number in 0..<count { texts.append(try signer.token(subject: "user-\(number)")) }
        let authority = TokenAuthority(
            issuers: [signer.issuer],
            directory: store,
            registrar: registrar,
            fetch: { _ in [] },
            now: { start },
            logger: quiet
        )
        await authority.refresh()
        let name = signer.issuer.algorithm.rawValue
        for kind in ["new", "remembered"] {
            try await Benchmarks.measure("JWT \(name), \(kind)", count) {
                for text in texts {
                    let principal = try await authority.principal(for: text[...])
                    precondition(principal != nil)
                }
            }
        }
    }

    private static let quiet = Logger(label: "bench") { _ in SwiftLogNoOpLogHandler() }
}

/// An issuer and how it signs.
private struct Signer {
    let issuer: TokenIssuer
    let sign: @Sendable ([UInt8]) throws -> [UInt8]

    /// A token of about the size that identity providers make.
    func token(subject: String) throws -> String {
        let header = #"{"alg":"\#(issuer.algorithm.rawValue)","typ":"JWT","kid":"k"}"#
        let claims = """
            {"iss":"\(issuer.issuer)","aud":"cairn","sub":"\(subject)","tenant":"default",\
            "exp":1767229200,"iat":1767225600,"nbf":1767225600,"roles":["reader","writer"],\
            "email":"\(subject)@example.com","sid":"0f1e2d3c4b5a69788796a5b4c3d2e1f0"}
            """
        let signed =
            Base64URL.encode(Array(header.utf8)) + "." + Base64URL.encode(Array(claims.utf8))
        return signed + "." + Base64URL.encode(try sign(Array(signed.utf8)))
    }

    static var all: [Signer] {
        get throws {
            let secret = Array("a secret of more than thirty-two bytes".utf8)
            let curve = P256.Signing.PrivateKey()
            let edwards = Curve25519.Signing.PrivateKey()
            let rsa = try _RSA.Signing.PrivateKey(keySize: .bits2048)
            let point = Array(curve.publicKey.rawRepresentation)
            let numbers = try rsa.publicKey.getKeyPrimitives()
            return [
                Signer(.hs256, .secret(secret)) {
                    let key = SymmetricKey(data: secret)
                    return Array(HMAC<SHA256>.authenticationCode(for: $0, using: key))
                },
                Signer(
                    .es256,
                    set(["kty": "EC", "crv": "P-256"], ["x": point[..<32], "y": point[32...]])
                ) { Array(try curve.signature(for: $0).rawRepresentation) },
                Signer(
                    .eddsa,
                    set(
                        ["kty": "OKP", "crv": "Ed25519"],
                        ["x": Array(edwards.publicKey.rawRepresentation)[...]]
                    )
                ) { Array(try edwards.signature(for: $0)) },
                Signer(
                    .rs256,
                    set(
                        ["kty": "RSA"],
                        [
                            "n": Array(numbers.modulus)[...],
                            "e": Array(numbers.publicExponent)[...],
                        ]
                    )
                ) {
                    let signature = try rsa.signature(
                        for: SHA256.hash(data: $0),
                        padding: .insecurePKCS1v1_5
                    )
                    return Array(signature.rawRepresentation)
                },
            ]
        }
    }

    private init(
        _ algorithm: TokenIssuer.Algorithm,
        _ keys: TokenIssuer.KeySource,
        sign: @escaping @Sendable ([UInt8]) throws -> [UInt8]
    ) {
        issuer = TokenIssuer(
            issuer: "https://id.example.com/",
            audience: "cairn",
            algorithm: algorithm,
            keys: keys
        )
        self.sign = sign
    }

    private static func set(
        _ names: [String: String],
        _ numbers: [String: ArraySlice<UInt8>]
    ) -> TokenIssuer.KeySource {
        var key: JSONObject = ["kid": "k", "use": "sig"]
        for (name, value) in names { key[name] = .string(value) }
        for (name, value) in numbers { key[name] = .string(Base64URL.encode(Array(value))) }
        return .document(JSONValue.object(["keys": .array([.object(key)])]).canonical.bytes)
    }
}
