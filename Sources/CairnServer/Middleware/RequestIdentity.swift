// SPDX-License-Identifier: Apache-2.0

internal import HTTPTypes
internal import Hummingbird
internal import Logging

/// Gives every request an id, the caller's own if it sent a sane one, and answers with it; and finds
/// out whose connection it came by.
struct RequestIdentity: RouterMiddleware {
    typealias Context = ServerContext

    /// Makes an id for a request that brings none.
    let makeID: @Sendable () -> String
    /// Who is believed about the client's address.
    let proxies: TrustedProxies

    func handle(
        _ request: Request,
        context: ServerContext,
        next: (Request, ServerContext) async throws -> Response
    ) async throws -> Response {
        var context = context
        if let sent = request.headers[.requestID], RequestIdentity.isSane(sent) {
            context.requestID = sent
        } else {
            context.requestID = makeID()
        }
        context.findClient(behind: proxies, forwarded: request.headers[values: .forwardedFor])
        context.logger[metadataKey: "request_id"] = .string(context.requestID)
        var response = try await next(request, context)
        response.headers[.requestID] = context.requestID
        return response
    }

    /// Whether an id may go into logs, problems and headers: `[A-Za-z0-9._-]{1,128}`.
    static func isSane(_ id: String) -> Bool {
        (1...128).contains(id.utf8.count)
            && id.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."),
                    UInt8(ascii: "_"), UInt8(ascii: "-"):
                    true
                default: false
                }
            }
    }
}
