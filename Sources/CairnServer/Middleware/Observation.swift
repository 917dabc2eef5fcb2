// SPDX-License-Identifier: Apache-2.0

internal import HTTPTypes
internal import Hummingbird
internal import Logging

/// Counts and times requests by route, and tells the debug log of each.
///
/// Payloads are never told.
struct Observation: RouterMiddleware {
    typealias Context = ServerContext

    let metrics: RequestMetrics
    private let clock = ContinuousClock()

    init(_ metrics: RequestMetrics) {
        self.metrics = metrics
    }

    func handle(
        _ request: Request,
        context: ServerContext,
        next: (Request, ServerContext) async throws -> Response
    ) async throws -> Response {
        let start = clock.now
        let response = try await next(request, context)
        let duration = clock.now - start
        let route = context.endpointPath ?? "unknown"
        metrics.count(
            route: route == "NotFound" ? "unknown" : route,
            method: request.method,
            status: response.status.code,
            duration: duration
        )
        context.logger.debug(
            "request",
            metadata: [
                "method": "\(request.method.rawValue)", "route": "\(route)",
                "status": "\(response.status.code)", "duration": "\(duration)",
            ]
        )
        return response
    }
}
