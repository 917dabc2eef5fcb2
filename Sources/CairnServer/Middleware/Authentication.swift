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
    /// Who callers without a credential are; nil refuses them.
    let anonymous: Principal?
    /// Counts who is not let in, and why.
    let refusals: RefusalMetrics

    func handle(
        _ request: Request,
        context: ServerContext,
        next: (Request, ServerContext) async throws -> Response
    ) async throws -> Response {
        var context = context
        context.principal = try await principal(request, context)
        return try await next(request, context)
    }

    private func principal(
        _ request: Request,
        _ context: ServerContext
    ) async throws -> Principal {
        guard let credential = request.headers[.authorization] else {
            guard let anonymous else {
                refusals.count(.missing)
                throw Problem(.unauthenticated, "A credential is required.")
            }
            guard request.head.authority.map(Authentication.isThisMachine) ?? true else {
                refusals.count(.host)
                throw Problem(.forbidden, "Without a credential, call it by a name of loopback.")
            }
            return anonymous
        }
        let text = Authentication.bearer(credential) ?? ""
        if let key = APIKeyToken(text) {
            if let principal = keys.principal(for: key) { return principal }
            guard let tenant = keys.tenant(ofKey: key.id) else { throw refused(.unknownKey) }
            let owner = Principal(tenant: tenant, id: key.id, scopes: [])
            throw refused(.badKey, owner, context)
        }
        if let viewer = viewers.decode(text)?.principal {
            if keys.isGood(viewer) { return viewer }
            // That one ended is nothing to tell its tenant; that it was revoked is.
            let isOver = keys.isOver(viewer)
            throw isOver ? refused(.badToken) : refused(.badToken, viewer, context)
        }
        guard SignedToken.resembles(text) else { throw refused(.malformed) }
        guard let principal = try await tokens.principal(for: text) else {
            throw refused(.badToken)
        }
        return principal
    }

    /// What every bad credential is told, whatever is wrong with it; whose it is or was, is noted.
    private func refused(
        _ reason: RefusalMetrics.Reason,
        _ owner: Principal? = nil,
        _ context: ServerContext? = nil
    ) -> Problem {
        refusals.count(reason)
        if let owner {
            tally.noteRefusal("bad_credential", of: owner, from: context?.client)
        } else {
            tally.noteStranger()
        }
        return Problem(.unauthenticated, "The credential is not known.")
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
        // Bit 5 is all that tells a lower-case letter from its upper-case one.
        guard let blank = credential.utf8.firstIndex(of: UInt8(ascii: " ")),
            credential.utf8[..<blank].lazy.map({ $0 | 0x20 }).elementsEqual("bearer".utf8)
        else { return nil }
        return credential[blank...].drop { $0 == " " }
    }
}
