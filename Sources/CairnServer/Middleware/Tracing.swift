// SPDX-License-Identifier: Apache-2.0

internal import HTTPTypes
internal import Hummingbird
internal import Instrumentation
internal import Logging
internal import ServiceContextModule

/// Puts a request's place in its trace where whatever it causes finds it, the log included.
struct Tracing: RouterMiddleware {
    typealias Context = ServerContext

    func handle(
        _ request: Request,
        context: ServerContext,
        next: (Request, ServerContext) async throws -> Response
    ) async throws -> Response {
        // A request in no trace is told apart by its own id.
        guard request.headers[.traceparent] != nil else { return try await next(request, context) }
        var place = ServiceContext.topLevel
        InstrumentationSystem.instrument.extract(
            request.headers,
            into: &place,
            using: FieldExtractor()
        )
        var context = context
        if let trace = place.trace {
            context.logger[metadataKey: "trace_id"] = .string(trace.traceID)
            context.logger[metadataKey: "span_id"] = .string(trace.spanID)
        }
        return try await ServiceContext.withValue(place) { [context] in
            try await next(request, context)
        }
    }
}

/// Reads header fields; one that comes more than once is read as a list.
private struct FieldExtractor: Extractor {
    func extract(key: String, from fields: HTTPFields) -> String? {
        HTTPField.Name(key).flatMap { fields[$0] }
    }
}
