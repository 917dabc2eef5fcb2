// SPDX-License-Identifier: Apache-2.0

public import Cairn
public import CairnClient
internal import Crypto
internal import HTTPTypes
public import Hummingbird
internal import NIOCore

/// Records the requests of a Hummingbird server: who asked for what, from where, and how it ended.
///
/// Each request is one event of type `http.request`. A recorder's standard policy promises nothing
/// for that type, so that no request waits for the ledger; under another policy it does. Whatever
/// becomes of the event, the request's answer is the same.
///
/// What is recorded is the route and not the path, which may hold anything; the query never is.
public struct AuditMiddleware<Context: RequestContext>: RouterMiddleware {
    /// Says who asks, once the request was answered; nil is nobody known.
    public typealias Principal = @Sendable (Request, Context) -> Event.Actor?
    /// Says from where is asked, by an address that can be relied on; nil is not known.
    public typealias Address = @Sendable (Request, Context) -> String?

    private let recorder: AuditRecorder
    private let principal: Principal
    private let address: Address
    private let limits = Limits()

    /// Records to a recorder.
    ///
    /// Behind a proxy, the connection's address is the proxy's. Give an `address` that reads the
    /// header of a proxy you trust, and no other.
    public init(
        recorder: AuditRecorder,
        principal: @escaping Principal,
        address: @escaping Address
    ) {
        self.recorder = recorder
        self.principal = principal
        self.address = address
    }

    /// Records to a recorder, with the address of the connection: right where no proxy stands before
    /// the server.
    public init(recorder: AuditRecorder, principal: @escaping Principal)
    where Context: RemoteAddressRequestContext {
        self.init(
            recorder: recorder,
            principal: principal,
            address: { _, context in context.remoteAddress?.ipAddress }
        )
    }

    /// Answers the request as it would be without the middleware, and records how.
    public func handle(
        _ request: Request,
        context: Context,
        next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        let start = ContinuousClock().now
        let result: Result<Response, any Error>
        do {
            result = .success(try await next(request, context))
        } catch {
            result = .failure(error)
        }
        let status =
            switch result {
            case .success(let response): response.status.code
            case .failure(let error):
                (error as? any HTTPResponseError)?.status.code ?? 500
            }
        let duration = ContinuousClock().now - start
        let event = event(request, context, status: status, after: duration)
        // A failure is the recorder's to count and to tell; the answer stands.
        _ = await recorder.record(event)
        return try result.get()
    }

    private func event(
        _ request: Request,
        _ context: Context,
        status: Int,
        after duration: Duration
    ) -> Event {
        let actor =
            principal(request, context) ?? Event.Actor(type: "unknown", id: "unknown")
        let route = context.endpointPath
        let method = request.method.rawValue
        var event = Event(type: .httpRequest, actor: actor)
        event.action = AuditMiddleware.bounded(method, limits.actionBytes)
        event.outcome = AuditMiddleware.outcome(of: status)
        event.resources = [
            Event.Resource(
                type: "route",
                id: AuditMiddleware.bounded(route ?? "none", limits.identifierBytes)
            )
        ]
        event.source.ip = address(request, context).map {
            AuditMiddleware.bounded($0, limits.nameBytes)
        }
        event.source.userAgent = request.headers[.userAgent].map {
            AuditMiddleware.bounded($0, limits.userAgentBytes)
        }
        event.source.requestID = AuditMiddleware.bounded(context.id, limits.identifierBytes)
        event.details = CanonicalJSON([
            "method": .string(method), "status": .number(JSONNumber(status)),
            "duration_ms": .number(JSONNumber(Int(duration / .milliseconds(1)))),
        ])
        return event
    }

    /// How a request ended, by its status.
    private static func outcome(of status: Int) -> Outcome {
        switch status {
        case 200..<400: .success
        case 401, 403: .denied
        case 400..<500: .failure
        case 500...: .error
        default: .unknown
        }
    }

    /// A text of a caller's, cut where it is too long; then it ends in a mark and the digest of the
    /// whole.
    private static func bounded(_ text: String, _ limitBytes: Int) -> String {
        guard text.utf8.count > limitBytes else { return text }
        let digest = SHA256.hash(data: Array(text.utf8)).prefix(16)
        let hex = digest.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        let mark = "… sha256:\(hex)"
        var kept = text.prefix(limitBytes)
        while kept.utf8.count + mark.utf8.count > limitBytes { kept.removeLast() }
        return kept + mark
    }
}

extension EventType {
    /// A request of a web server.
    fileprivate static let httpRequest = EventType(constant: "http.request")
}
