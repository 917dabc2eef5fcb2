// SPDX-License-Identifier: Apache-2.0

internal import Cairn
internal import Foundation
internal import JWTKit

/// A key that verifies tokens by one algorithm.
struct TokenKey: Sendable {
    /// The key's name, if it has one.
    let id: String?
    private let algorithm: any JWTAlgorithm

    /// Takes a secret for HMAC (RFC 7518 3.2: at least as long as the hash), or nil if it is short.
    init?(secret: [UInt8]) async {
        guard secret.count >= 32 else { return nil }
        let keys = await JWTKeyCollection().add(
            hmac: HMACKey(from: secret),
            digestAlgorithm: .sha256
        )
        guard let algorithm = try? await keys.getKey() else { return nil }
        self.algorithm = algorithm
        id = nil
    }

    /// Takes a public key of a set, or nil if it is not for this algorithm or not sound.
    private init?(_ key: JSONValue, for algorithm: TokenIssuer.Algorithm) async {
        guard let type = key["kty"]?.string, key["d"] == nil,
            key["use"].map({ $0 == "sig" }) ?? true,
            key["alg"].map({ $0.string.map(algorithm.isNamed) ?? false }) ?? true
        else { return nil }
        switch algorithm {
        case .hs256: return nil
        case .rs256:
            guard type == "RSA", let modulus = key["n"]?.string.flatMap(Base64URL.decode),
                modulus.drop(while: { $0 == 0 }).count >= 256
            else { return nil }
        case .es256: guard type == "EC", key["crv"] == "P-256" else { return nil }
        case .eddsa: guard type == "OKP", key["crv"] == "Ed25519" else { return nil }
        }
        id = key["kid"]?.string
        // What names the algorithm and the key is said above; the rest is the key itself.
        var members = JSONObject()
        for name in ["kty", "n", "e", "crv", "x", "y"] { members[name] = key[name] }
        members["kid"] = .string(id ?? "key")
        members["alg"] = .string(algorithm.rawValue)
        let document = Data(JSONValue.object(members).canonical.bytes)
        guard let decoded = try? JSONDecoder().decode(JWK.self, from: document),
            let keys = try? await JWTKeyCollection().add(jwk: decoded, isDefault: true),
            let found = try? await keys.getKey(alg: algorithm.rawValue)
        else { return nil }
        self.algorithm = found
    }

    /// The sound keys of a set that are for an algorithm; nil if it is no set (RFC 7517 5).
    static func keys(
        ofSet document: [UInt8],
        for algorithm: TokenIssuer.Algorithm
    ) async -> [TokenKey]? {
        guard let set = try? JSONValue(parsing: document), let items = set["keys"]?.array else {
            return nil
        }
        var keys: [TokenKey] = []
        for item in items.prefix(256) {
            if let key = await TokenKey(item, for: algorithm) { keys.append(key) }
        }
        return keys
    }

    /// Whether the key signed these bytes.
    func isSigner(of bytes: [UInt8], signature: [UInt8]) -> Bool {
        (try? algorithm.verify(signature, signs: bytes)) ?? false
    }
}
