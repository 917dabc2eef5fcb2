// SPDX-License-Identifier: Apache-2.0

package import CairnLedger

/// Somebody whose tokens are believed, and how they are read (RFC 7519).
///
/// The algorithm is pinned here and never taken from a token.
package struct TokenIssuer: Sendable {
    /// How tokens are signed (RFC 7518, RFC 8037).
    package enum Algorithm: String, CaseIterable, Sendable {
        /// HMAC with SHA-256, by a secret that both sides have.
        case hs256 = "HS256"
        /// RSA, PKCS #1 version 1.5, with SHA-256; keys of at least 2,048 bits.
        case rs256 = "RS256"
        /// ECDSA over P-256 with SHA-256.
        case es256 = "ES256"
        /// Ed25519.
        case eddsa = "EdDSA"

        /// Whether a token's header names this algorithm.
        func isNamed(_ name: String) -> Bool {
            // RFC 9864 gives Ed25519 a name of its own.
            name == rawValue || self == .eddsa && name == "Ed25519"
        }
    }

    /// Where the keys come from.
    package enum KeySource: Sendable {
        /// A secret of at least 32 bytes, for ``Algorithm/hs256`` alone.
        case secret([UInt8])
        /// A set of public keys (RFC 7517 5).
        case document([UInt8])
        /// An address that gives such a set, asked again as time goes by.
        case address(String)
    }

    /// The names of the claims that say who it is.
    package struct Claims: Sendable {
        /// The tenant's name.
        package var tenant = "tenant"
        /// Whom the token speaks for.
        package var subject = "sub"
        /// A text or texts, each the name of a role or mapped to one.
        package var roles = "roles"
        /// A text with scopes between blanks, or texts.
        package var scopes = "scope"

        /// The usual names.
        package init() {}
    }

    /// The claim `iss`, compared byte for byte.
    package var issuer: String
    /// What `aud` must be or hold.
    package var audience: String
    /// How tokens are signed.
    package var algorithm: Algorithm
    /// Where the keys come from.
    package var keys: KeySource
    /// The names of the claims.
    package var claims = Claims()
    /// The issuer's own names of roles.
    package var roles: [String: Role] = [:]
    /// By how many seconds the two clocks may differ.
    package var leewaySeconds = 0
    /// What `typ` must be, if anything, such as `at+jwt` (RFC 9068).
    package var type: String?
    /// Whether a tenant that does not exist is made.
    package var createsTenants = false

    /// Names an issuer.
    package init(issuer: String, audience: String, algorithm: Algorithm, keys: KeySource) {
        self.issuer = issuer
        self.audience = audience
        self.algorithm = algorithm
        self.keys = keys
    }
}
