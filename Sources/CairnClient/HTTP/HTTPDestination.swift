// SPDX-License-Identifier: Apache-2.0

internal import AsyncHTTPClient
public import Cairn
internal import CairnAPI
internal import NIOCore
internal import NIOHTTP1

/// A server of Cairn, over HTTP.
///
/// Events keep the id they were given before they were first sent, so that sending one again never
/// makes a second record.
public final class HTTPDestination: AuditDestination {
    /// How a server is spoken to.
    public struct Options: Sendable {
        /// How long a connection may take to be made.
        public var connectTimeout = Duration.seconds(2)
        /// How long one request may take, with its answer.
        public var requestTimeout = Duration.seconds(5)
        /// How long one question may take, with its answer.
        public var queryTimeout = Duration.seconds(30)
        /// Whether an API key may go over a connection that others can read.
        public var allowsPlainText = false

        /// What holds unless something else is set.
        public init() {}
    }

    /// The longest answer that is read, in bytes.
    private static let answerLimit = 64 << 20
    /// The largest bulk that is sent, in bytes; servers take 8 MiB unless set otherwise.
    private static let bulkBytes = 4 << 20
    /// The most events of one bulk.
    private static let bulkEvents = 1000

    private let base: String
    private let apiKey: String?
    private let options: Options
    private let client: HTTPClient

    /// Speaks to the server at an address such as `https://audit.example.com`.
    ///
    /// - Throws: ``ClientError`` for an address or a key that cannot be right, and for a key that
    ///   would go over a network in the clear.
    public init(
        url: String,
        apiKey: String? = nil,
        options: Options = Options()
    ) throws(ClientError) {
        guard let address = ServerAddress(url) else {
            throw ClientError(
                .invalidSetting,
                "the server's URL must be an address such as https://audit.example.com"
            )
        }
        // It goes into a header, and must not come back in a message about that.
        guard apiKey?.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) ?? true else {
            throw ClientError(.invalidSetting, "the API key holds characters that no key has")
        }
        guard apiKey == nil || address.isPrivate || options.allowsPlainText else {
            throw ClientError(
                .invalidSetting,
                "an API key would go over the network in the clear; use https, or set "
                    + "allowsPlainText if something else protects the way"
            )
        }
        base = address.text
        self.apiKey = apiKey
        self.options = options
        var configuration = HTTPClient.Configuration()
        configuration.timeout.connect = .milliseconds(options.connectTimeout.milliseconds)
        // Also once an answer has begun.
        configuration.timeout.read = .milliseconds(options.requestTimeout.milliseconds)
        configuration.redirectConfiguration = .disallow
        // A server that is not there is told at once; the recorder decides when to try again.
        configuration.connectionPool.retryConnectionEstablishment = false
        client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    deinit {
        // Who lets go of a destination without closing it loses its connections, and nothing else.
        client.shutdown { _ in }
    }

    /// Closes the connections.
    public func close() async {
        // That it is closed already is what was asked for.
        try? await client.shutdown()
    }

    // MARK: Appending

    /// Sends events, one by itself and several in bulks of what a server takes.
    ///
    /// Nothing goes past an event that may still be recorded: those behind it are not sent.
    public func append(_ events: [Event]) async -> [Result<Receipt, ClientError>] {
        let bodies = events.map { EventBody.bytes(of: $0) }
        var results: [Result<Receipt, ClientError>] = []
        results.reserveCapacity(bodies.count)
        while results.count < bodies.count {
            let bulk = HTTPDestination.bulk(bodies[results.count...])
            let answers = bulk.count == 1 ? [await single(bulk)] : await several(bulk)
            results += answers
            guard let error = answers.compactMap(\.failure).first(where: { !$0.isFinal }) else {
                continue
            }
            results += bodies[results.count...].map { _ in .failure(error.asUnsent) }
        }
        return results
    }

    /// As many of the first bodies as go together.
    private static func bulk(_ bodies: ArraySlice<[UInt8]>) -> ArraySlice<[UInt8]> {
        var bytes = 0
        return bodies.prefix(bulkEvents).prefix { body in
            bytes += body.count + 1
            return bytes <= bulkBytes || bytes == body.count + 1
        }
    }

    private func single(_ bulk: ArraySlice<[UInt8]>) async -> Result<Receipt, ClientError> {
        await send(Array(bulk.joined())).flatMap { answer in
            do throws(MalformedBody) {
                return .success(Receipt(try ReceiptBody(answer)))
            } catch {
                return .failure(HTTPDestination.malformed(error))
            }
        }
    }

    private func several(_ bulk: ArraySlice<[UInt8]>) async -> [Result<Receipt, ClientError>] {
        let body = Array("{\"events\":[".utf8) + bulk.joined(separator: [0x2C]) + Array("]}".utf8)
        switch await send(body, isBulk: true) {
        case .success(let answer):
            guard let body = try? BulkBody(answer), body.results.count == bulk.count else {
                let error = HTTPDestination.malformed(MalformedBody("the results of a bulk"))
                return bulk.map { _ in .failure(error) }
            }
            return body.results.map(HTTPDestination.result)
        case .failure(let error):
            guard error.isFinal else { return bulk.map { _ in .failure(error) } }
            // One event may be what the server refuses the whole bulk for.
            var results: [Result<Receipt, ClientError>] = []
            for position in bulk.indices {
                let result = await single(bulk[position...position])
                results.append(result)
                guard let error = result.failure, !error.isFinal else { continue }
                let rest = bulk[(position + 1)...]
                return results + rest.map { _ in .failure(error.asUnsent) }
            }
            return results
        }
    }

    private static func result(_ item: AppendResult) -> Result<Receipt, ClientError> {
        if let receipt = item.receipt { return .success(Receipt(receipt)) }
        return .failure(ClientError(status: item.status, problem: item.problem, retryAfter: nil))
    }

    private static func malformed(_ error: MalformedBody) -> ClientError {
        ClientError(
            .unexpectedAnswer,
            "the server's answer lacks \(error); check that the URL is that of a server of Cairn",
            mayBeRecorded: true
        )
    }

    // MARK: Asking

    /// Asks the server.
    public func page(_ query: AuditQuery) async -> Result<Page, ClientError> {
        let text = query.parameters.map { "\($0.name.inURL)=\($0.value.inURL)" }
            .joined(separator: "&")
        var request = request(Path.events + "?" + text)
        request.method = .GET
        switch await execute(request, within: options.queryTimeout, isBulk: false) {
        case .failure(let error):
            guard error.code == .invalidEvent else { return .failure(error) }
            return .failure(
                ClientError(.invalidQuery, error.message, instance: error.instance)
            )
        case .success(let answer):
            do throws(MalformedBody) {
                return .success(try Page(answer))
            } catch {
                return .failure(HTTPDestination.malformed(error))
            }
        }
    }

    // MARK: Requests

    private func request(_ path: String) -> HTTPClientRequest {
        var request = HTTPClientRequest(url: base + path)
        request.headers.add(name: "User-Agent", value: "cairn-client")
        if let apiKey { request.headers.add(name: "Authorization", value: "Bearer \(apiKey)") }
        return request
    }

    private func send(
        _ body: [UInt8],
        isBulk: Bool = false
    ) async -> Result<JSONValue, ClientError> {
        var request = request(Path.events)
        request.method = .POST
        request.headers.add(name: "Content-Type", value: MediaType.json)
        request.body = .bytes(ByteBuffer(bytes: body))
        return await execute(request, within: options.requestTimeout, isBulk: isBulk)
    }

    private func execute(
        _ request: HTTPClientRequest,
        within timeout: Duration,
        isBulk: Bool
    ) async -> Result<JSONValue, ClientError> {
        do {
            let response = try await client.execute(
                request,
                timeout: .milliseconds(timeout.milliseconds)
            )
            let buffer = try await response.body.collect(upTo: HTTPDestination.answerLimit)
            let value = try? JSONValue(
                parsing: Array(buffer.readableBytesView),
                limits: JSONLimits(depth: 64, bytes: HTTPDestination.answerLimit)
            )
            let status = Int(response.status.code)
            // A bulk of which all failed alike has their status, and a result for each.
            if let value, (200..<300).contains(status) || isBulk && value["results"] != nil {
                return .success(value)
            }
            let retryAfter = response.headers.first(name: "Retry-After").flatMap { Int($0) }
            return .failure(
                ClientError(
                    status: status,
                    problem: value.flatMap { try? ProblemBody($0) },
                    retryAfter: retryAfter.map { .seconds(min(max($0, 0), 3600)) }
                )
            )
        } catch {
            return .failure(ClientError(sending: error))
        }
    }
}

extension Page {
    /// Reads the answer to a question.
    fileprivate init(_ value: JSONValue) throws(MalformedBody) {
        guard let events = value["events"]?.array, let size = value["size"]?.integer, size >= 0
        else { throw MalformedBody("a page's `events` or `size`") }
        var records: [Record] = []
        for event in events { records.append(try Record(event)) }
        self.init(
            records: records,
            nextCursor: value["next_cursor"]?.string,
            ledgerSize: UInt64(size)
        )
    }
}

extension Receipt {
    /// Takes what a server says.
    init(_ body: ReceiptBody) {
        self.init(
            id: body.id,
            position: Position(
                index: body.index,
                receivedAt: body.receivedAt,
                leafHash: body.leafHash,
                previousHash: body.previousHash,
                hash: body.hash,
                origin: body.origin
            )
        )
    }
}
