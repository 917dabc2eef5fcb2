// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import ServiceLifecycle
import Synchronization

/// What a client was sent, and when.
struct SeenRequest: Sendable {
    let uri: String
    let headers: HTTPFields
    let body: String
    let time: ContinuousClock.Instant
}

/// A server on loopback that answers as a test says, for what a real one does too seldom.
final class ScriptedServer: Sendable {
    typealias Answer = @Sendable (_ number: Int, _ body: String) async throws -> Response

    private let requests = Mutex<[SeenRequest]>([])
    private let answer: Answer

    /// The requests so far.
    var seen: [SeenRequest] { requests.withLock { $0 } }

    private init(_ answer: @escaping Answer) {
        self.answer = answer
    }

    /// Runs a server for as long as `body` takes; `answer` is given the number of the request.
    static func run(
        _ answer: @escaping Answer,
        _ body: @escaping @Sendable (_ url: String, ScriptedServer) async throws -> Void
    ) async throws {
        let server = ScriptedServer(answer)
        let router = Router()
        for method in [HTTPRequest.Method.get, .post] {
            router.on("**", method: method) { request, _ in try await server.take(request) }
        }
        let (ports, port) = AsyncStream<Int>.makeStream()
        let application = Application(
            router: router,
            configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { port.yield($0.localAddress?.port ?? 0) },
            logger: Logger(label: "scripted") { _ in SwiftLogNoOpLogHandler() }
        )
        let group = ServiceGroup(
            services: [application],
            logger: Logger(label: "scripted") { _ in SwiftLogNoOpLogHandler() }
        )
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            for await port in ports.prefix(1) {
                do {
                    try await body("http://127.0.0.1:\(port)", server)
                } catch {
                    await group.triggerGracefulShutdown()
                    throw error
                }
            }
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
    }

    private func take(_ request: Request) async throws -> Response {
        let buffer = try await request.body.collect(upTo: 16 << 20)
        let body = String(buffer: buffer)
        let number = requests.withLock { requests in
            requests.append(
                SeenRequest(
                    uri: request.uri.description,
                    headers: request.headers,
                    body: body,
                    time: ContinuousClock().now
                )
            )
            return requests.count
        }
        return try await answer(number, body)
    }
}

extension Response {
    /// A problem as a server tells it.
    static func problem(
        _ status: HTTPResponse.Status,
        _ code: String,
        retryAfter: String? = nil
    ) -> Response {
        var headers: HTTPFields = [.contentType: "application/problem+json"]
        headers[.retryAfter] = retryAfter
        let body = #"{"status":\#(status.code),"code":"\#(code)","title":"No.","request_id":"r-1"}"#
        return Response(
            status: status,
            headers: headers,
            body: ResponseBody(byteBuffer: ByteBuffer(string: body))
        )
    }

    /// A receipt, whatever the event was.
    static func receipt(for body: String) -> Response {
        let id = body.firstMatch(of: /"id":"([0-9a-f-]{36})"/).map { String($0.output.1) } ?? ""
        let zero = String(repeating: "0", count: 64)
        let json = """
            {"id":"\(id)","index":0,"received_at":"2026-01-01T00:00:00.000Z","leaf_hash":"\(zero)",\
            "previous_hash":"\(zero)","hash":"\(zero)","origin":"cairn.example/a"}
            """
        return Response(
            status: .created,
            body: ResponseBody(byteBuffer: ByteBuffer(string: json))
        )
    }
}
