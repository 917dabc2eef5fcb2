// SPDX-License-Identifier: Apache-2.0

internal import CairnLedger
internal import HTTPTypes
internal import Hummingbird
internal import Logging

/// Writes a line of the log for each request, if that is wanted.
///
/// It has the route and never the path, a key's id and never the key: what a caller sends is in no
/// log.
struct AccessLog: RouterMiddleware {
    typealias Context = ServerContext

    /// Where the lines go; nil writes none.
    let logger: Logger?
    private let clock = ContinuousClock()

    init(_ logger: Logger?) {
        self.logger = logger
    }

    func handle(
        _ request: Request,
        context: ServerContext,
        next: (Request, ServerContext) async throws -> Response
    ) async throws -> Response {
        guard let logger else { return try await next(request, context) }
        let start = clock.now
        let response = try await next(request, context)
        let milliseconds = Double((clock.now - start) / .microseconds(1)) / 1000
        let route = context.endpointPath ?? "NotFound"
        var metadata: Logger.Metadata = [
            "request_id": "\(context.requestID)",
            "method": "\(RequestMetrics.known(request.method).rawValue)",
            "route": "\(route == "NotFound" ? "unknown" : route)",
            "status": "\(response.status.code)", "duration_ms": "\(milliseconds)",
        ]
        metadata["client"] = context.clientAddress.map { "\($0)" }
        metadata["trace_id"] = context.logger[metadataKey: "trace_id"]
        if let principal = context.principal {
            metadata["tenant"] = "\(principal.tenant)"
            metadata["principal"] = principal.id.map { "\($0)" }
        }
        logger.info("access", metadata: metadata)
        return response
    }
}
