// SPDX-License-Identifier: Apache-2.0

package import Cairn
internal import CairnAPI
package import CairnLedger
internal import Crypto
internal import HTTPTypes
internal import Hummingbird
internal import HummingbirdCore
package import Logging
internal import NIOCore
internal import ServiceLifecycle

/// Answers a request that is sent again with the same `Idempotency-Key` as it was answered first.
///
/// A key is of one principal on one route, for a week. What is kept holds no content of events and
/// no secret; an answer that would is made anew, from what is recorded.
package final class Idempotency: Service {
    /// How long an answer is kept, in milliseconds.
    static let memoryMilliseconds: Int64 = 7 * 86_400_000
    /// After how long a request that nobody finished is taken over, in milliseconds.
    static let abandonedMilliseconds: Int64 = 60_000
    /// The longest key, in bytes.
    static let keyBytes = 255
    /// The longest answer that is kept, in bytes; a longer one is made anew.
    private static let answerBytes = 64 << 10

    private let store: any ReplayStore
    private let secret: SymmetricKey
    private let now: @Sendable () -> Timestamp
    private let logger: Logger

    /// Keeps answers in `store`, under digests that `secret` keys.
    package init(
        store: any ReplayStore,
        secret: [UInt8],
        now: @escaping @Sendable () -> Timestamp,
        logger: Logger
    ) {
        self.store = store
        self.secret = SymmetricKey(data: secret)
        self.now = now
        self.logger = logger
    }

    /// Forgets old answers each hour until told to shut down.
    package func run() async throws {
        await cancelWhenGracefulShutdown { [self] in
            while !Task.isCancelled {
                do {
                    try await Task.sleep(for: .seconds(3600))
                } catch {
                    return
                }
                do throws(StoreError) {
                    let oldest = now().advanced(byMilliseconds: -Self.memoryMilliseconds)
                    try await store.forget(before: oldest)
                } catch {
                    logger.warning("old answers stay", metadata: ["error": "\(error)"])
                }
            }
        }
    }

    /// Carries a request out, or answers it as before; a request without a key is carried out.
    func answer(
        _ request: Request,
        _ context: ServerContext,
        _ route: Route,
        bodyLimit: Int
    ) async throws -> Response {
        guard let field = request.headers[.idempotencyKey], request.method == .post,
            request.mediaType != MediaType.ndjson
        else { return try await route.handler(request, context) }
        let key = try Idempotency.key(field)
        let body = try await request.body(upTo: bodyLimit)
        let principal = try context.caller()
        let name = digest([
            principal.tenant, principal.id ?? "", route.path, key,
        ])
        let fingerprint = digest(
            [request.uri.string, request.mediaType],
            Array(body.readableBytesView)
        )
        var (request, context) = (request, context)
        request.body = RequestBody(buffer: body)
        context.requestName = name
        let now = now()
        let state = try await store.begin(
            name,
            fingerprint: fingerprint,
            at: now,
            abandonedBefore: now.advanced(byMilliseconds: -Self.abandonedMilliseconds)
        )
        switch state {
        case .fresh: return try await carryOut(request, context, route, name)
        case .running: throw Problem(.idempotencyInProgress, "Ask again in a moment.")
        case .reused: throw Problem(.idempotencyKeyReused, "Use a new key for another request.")
        case .answered(let kept): return try await replay(kept, request, context, route)
        }
    }

    private func carryOut(
        _ request: Request,
        _ context: ServerContext,
        _ route: Route,
        _ name: Cairn.Digest
    ) async throws -> Response {
        var response: Response
        do {
            response = try await route.handler(request, context)
        } catch {
            try? await store.abandon(name)
            throw error
        }
        guard response.status.code < 500 else {
            try? await store.abandon(name)
            return response
        }
        let collector = BodyCollector()
        try await response.body.write(collector)
        response.body = ResponseBody(byteBuffer: collector.buffer)
        try await store.finish(
            name,
            with: KeptAnswer(
                status: response.status.code,
                location: response.headers[.location],
                body: kept(Array(collector.buffer.readableBytesView), request, route)
            )
        )
        return response
    }

    /// What is kept of a body: nothing of one with proofs, which hold the event, nor of a long one.
    private func kept(_ body: [UInt8], _ request: Request, _ route: Route) -> [UInt8]? {
        guard body.count <= Self.answerBytes, request.uri.queryParameters["proof"] == nil else {
            return nil
        }
        guard let secret = route.secretMember else { return body }
        guard var members = (try? JSONValue(parsing: body))?.object else { return nil }
        members[secret] = nil
        return JSONValue.object(members).canonical.bytes
    }

    private func replay(
        _ kept: KeptAnswer,
        _ request: Request,
        _ context: ServerContext,
        _ route: Route
    ) async throws -> Response {
        var response: Response
        if let body = kept.body {
            response = Response(body, type: MediaType.json)
        } else {
            response = try await route.handler(request, context)
        }
        response.status = HTTPResponse.Status(code: kept.status)
        response.headers[.location] = kept.location
        response.headers[.idempotencyReplayed] = "true"
        return response
    }

    /// The id of an event that has none, at a position of a request that names itself: the same
    /// whenever it is sent.
    func eventID(_ name: Cairn.Digest, at position: Int) -> EventID {
        EventID(version4From: digest(["event", "\(position)"], name.bytes).bytes[..<16])
    }

    /// The id of an event that its sender names by a text, in a tenant: always the same.
    func eventID(named text: String, _ principal: Principal) -> EventID {
        let name = digest(["external id", principal.tenant, text])
        return EventID(version4From: name.bytes[..<16])
    }

    private func digest(_ texts: [String], _ bytes: [UInt8] = []) -> Cairn.Digest {
        var hmac = HMAC<SHA256>(key: secret)
        for text in texts {
            // Each with its length, so that no two lists run together.
            withUnsafeBytes(of: UInt64(text.utf8.count).bigEndian) { hmac.update(data: $0) }
            hmac.update(data: Array(text.utf8))
        }
        hmac.update(data: bytes)
        guard let digest = Cairn.Digest(Array(hmac.finalize())) else {
            preconditionFailure("an HMAC with SHA-256 has 32 bytes")
        }
        return digest
    }

    /// The key of a header field: a structured string in quotes, or bare, as many send it.
    private static func key(_ field: String) throws(Problem) -> String {
        var text = field
        if text.hasPrefix("\""), text.hasSuffix("\""), text.utf8.count >= 2 {
            text = String(text.dropFirst().dropLast())
        }
        guard (1...keyBytes).contains(text.utf8.count),
            text.utf8.allSatisfy({ (0x20...0x7E).contains($0) && $0 != 0x22 && $0 != 0x5C })
        else {
            throw .parameter(
                "Idempotency-Key",
                "must be 1 to \(keyBytes) visible ASCII characters, in quotes or not"
            )
        }
        return text
    }
}

/// Takes a body in.
private final class BodyCollector: ResponseBodyWriter {
    private(set) var buffer = ByteBuffer()

    func write(_ buffer: ByteBuffer) async throws {
        self.buffer.writeImmutableBuffer(buffer)
    }

    func finish(_ trailingHeaders: HTTPFields?) async throws {}
}
