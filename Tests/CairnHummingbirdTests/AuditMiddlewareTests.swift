// SPDX-License-Identifier: Apache-2.0

import Cairn
import CairnClient
import CairnEmbedded
import CairnHummingbird
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOCore
import Testing

@Suite("A Hummingbird server that records its requests")
struct AuditMiddlewareTests {
    private struct Unforeseen: Error {}

    private static func router(_ recorder: AuditRecorder) -> Router<BasicRequestContext> {
        let router = Router(context: BasicRequestContext.self)
        router.add(
            middleware: AuditMiddleware(
                recorder: recorder,
                principal: { request, _ in
                    request.headers[.authorization].map { _ in
                        Event.Actor(type: "user", id: "ada")
                    }
                },
                address: { _, _ in "192.0.2.7" }
            )
        )
        router.get("/accounts/:id") { _, _ in "an account" }
        router.get("/moved") { _, _ in Response.redirect(to: "/accounts/1") }
        router.get("/denied") { _, _ -> String in throw HTTPError(.forbidden) }
        router.get("/bad") { _, _ in HTTPResponse.Status.badRequest }
        router.get("/broken") { _, _ -> String in throw Unforeseen() }
        return router
    }

    /// Asks for some paths and gives what was recorded of each, and each answer's status.
    private func ask(
        _ paths: [String],
        policy: DurabilityPolicy = .standard,
        headers: HTTPFields = [:]
    ) async throws -> (events: [Event], statuses: [Int]) {
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("cairn-middleware-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let ledger = try await EmbeddedLedger(at: folder.appendingPathComponent("audit").path)
        var options = RecorderOptions()
        options.durability = policy
        let recorder = try AuditRecorder(to: ledger, options: options)
        return try await recorder.whileRunning { recorder in
            let application = Application(router: AuditMiddlewareTests.router(recorder))
            let statuses = try await application.test(.router) { client in
                var statuses: [Int] = []
                for path in paths {
                    let answer = try await client.executeRequest(
                        uri: path,
                        method: .get,
                        headers: headers,
                        body: nil
                    )
                    statuses.append(answer.status.code)
                }
                return statuses
            }
            var events: [Event] = []
            for _ in 0..<500 where events.count < paths.count {
                let page = try await recorder.query(AuditQuery(limit: 1000)).get()
                events = page.records.sorted { $0.index < $1.index }.compactMap(\.event)
                if events.count < paths.count { try await Task.sleep(for: .milliseconds(10)) }
            }
            return (events, statuses)
        }
    }

    @Test("A request is recorded with its route, who asked, from where, and how it ended")
    func request() async throws {
        let (events, statuses) = try await ask(
            ["/accounts/17?token=secret"],
            headers: [.authorization: "Bearer abc", .userAgent: "tests/1"]
        )
        #expect(statuses == [200])
        let event = try #require(events.first)
        #expect(event.type.text == "http.request")
        #expect(event.actor == Event.Actor(type: "user", id: "ada"))
        #expect(event.resources == [Event.Resource(type: "route", id: "/accounts/{id}")])
        #expect(event.source.ip == "192.0.2.7" && event.source.userAgent == "tests/1")
        #expect(event.source.requestID?.isEmpty == false)
        let details = try JSONValue(parsing: #require(event.details).bytes)
        #expect(details["method"] == "GET" && details["status"] == 200)
        #expect(try #require(details["duration_ms"]?.integer) >= 0)
        #expect(!"\(event)".contains("secret"))
    }

    @Test("How a request ended goes by its status, and the answer is as it would be without")
    func outcomes() async throws {
        let (events, statuses) = try await ask(
            ["/accounts/1", "/moved", "/denied", "/bad", "/nowhere", "/broken"]
        )
        #expect(statuses == [200, 303, 403, 400, 404, 500])
        #expect(
            events.map(\.outcome) == [.success, .success, .denied, .failure, .failure, .error]
        )
        #expect(events.map(\.actor.id) == Array(repeating: "unknown", count: 6))
    }

    @Test(
        "D-004-12, D-001-16: an endless user agent is cut, with a mark and the digest of the whole"
    )
    func bounded() async throws {
        let agent = String(repeating: "ä", count: 2000)
        let (events, statuses) = try await ask(["/moved"], headers: [.userAgent: agent])
        #expect(statuses == [303])
        let kept = try #require(events.first?.source.userAgent)
        #expect(kept.utf8.count <= 2048)
        #expect(kept.contains("… sha256:") && kept.hasPrefix("äää"))
    }

    @Test("A recorder that cannot record does not change an answer")
    func unbroken() async throws {
        var options = RecorderOptions()
        options.durability = DurabilityPolicy()
        options.retry = .once
        let recorder = try AuditRecorder(
            to: HTTPDestination(url: "http://127.0.0.1:9"),
            options: options
        )
        let application = Application(router: AuditMiddlewareTests.router(recorder))
        try await application.test(.router) { client in
            let answer = try await client.executeRequest(
                uri: "/accounts/1",
                method: .get,
                headers: [:],
                body: nil
            )
            #expect(answer.status == .ok)
        }
        #expect(recorder.counts.failed == 1)
        await recorder.close()
    }

    /// A context that knows who is connected.
    private struct ConnectedContext: RequestContext, RemoteAddressRequestContext {
        var coreContext: CoreRequestContextStorage
        let remoteAddress: SocketAddress?

        init(source: ApplicationRequestContextSource) {
            coreContext = .init(source: source)
            remoteAddress = source.channel.remoteAddress
        }
    }

    @Test("Where nothing else is said, the address is that of the connection")
    func connection() async throws {
        var options = RecorderOptions()
        options.durability = DurabilityPolicy()
        options.retry = .once
        let recorder = try AuditRecorder(
            to: HTTPDestination(url: "http://127.0.0.1:9"),
            options: options
        )
        let router = Router(context: ConnectedContext.self)
        router.add(middleware: AuditMiddleware(recorder: recorder, principal: { _, _ in nil }))
        router.get("/") { _, _ in "hello" }
        try await Application(router: router).test(.live) { client in
            let answer = try await client.executeRequest(
                uri: "/",
                method: .get,
                headers: [:],
                body: nil
            )
            #expect(answer.status == .ok)
        }
        let address = try #require(recorder.recent().first?.source.ip)
        #expect(["127.0.0.1", "::1"].contains(address))
        await recorder.close()
    }

    @Test("Under a policy that promises it, a request is in the ledger before its answer is sent")
    func promised() async throws {
        let (events, _) = try await ask(["/accounts/1"], policy: DurabilityPolicy())
        #expect(events.count == 1)
    }
}
