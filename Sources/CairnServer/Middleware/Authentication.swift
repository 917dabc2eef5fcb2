// SPDX-License-Identifier: Apache-2.0

internal import CairnLedger
internal import HTTPTypes
internal import Hummingbird

/// Says who asks, from memory: neither store nor body is touched for a stranger.
struct Authentication: RouterMiddleware {
    typealias Context = ServerContext

    let keys: KeyRing
    let tokens: TokenAuthority
    let viewers: ViewerTokenCodec
    let tally: AccessTally
    /// The tenant of callers without a credential; nil refuses them.
    let anonymousTenant: String?

    func handle(
        _ request: Request,
        context: ServerContext,
        next: (Request, ServerContext) async throws -> Response
    ) async throws -> Response {
        var context = context
        context.principal = try await principal(request)
        return try await next(request, context)
    }

    private func principal(_ request: Request) async throws -> Principal {
        guard let credential = request.headers[.authorization] else {
            guard let anonymousTenant else {
                throw Problem(.unauthenticated, "A credential is required.")
            }
            guard request.head.authority.map(Authentication.isThisMachine) ?? true else {
                throw Problem(.forbidden, "Without a credential, call it by a name of loopback.")
            }
            return .anonymous(tenant: anonymousTenant)
        }
        let text = Authentication.bearer(credential) ?? ""
        guard let principal = try await believed(text) else {
            noteRefusal(text)
            throw Problem(.unauthenticated, "The credential is not known.")
        }
        return principal
    }

    /// Notes who was refused: a key that somebody made, even if it is good no more, or a stranger.
    private func noteRefusal(_ credential: Substring) {
        if let key = APIKeyToken(credential), let tenant = keys.tenant(ofKey: key.id) {
            tally.noteRefusal(
                "bad_credential",
                of: Principal(tenant: tenant, id: key.id, scopes: [])
            )
        } else if let viewer = viewers.decode(credential) {
            tally.noteRefusal("bad_credential", of: viewer.principal)
        } else {
            tally.noteStranger()
        }
    }

    private func believed(_ credential: Substring) async throws(LedgerError) -> Principal? {
        if let key = APIKeyToken(credential) { return keys.principal(for: key) }
        if let viewer = viewers.decode(credential)?.principal {
            return keys.isGood(viewer) ? viewer : nil
        }
        guard SignedToken.resembles(credential) else { return nil }
        return try await tokens.principal(for: credential)
    }

    /// Whether a request's host, with or without a port, is a name that nobody else can give.
    ///
    /// A page of another site can make its own name point to this machine (DNS rebinding), but it
    /// cannot make a browser send another name than its own.
    static func isThisMachine(_ authority: String) -> Bool {
        if authority == "[::1]" || authority.hasPrefix("[::1]:") { return true }
        let host = authority.prefix { $0 != ":" }.lowercased()
        if host == "localhost" { return true }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
    }

    /// What follows the scheme `Bearer` (RFC 6750 2.1), which is of either case.
    static func bearer(_ credential: String) -> Substring? {
        guard let blank = credential.firstIndex(of: " "),
            credential[..<blank].lowercased() == "bearer"
        else { return nil }
        return credential[blank...].drop { $0 == " " }
    }
}
