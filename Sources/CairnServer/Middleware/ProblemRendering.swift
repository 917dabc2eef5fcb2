// SPDX-License-Identifier: Apache-2.0

internal import Cairn
internal import CairnAPI
internal import HTTPTypes
internal import Hummingbird
internal import Logging
internal import NIOCore

/// Turns every failure into a problem (RFC 9457), and tells the log what the caller is not told.
struct ProblemRendering: RouterMiddleware {
    typealias Context = ServerContext

    /// All routes, to tell a path that does not exist from a method that it does not have.
    let routes: [Route]

    func handle(
        _ request: Request,
        context: ServerContext,
        next: (Request, ServerContext) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch {
            var problem = Problem(telling: error)
            if problem.code == .routeNotFound {
                problem = unroutable(request)
            }
            log(problem, context)
            var response = response(to: problem, request, context)
            if let challenge = problem.challenge(to: request) {
                response.headers[.wwwAuthenticate] = challenge
            }
            return response
        }
    }

    private func unroutable(_ request: Request) -> Problem {
        let found = routes.filter { $0.matches(request.uri.path) }
        // A path that is spelt out is not also one with a part that varies.
        let fewest = found.map(\.variableParts).min()
        let methods = found.filter { $0.variableParts == fewest }.map(\.method.rawValue)
        guard !methods.isEmpty else { return Problem(.routeNotFound) }
        var problem = Problem(.methodNotAllowed)
        problem.allowedMethods = methods.contains("GET") ? methods + ["HEAD"] : methods
        return problem
    }

    private func response(
        to problem: Problem,
        _ request: Request,
        _ context: ServerContext
    ) -> Response {
        var response: Response
        if request.uri.path.hasPrefix(OrgsRoutes.prefix + "/") {
            response = Response(
                .object(["error": .string(OrgsRoutes.text(of: problem))]),
                status: problem.code.status
            )
        } else {
            var output = JSONOutput()
            problem.body(requestID: context.requestID).append(to: &output)
            response = Response(
                output.bytes,
                type: MediaType.problem,
                status: problem.code.status
            )
        }
        switch problem.code.status {
        case .serviceUnavailable: response.headers[.retryAfter] = "1"
        case .tooManyRequests:
            response.headers[.retryAfter] = "\(problem.standing?.waitSeconds ?? 1)"
            problem.standing?.tell(&response.headers)
        case .methodNotAllowed:
            response.headers[.allow] = problem.allowedMethods.joined(separator: ", ")
        default: break
        }
        return response
    }

    private func log(_ problem: Problem, _ context: ServerContext) {
        guard problem.code.status.kind == .serverError, problem.code != .notImplemented else {
            return
        }
        var metadata: Logger.Metadata = ["code": "\(problem.code.rawValue)"]
        if let cause = problem.cause { metadata["cause"] = "\(cause)" }
        context.logger.error("a request failed", metadata: metadata)
    }
}

extension Problem {
    /// What a caller is told of credentials (RFC 6750 3); nil where they are not the problem.
    fileprivate func challenge(to request: Request) -> String? {
        switch code {
        case .unauthenticated where !request.headers.contains(.authorization): "Bearer"
        case .unauthenticated: #"Bearer error="invalid_token""#
        case .forbidden: #"Bearer error="insufficient_scope""#
        default: nil
        }
    }
}
