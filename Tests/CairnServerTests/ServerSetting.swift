// SPDX-License-Identifier: Apache-2.0

import Cairn
import CairnLedger
import CairnServer
import CairnTesting
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import NIOCore
import Synchronization
import Testing

@testable import CairnCommand

/// A server over a memory store, and all it was made of.
struct ServerSetting: Sendable {
    let server: Server
    let memory: MemoryStore
    let store: FaultyLedgerStore
    let ledgers: Ledgers
    let clock: ManualClock
    let jobs: MemoryJobQueue
    let metrics: MetricsRegistry
    let tenant: Tenant
    let signer: MemorySigner
    let registrar: Registrar
    let keys: KeyRing
    let tokens: TokenAuthority
    let tally: AccessTally
    let objects: MemoryObjectStore
    let worker: ExportWorker

    /// The verifier key, as a stranger would be given it.
    var key: NoteVerifierKey { signer.verifierKey(for: tenant.origin) }
}

/// The issuers that a server believes, and what their addresses have.
struct Identity {
    var issuers: [TokenIssuer] = []
    var fetch: @Sendable (String) async throws -> [UInt8] = { _ in [] }
}

extension ServerSetting {
    /// Makes a server with one tenant, `default`.
    static func make(
        memory: MemoryStore? = nil,
        jobs: MemoryJobQueue = MemoryJobQueue(),
        readiness: [ReadinessCheck] = [],
        clock: ManualClock = ManualClock(),
        identity: Identity = Identity(),
        kinds: Set<SelfRecorder.Kind> = [],
        limits: Exports.Limits = Exports.Limits(),
        configure: (inout ServerConfiguration) -> Void = { _ in }
    ) throws -> ServerSetting {
        let example = Tenant.example
        let tenant = Tenant(
            name: "default",
            ledger: example.ledger,
            origin: example.origin,
            createdAt: example.createdAt
        )
        let kept = memory ?? MemoryStore()
        if memory == nil {
            try kept.create(tenant)
            try kept.create(.other)
        }
        let store = FaultyLedgerStore(kept)
        let (signer, metrics) = (MemorySigner(), MetricsRegistry())
        let ledgers = Ledgers(
            directory: kept,
            store: store,
            signer: signer,
            vault: nil,
            clock: clock.server
        )
        let generator = Mutex(SeededGenerator(seed: 1))
        let names = Mutex(SeededGenerator(seed: 1_000))
        let fill: @Sendable (UnsafeMutableRawBufferPointer) -> Void = { buffer in
            generator.withLock { generator in
                for position in buffer.indices {
                    buffer[position] = UInt8(truncatingIfNeeded: generator.next())
                }
            }
        }
        let preparer = Preparer(clock: clock.server, random: fill)
        var configuration = ServerConfiguration()
        configuration.anonymousTenant = "default"
        configure(&configuration)
        let recorder = SelfRecorder(
            ledgers: ledgers,
            preparer: preparer,
            secret: Array(repeating: 6, count: 32),
            kinds: kinds
        )
        let tally = AccessTally(
            recorder: recorder,
            clock: clock.server,
            logger: Logger(label: "access") { _ in SwiftLogNoOpLogHandler() }
        )
        let viewers = ViewerTokenCodec(secret: Array(repeating: 7, count: 32))
        let registrar = Registrar(
            directory: kept,
            ledgers: ledgers,
            recorder: recorder,
            viewers: viewers,
            draft: { name in
                let ledger = names.withLock { LedgerID(using: &$0) }
                return Tenant(
                    name: name,
                    ledger: ledger,
                    origin: "cairn.example/\(ledger)",
                    createdAt: clock.server.now()
                )
            },
            now: clock.server.now,
            random: fill
        )
        let keys = KeyRing(
            directory: kept,
            now: clock.server.now,
            logger: Logger(label: "keys") { _ in SwiftLogNoOpLogHandler() }
        )
        let tokens = TokenAuthority(
            issuers: identity.issuers,
            directory: kept,
            registrar: registrar,
            fetch: identity.fetch,
            now: clock.server.now,
            logger: Logger(label: "tokens") { _ in SwiftLogNoOpLogHandler() }
        )
        let objects = MemoryObjectStore(now: clock.server.now)
        let queue = MemoryJobQueue()
        let makeID = { @Sendable in preparer.makeID() }
        let exports = Exports(
            ledgers: ledgers,
            queue: queue,
            limits: limits,
            now: clock.server.now,
            makeID: makeID
        )
        let tools = ExportToolbox(folder: NSTemporaryDirectory())
        let worker = ExportWorker(
            ledgers: ledgers,
            store: store,
            index: kept,
            queue: queue,
            objects: objects,
            tools: tools,
            limits: limits,
            clock: clock.server,
            makeID: makeID,
            logger: Logger(label: "exports") { _ in SwiftLogNoOpLogHandler() }
        )
        let server = Server(
            configuration,
            services: ServerServices(
                ledgers: ledgers,
                store: store,
                index: kept,
                directory: kept,
                keys: keys,
                tokens: tokens,
                idempotency: Idempotency(
                    store: kept,
                    secret: Array(repeating: 8, count: 32),
                    now: clock.server.now,
                    logger: Logger(label: "replays") { _ in SwiftLogNoOpLogHandler() }
                ),
                viewers: viewers,
                registrar: registrar,
                recorder: recorder,
                tally: tally,
                jobs: jobs,
                exports: ExportServices(
                    exports: exports,
                    worker: nil,
                    objects: objects,
                    tools: tools,
                    secret: Array(repeating: 5, count: 32)
                ),
                preparer: preparer,
                cursors: CursorCodec(secret: Array(repeating: 9, count: 32)),
                clock: clock.server,
                metrics: metrics,
                readiness: readiness
            )
        )
        return ServerSetting(
            server: server,
            memory: kept,
            store: store,
            ledgers: ledgers,
            clock: clock,
            jobs: jobs,
            metrics: metrics,
            tenant: tenant,
            signer: signer,
            registrar: registrar,
            keys: keys,
            tokens: tokens,
            tally: tally,
            objects: objects,
            worker: worker
        )
    }

    /// Runs `body` with a client of the server's router.
    func run(_ body: @escaping @Sendable (Client) async throws -> Void) async throws {
        try await server.application().test(.router) { client in
            try await body(Client(base: client))
        }
    }
}

/// Runs `body` with a server of its own and a client of it.
func withServer(
    readiness: [ReadinessCheck] = [],
    configure: (inout ServerConfiguration) -> Void = { _ in },
    _ body: @escaping @Sendable (Client, ServerSetting) async throws -> Void
) async throws {
    let setting = try ServerSetting.make(readiness: readiness, configure: configure)
    try await setting.run { client in try await body(client, setting) }
}

/// Sends requests and reads answers.
struct Client: Sendable {
    let base: any TestClientProtocol

    /// Sends any request.
    func send(
        _ method: HTTPRequest.Method,
        _ uri: String,
        body: String? = nil,
        type: String? = nil,
        headers: [String: String] = [:]
    ) async throws -> Reply {
        var fields = HTTPFields()
        if let type { fields[.contentType] = type }
        for (name, value) in headers {
            fields[try #require(HTTPField.Name(name))] = value
        }
        let response = try await base.executeRequest(
            uri: uri,
            method: method,
            headers: fields,
            body: body.map { ByteBuffer(string: $0) }
        )
        let reply = Reply(response)
        Transcript.shared?.add(method, uri, reply)
        return reply
    }

    /// Sends a GET.
    func get(_ uri: String, headers: [String: String] = [:]) async throws -> Reply {
        try await send(.get, uri, headers: headers)
    }

    /// Sends JSON.
    func post(
        _ uri: String,
        _ body: String,
        headers: [String: String] = [:]
    ) async throws -> Reply {
        try await send(.post, uri, body: body, type: "application/json", headers: headers)
    }

    /// Sends lines.
    func stream(_ body: String, query: String = "") async throws -> Reply {
        try await send(
            .post,
            "/v1/events\(query)",
            body: body,
            type: "application/x-ndjson"
        )
    }

    /// Records so many events, an hour apart, and returns their ids in order.
    @discardableResult
    func record(_ count: Int, type: String = "user.login") async throws -> [String] {
        var ids: [String] = []
        for number in 0..<count {
            let hour = number % 24 < 10 ? "0\(number % 24)" : "\(number % 24)"
            let reply = try await post(
                "/v1/events",
                #"{"type":"\#(type)","actor":{"id":"user-\#(number % 12)"},"#
                    + #""occurred_at":"2026-01-\#(10 + number / 24)T\#(hour):00:00Z"}"#
            )
            #expect(reply.status == 201)
            ids.append(try #require(reply.json["id"]?.string))
        }
        return ids
    }
}

/// An answer, and its body in all the forms that tests ask for.
struct Reply: Sendable {
    let status: Int
    let headers: HTTPFields
    let bytes: [UInt8]

    init(_ response: TestResponse) {
        status = response.status.code
        headers = response.headers
        bytes = Array(response.body.readableBytesView)
    }

    /// The body as text.
    var text: String { String(decoding: bytes, as: UTF8.self) }

    /// The body as JSON; null if it is none.
    var json: JSONValue {
        (try? JSONValue(parsing: bytes, limits: JSONLimits(depth: 64, bytes: 64 << 20))) ?? .null
    }

    /// The lines of the body as JSON.
    var lines: [JSONValue] {
        bytes.split(separator: UInt8(ascii: "\n")).compactMap { try? JSONValue(parsing: Array($0)) }
    }

    /// A header.
    func header(_ name: String) -> String? {
        HTTPField.Name(name).flatMap { headers[$0] }
    }

    /// Checks that the answer is a problem of a code, whole and about this request.
    func expectProblem(
        _ status: Int,
        _ code: String,
        field: String? = nil,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(self.status == status, "\(text)", sourceLocation: sourceLocation)
        #expect(
            header("Content-Type") == "application/problem+json",
            sourceLocation: sourceLocation
        )
        #expect(json["code"]?.string == code, "\(text)", sourceLocation: sourceLocation)
        #expect(json["status"]?.integer == status, sourceLocation: sourceLocation)
        #expect(
            json["type"]?.string == "urn:cairn:problem:\(code)",
            sourceLocation: sourceLocation
        )
        #expect(json["title"]?.string?.isEmpty == false, sourceLocation: sourceLocation)
        #expect(
            json["request_id"]?.string == header("X-Request-Id"),
            sourceLocation: sourceLocation
        )
        #expect(
            json["instance"]?.string == header("X-Request-Id").map { "urn:cairn:request:\($0)" },
            sourceLocation: sourceLocation
        )
        if let field {
            #expect(
                json["errors"]?[0]?["field"]?.string == field,
                "\(text)",
                sourceLocation: sourceLocation
            )
        }
        if status == 503 {
            #expect(header("Retry-After") == "1", sourceLocation: sourceLocation)
        }
    }
}
