// SPDX-License-Identifier: Apache-2.0

internal import CairnLedger
internal import HTTPTypes
internal import Hummingbird

/// Says who asks.
///
/// No credential exists yet, so none that is sent can be good; who sends none is the anonymous
/// principal, where the server has one.
struct Authentication: RouterMiddleware {
    typealias Context = ServerContext

    /// The tenant of callers without a credential; nil refuses them.
    let anonymousTenant: String?

    func handle(
        _ request: Request,
        context: ServerContext,
        next: (Request, ServerContext) async throws -> Response
    ) async throws -> Response {
        guard request.headers[.authorization] == nil else {
            throw Problem(.unauthenticated, "The credential is not known.")
        }
        guard let anonymousTenant else {
            throw Problem(.unauthenticated, "A credential is required.")
        }
        var context = context
        context.principal = .anonymous(tenant: anonymousTenant)
        return try await next(request, context)
    }
}
