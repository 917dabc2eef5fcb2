// SPDX-License-Identifier: Apache-2.0
import AsyncHTTPClient
import Cairn
import CairnAPI
import Foundation
import NIOCore
import NIOHTTP1

/// A ledger behind a server's HTTP interface.
struct RemoteLedger: LedgerAccess {
    /// The longest answer that is read whole, in bytes.
    private static let answerLimit = 64 << 20
    /// How long one answer may take.
    private static let timeout = TimeAmount.seconds(60)

    let base: String
    private let apiKey: String?
    private let client: HTTPClient

    /// Speaks to the server at an address such as `http://127.0.0.1:8000`.
    init(server: String, apiKey: String?) throws(CommandFailure) {
        guard let url = URLComponents(string: server), let host = url.host, !host.isEmpty,
            url.scheme == "http" || url.scheme == "https", url.query == nil
        else { throw .badInput("--server takes an address such as http://127.0.0.1:8000") }
        // It goes into a header, and must not come back in a message about that.
        guard apiKey?.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) ?? true else {
            throw .badInput("the API key holds characters that no key has")
        }
        base = server.hasSuffix("/") ? String(server.dropLast()) : server
        self.apiKey = apiKey
        var configuration = HTTPClient.Configuration()
        configuration.timeout.connect = .seconds(10)
        configuration.redirectConfiguration = .disallow
        // A server that is not there is told at once.
        configuration.connectionPool.retryConnectionEstablishment = false
        client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    func close() async throws {
        try await client.shutdown()
    }

    // MARK: Asking

    private func request(_ method: HTTPMethod, _ path: String) -> HTTPClientRequest {
        var request = HTTPClientRequest(url: base + path)
        request.method = method
        request.headers.add(name: "User-Agent", value: "cairn/\(Version.text)")
        if let apiKey { request.headers.add(name: "Authorization", value: "Bearer \(apiKey)") }
        return request
    }

    private func execute(
        _ request: HTTPClientRequest,
        timeout: TimeAmount = RemoteLedger.timeout
    ) async throws -> HTTPClientResponse {
        let response: HTTPClientResponse
        do {
            response = try await client.execute(request, timeout: timeout)
        } catch let error as CommandFailure {
            throw error
        } catch {
            throw CommandFailure.unavailable("\(base) cannot be reached: \(error)")
        }
        guard (200..<300).contains(response.status.code) else {
            throw try await RemoteLedger.failure(response)
        }
        return response
    }

    private func json(_ request: HTTPClientRequest) async throws -> JSONValue {
        let response = try await execute(request)
        let body = try await RemoteLedger.body(of: response)
        guard response.status != .noContent else { return .null }
        do {
            return try JSONValue(
                parsing: body,
                limits: JSONLimits(depth: 40, bytes: RemoteLedger.answerLimit)
            )
        } catch {
            throw CommandFailure.unavailable("the server's answer is not JSON: \(error)")
        }
    }

    private static func body(of response: HTTPClientResponse) async throws -> [UInt8] {
        do {
            return Array(try await response.body.collect(upTo: answerLimit).readableBytesView)
        } catch {
            throw CommandFailure.unavailable("the server's answer cannot be read: \(error)")
        }
    }

    /// What an answer that is not a success says, as the end of the command.
    private static func failure(_ response: HTTPClientResponse) async throws -> CommandFailure {
        let body = try await body(of: response)
        let status = Int(response.status.code)
        var message = "the server answers \(status)"
        if let value = try? JSONValue(parsing: body), let problem = try? ProblemBody(value) {
            message = problem.sentence
        }
        return status < 500 && status != 429 ? .badInput(message) : .unavailable(message)
    }

    private static func text(_ parameters: [QueryParameter]) -> String {
        var components = URLComponents()
        components.queryItems = parameters.map { URLQueryItem(name: $0.name, value: $0.value) }
        // A plus would be read as a space.
        return components.percentEncodedQuery.map {
            "?" + $0.replacingOccurrences(of: "+", with: "%2B")
        } ?? ""
    }

    /// Sends a request, with a JSON body if there is one, and reads the JSON answer.
    func exchange(
        _ method: HTTPMethod,
        _ path: String,
        _ body: JSONValue? = nil
    ) async throws -> JSONValue {
        var request = request(method, path)
        if let body {
            request.headers.add(name: "Content-Type", value: MediaType.json)
            request.body = .bytes(ByteBuffer(bytes: body.canonical.bytes))
        }
        return try await json(request)
    }

    // MARK: Reading

    func facts() async throws -> LedgerFacts {
        try LedgerFacts(await json(request(.GET, Path.ledger)))
    }

    func page(_ parameters: [QueryParameter]) async throws -> RecordPage {
        let query = parameters.isEmpty ? "" : RemoteLedger.text(parameters)
        let answer = try await json(request(.GET, Path.events + query))
        guard let events = answer["events"]?.array, let size = answer["size"]?.integer else {
            throw MalformedBody("a page's `events` or `size`")
        }
        return RecordPage(
            records: events,
            nextCursor: answer["next_cursor"]?.string,
            size: UInt64(size)
        )
    }

    func export(
        _ parameters: [QueryParameter],
        _ shape: @Sendable (_ name: String) -> String?,
        _ write: @Sendable ([UInt8]) throws -> Void
    ) async throws {
        let own = ExportShape.parameters.compactMap { name in
            shape(name).map { QueryParameter(name: name, value: $0) }
        }
        let query = RemoteLedger.text(parameters + own)
        var request = request(.GET, Path.exportStream + query)
        request.headers.replaceOrAdd(name: "Accept", value: "*/*")
        let response = try await execute(request)
        do {
            for try await piece in response.body { try write(Array(piece.readableBytesView)) }
        } catch let failure as CommandFailure {
            throw failure
        } catch {
            throw CommandFailure.unavailable("the export ended before it was complete: \(error)")
        }
    }

    /// Where an answer that is a redirection leads.
    func location(of path: String) async throws -> String {
        let response: HTTPClientResponse
        do {
            response = try await client.execute(
                request(.GET, path),
                timeout: RemoteLedger.timeout
            )
        } catch {
            throw CommandFailure.unavailable("\(base) cannot be reached: \(error)")
        }
        guard response.status == .found, let link = response.headers.first(name: "Location") else {
            throw try await RemoteLedger.failure(response)
        }
        return link
    }

    /// Reads what a link leads to, from a byte on.
    func fetch(
        _ url: String,
        from offset: UInt64,
        _ write: @Sendable ([UInt8]) throws -> Void
    ) async throws {
        var request = HTTPClientRequest(url: url)
        if offset > 0 { request.headers.add(name: "Range", value: "bytes=\(offset)-") }
        let response = try await execute(request, timeout: .hours(24))
        guard offset == 0 || response.status == .partialContent else {
            throw CommandFailure.unavailable("the server does not give a part of the file")
        }
        do {
            for try await piece in response.body { try write(Array(piece.readableBytesView)) }
        } catch let failure as CommandFailure {
            throw failure
        } catch {
            throw CommandFailure.unavailable("the download broke off: \(error)")
        }
    }

    func record(_ id: EventID) async throws -> JSONValue {
        try await json(request(.GET, "\(Path.events)/\(id)"))
    }

    func proof(of id: EventID) async throws -> RecordProof {
        let response = try await execute(request(.GET, "\(Path.events)/\(id)/proof"))
        do {
            return try RecordProof(parsing: await RemoteLedger.body(of: response))
        } catch let error as Disclosure.Malformed {
            throw CommandFailure.unavailable("the server's proof cannot be read: \(error)")
        }
    }

    func importKey() async throws -> [UInt8] {
        let origin = try await facts().origin
        return Digest.sha256(Array("cairn-import-key\n\(origin)\n".utf8)).bytes
    }

    // MARK: Verifying

    func verify(
        _ verification: VerificationRequest,
        progress: @escaping @Sendable (UInt64, UInt64) -> Void
    ) async throws -> VerificationSummary {
        var submission = request(.POST, Path.verifications)
        submission.headers.add(name: "Content-Type", value: MediaType.json)
        submission.body = .bytes(ByteBuffer(bytes: verification.json.canonical.bytes))
        var job = try await json(submission)
        guard let id = job["id"]?.string, id.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x2F }) else {
            throw MalformedBody("a verification's `id`")
        }
        var pause = 20
        while true {
            if let checked = job["progress"]?["checked"]?.integer,
                let total = job["progress"]?["total"]?.integer
            {
                progress(UInt64(max(0, checked)), UInt64(max(0, total)))
            }
            switch job["state"]?.string {
            case "done": return try VerificationSummary(job)
            case "failed":
                throw CommandFailure.unavailable(
                    "the verification failed: \(job["detail"]?.string ?? "no reason is given")"
                )
            case "cancelled": throw CommandFailure.unavailable("somebody called it off")
            default: break
            }
            try await Task.sleep(for: .milliseconds(pause))
            pause = min(pause * 2, 500)
            job = try await json(request(.GET, "\(Path.verifications)/\(id)"))
        }
    }

    // MARK: Appending

    func append(
        _ batches: any EventBatches,
        each: @escaping @Sendable (AppendResult) async throws -> Void
    ) async throws {
        var submission = request(.POST, Path.events)
        submission.headers.add(name: "Content-Type", value: MediaType.ndjson)
        submission.headers.add(name: "Accept", value: MediaType.ndjson)
        let lines = AsyncThrowingStream<ByteBuffer, any Error> {
            guard let batch = try await batches.next() else { return nil }
            var buffer = ByteBuffer()
            buffer.reserveCapacity(batch.reduce(0) { $0 + $1.count + 1 })
            for event in batch {
                buffer.writeBytes(event)
                buffer.writeInteger(UInt8(ascii: "\n"))
            }
            return buffer
        }
        submission.body = .stream(lines, length: .unknown)
        // One stream for all, however long: results come while events still go.
        let response = try await execute(submission, timeout: .hours(24 * 365))
        var pending: [UInt8] = []
        do {
            for try await buffer in response.body {
                pending += buffer.readableBytesView
                var start = 0
                while let end = pending[start...].firstIndex(of: UInt8(ascii: "\n")) {
                    if end > start {
                        let value = try JSONValue(parsing: Array(pending[start..<end]))
                        try await each(try AppendResult(value))
                    }
                    start = end + 1
                }
                pending.removeFirst(start)
            }
        } catch let error as CommandFailure {
            throw error
        } catch {
            throw CommandFailure.unavailable("the server's answer breaks off: \(error)")
        }
        guard pending.isEmpty else {
            throw CommandFailure.unavailable("the server's answer breaks off")
        }
    }
}

extension ProblemBody {
    /// The problem in a line, for people.
    var sentence: String {
        let reasons = errors.map { $0.field.isEmpty ? $0.message : "\($0.field): \($0.message)" }
        let rest = reasons.isEmpty ? detail.map { [$0] } ?? [] : reasons
        return ([title.isEmpty ? code : title] + rest).joined(separator: ": ")
    }
}
