// SPDX-License-Identifier: Apache-2.0

import Cairn
import Foundation
import Testing

@testable import CairnAWS

@Suite("Requests are signed as AWS Signature Version 4 says")
struct SigningTests {
    // MARK: The general suite

    struct Case: Decodable, Sendable, CustomTestStringConvertible {
        struct Context: Decodable {
            let credentials: Keys
            let expiration_in_seconds: Int
            let normalize: Bool
            let region: String
            let service: String
            let sign_body: Bool
            let timestamp: String
            let omit_session_token: Bool?
        }

        let name: String
        let context: Context
        let request: String
        let header_canonical_request: String
        let header_string_to_sign: String
        let header_signature: String
        let query_canonical_request: String
        let query_string_to_sign: String
        let query_signature: String

        var testDescription: String { name }
    }

    struct Keys: Decodable {
        let access_key_id: String
        let secret_access_key: String
        let session_token: String?
        let token: String?

        var credentials: AWSCredentials {
            AWSCredentials(
                accessKeyID: access_key_id,
                secretAccessKey: secret_access_key,
                sessionToken: session_token ?? token
            )
        }
    }

    static func vectors<Value: Decodable>(_ name: String, as type: Value.Type) throws -> Value {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "Vectors/sigv4/\(name)")
        return try JSONDecoder().decode(type, from: Data(contentsOf: file))
    }

    static let cases =
        (try? vectors("aws-signing-test-suite-v4.json", as: [Case].self)) ?? []

    /// A request of the suite, which is written as text.
    private static func parsed(_ text: String) throws -> (SignableRequest, body: [UInt8]) {
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false)[...]
        let head = lines.popFirst()
        let first = try #require(head)
        let method = try #require(first.split(separator: " ").first)
        let target = first.dropFirst(method.count + 1).dropLast(" HTTP/1.1".count)
        let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        var headers: [(name: String, value: String)] = []
        while let line = lines.popFirst(), !line.isEmpty {
            if line.first == " ", var last = headers.popLast() {
                last.value += "\n" + line
                headers.append(last)
                continue
            }
            let colon = try #require(line.firstIndex(of: ":"))
            headers.append((String(line[..<colon]), String(line[line.index(after: colon)...])))
        }
        let request = SignableRequest(
            method: String(method),
            path: String(parts[0]),
            query: parts.count == 2 ? try query(parts[1]) : [],
            headers: headers
        )
        return (request, Array(lines.joined(separator: "\n").utf8))
    }

    private static func query(_ text: Substring) throws -> [(name: String, value: String)] {
        try text.split(separator: "&").map { pair in
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = try #require(PercentEncoding.decode(parts[0]))
            let value = try #require(PercentEncoding.decode(parts.count == 2 ? parts[1] : ""))
            return (name, value)
        }
    }

    @Test("The vectors are there")
    func isComplete() {
        #expect(SigningTests.cases.count == 38)
    }

    @Test("Every request of the suite is signed in its headers", arguments: cases)
    func header(_ vector: Case) throws {
        let context = vector.context
        var (request, body) = try SigningTests.parsed(vector.request)
        let hash = Digest.sha256(body).hex
        if context.sign_body { request.headers.append(("x-amz-content-sha256", hash)) }
        let time = try Timestamp.parse(context.timestamp).timestamp
        let credentials = context.credentials.credentials
        let signer = RequestSigner(credentials, region: context.region, service: context.service)
        let tokenIsSigned = context.omit_session_token != true
        let headers = signer.headers(
            signing: request,
            payloadHash: hash,
            at: time,
            normalising: context.normalize,
            tokenIsSigned: tokenIsSigned
        )
        for header in headers where header.name != "Authorization" {
            if header.name == "x-amz-security-token", !tokenIsSigned { continue }
            request.headers.append(header)
        }
        let canonical = CanonicalRequest(
            request,
            payloadHash: hash,
            normalising: context.normalize
        )
        #expect(canonical.text == vector.header_canonical_request)
        let toSign = signer.stringToSign(canonical, RequestSigner.text(time))
        #expect(toSign == vector.header_string_to_sign)
        let authorization = try #require(headers.first { $0.name == "Authorization" }?.value)
        #expect(authorization.hasSuffix(", Signature=\(vector.header_signature)"))
        let token = headers.first { $0.name == "x-amz-security-token" }?.value
        #expect(token == credentials.sessionToken)
    }

    @Test("Every request of the suite is signed in its query", arguments: cases)
    func query(_ vector: Case) throws {
        let context = vector.context
        var (request, body) = try SigningTests.parsed(vector.request)
        let hash = Digest.sha256(body).hex
        let time = try Timestamp.parse(context.timestamp).timestamp
        let signer = RequestSigner(
            context.credentials.credentials,
            region: context.region,
            service: context.service
        )
        let tokenIsSigned = context.omit_session_token != true
        let query = signer.query(
            presigning: request,
            payloadHash: hash,
            for: context.expiration_in_seconds,
            at: time,
            normalising: context.normalize,
            tokenIsSigned: tokenIsSigned
        )
        #expect(query.last?.name == "X-Amz-Signature")
        #expect(query.last?.value == vector.query_signature)
        request.query = query.dropLast().filter {
            tokenIsSigned || $0.name != "X-Amz-Security-Token"
        }
        let canonical = CanonicalRequest(
            request,
            payloadHash: hash,
            normalising: context.normalize
        )
        #expect(canonical.text == vector.query_canonical_request)
        let toSign = signer.stringToSign(canonical, RequestSigner.text(time))
        #expect(toSign == vector.query_string_to_sign)
    }

    // MARK: What another client signs

    struct Generated<Value: Decodable & Sendable>: Decodable, Sendable {
        let cases: [Value]
    }

    struct SignedRequest: Decodable, Sendable, CustomTestStringConvertible {
        let name: String
        let signing_name: String
        let region: String
        let timestamp: String
        let credentials: Keys
        let method: String
        let url: String
        let headers: [String: String]
        let body: String
        let canonical_request: String

        var testDescription: String { name }
    }

    struct PresignedURL: Decodable, Sendable, CustomTestStringConvertible {
        let name: String
        let expires_in: Int
        let timestamp: String
        let region: String
        let credentials: Keys
        let canonical_request: String
        let url: String

        var testDescription: String { name }
    }

    static let requests =
        (try? vectors("signed-requests.json", as: Generated<SignedRequest>.self))?.cases ?? []
    static let links =
        (try? vectors("presigned-urls.json", as: Generated<PresignedURL>.self))?.cases ?? []

    private static func time(_ text: String) throws -> Timestamp {
        var text = Array(text)
        for (place, sign) in [(4, "-"), (7, "-"), (13, ":"), (16, ":")] {
            text.insert(Character(sign), at: place)
        }
        return try Timestamp.parse(String(text)).timestamp
    }

    private static func parts(
        _ url: String
    ) throws -> (host: String, path: String, query: [(name: String, value: String)]) {
        let rest = try #require(url.split(separator: "//", maxSplits: 1).last)
        let slash = rest.firstIndex(of: "/") ?? rest.endIndex
        let parts = rest[slash...].split(
            separator: "?",
            maxSplits: 1,
            omittingEmptySubsequences: false
        )
        let path = try #require(PercentEncoding.decode(parts.first ?? "/"))
        return (
            String(rest[..<slash]), path, parts.count == 2 ? try query(parts[1]) : []
        )
    }

    @Test("A request gets the signature that another client gives it", arguments: requests)
    func signed(_ vector: SignedRequest) throws {
        let (host, path, query) = try SigningTests.parts(vector.url)
        let unsigned = ["authorization", "content-length", "expect", "transfer-encoding"]
        let added = ["x-amz-date", "x-amz-security-token"]
        var request = SignableRequest(
            method: vector.method,
            path: path,
            query: query,
            headers: [("host", host)]
        )
        for (name, value) in vector.headers where !(unsigned + added).contains(name.lowercased()) {
            request.headers.append((name, value))
        }
        let hash =
            vector.headers["X-Amz-Content-SHA256"] ?? Digest.sha256(Array(vector.body.utf8)).hex
        let signer = RequestSigner(
            vector.credentials.credentials,
            region: vector.region,
            service: vector.signing_name
        )
        let headers = signer.headers(
            signing: request,
            payloadHash: hash,
            at: try SigningTests.time(vector.timestamp)
        )
        #expect(headers.last?.value == vector.headers["Authorization"])
    }

    @Test("A link gets the signature that another client gives it", arguments: links)
    func presigned(_ vector: PresignedURL) throws {
        let (host, path, query) = try SigningTests.parts(vector.url)
        let given = query.filter { !$0.name.hasPrefix("X-Amz-") }
        let method = try #require(vector.canonical_request.split(separator: "\n").first)
        var request = SignableRequest(
            method: String(method),
            path: path,
            query: given,
            headers: [("host", host)]
        )
        if query.contains(where: { $0.value == "content-type;host" }) {
            request.headers.append(("content-type", "text/csv"))
        }
        let signer = RequestSigner(
            vector.credentials.credentials,
            region: vector.region,
            service: "s3"
        )
        let signed = signer.query(
            presigning: request,
            for: vector.expires_in,
            at: try SigningTests.time(vector.timestamp)
        )
        #expect(
            signed.map { "\($0.name)=\($0.value)" }.sorted()
                == query.map { "\($0.name)=\($0.value)" }.sorted()
        )
    }

    @Test("What describes credentials holds no secret")
    func description() {
        let credentials = AWSCredentials(
            accessKeyID: "AKIAEXAMPLE",
            secretAccessKey: "the-secret",
            sessionToken: "the-token"
        )
        #expect("\(credentials)" == "AKIAEXAMPLE")
        #expect(!String(reflecting: credentials).contains("the-"))
    }
}
