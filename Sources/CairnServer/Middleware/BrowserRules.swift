// SPDX-License-Identifier: Apache-2.0

internal import HTTPTypes
internal import Hummingbird

/// What browsers are told: nothing here is to be sniffed, framed or run, and which other sites may
/// call (the Fetch standard's CORS protocol).
struct BrowserRules: RouterMiddleware {
    typealias Context = ServerContext

    /// The origins that may call, as browsers spell them; never all of them.
    let origins: Set<String>
    /// Whether the server speaks TLS, and so no browser need ever call it without.
    let isSecure: Bool
    /// All routes, whose methods a preflight is told.
    let routes: [Route]

    private static let requestHeaders =
        "Authorization, Content-Type, Idempotency-Key, X-Request-Id, traceparent, "
        + "tracestate"
    private static let responseHeaders =
        "Location, Retry-After, RateLimit, RateLimit-Policy, X-Request-Id, Idempotency-Replayed"

    func handle(
        _ request: Request,
        context: ServerContext,
        next: (Request, ServerContext) async throws -> Response
    ) async throws -> Response {
        var response = try await answer(request, context, next)
        response.headers[.xContentTypeOptions] = "nosniff"
        response.headers[.contentSecurityPolicy] = "default-src 'none'; frame-ancestors 'none'"
        response.headers[.referrerPolicy] = "no-referrer"
        if isSecure { response.headers[.strictTransportSecurity] = "max-age=31536000" }
        guard !origins.isEmpty else { return response }
        response.headers[.vary] = "Origin"
        if let origin = request.headers[.origin], origins.contains(origin) {
            response.headers[.accessControlAllowOrigin] = origin
            response.headers[.accessControlExposeHeaders] = Self.responseHeaders
        }
        return response
    }

    private func answer(
        _ request: Request,
        _ context: ServerContext,
        _ next: (Request, ServerContext) async throws -> Response
    ) async throws -> Response {
        guard request.method == .options, let origin = request.headers[.origin],
            request.headers[.accessControlRequestMethod] != nil, origins.contains(origin)
        else { return try await next(request, context) }
        let methods = routes.filter { $0.matches(request.uri.path) }.map(\.method.rawValue)
        guard !methods.isEmpty else { return try await next(request, context) }
        return Response(
            status: .noContent,
            headers: [
                .accessControlAllowMethods: methods.joined(separator: ", "),
                .accessControlAllowHeaders: Self.requestHeaders, .accessControlMaxAge: "600",
            ]
        )
    }
}
