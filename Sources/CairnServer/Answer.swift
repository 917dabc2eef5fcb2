// SPDX-License-Identifier: Apache-2.0

internal import Cairn
internal import CairnAPI
internal import HTTPTypes
internal import Hummingbird
internal import NIOCore

extension HTTPField.Name {
    /// The name of a request, in both directions.
    static let requestID = named("X-Request-Id")
    /// The key of a request that may be repeated.
    static let idempotencyKey = named("Idempotency-Key")
    /// Says that an answer was given before.
    static let idempotencyReplayed = named("Idempotency-Replayed")

    /// How many items a page has, where another number was asked for.
    static let pageSize = named("X-Page-Size")

    /// What a quota allows.
    static let rateLimitPolicy = named("RateLimit-Policy")
    /// What is left of a quota.
    static let rateLimit = named("RateLimit")
    /// Whom a proxy speaks for.
    static let forwardedFor = named("X-Forwarded-For")
    /// How much of an address other sites are told.
    static let referrerPolicy = named("Referrer-Policy")

    /// The place in a trace (W3C Trace Context).
    static let traceparent = named("traceparent")

    private static func named(_ text: String) -> HTTPField.Name {
        guard let name = HTTPField.Name(text) else {
            preconditionFailure("not the name of a header field")
        }
        return name
    }
}

extension HTTPResponse.Status {
    /// The items of a bulk have statuses of their own (RFC 4918).
    static let multiStatus = HTTPResponse.Status(code: 207, reasonPhrase: "Multi-Status")
}

extension Response {
    /// Answers with bytes of a content type; what is not said to be cached is not.
    init(
        _ bytes: [UInt8],
        type: String,
        status: HTTPResponse.Status = .ok,
        caching: String = "no-store"
    ) {
        self.init(
            status: status,
            headers: [.contentType: type, .cacheControl: caching],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes))
        )
    }

    /// Answers with JSON.
    init(_ output: JSONOutput, status: HTTPResponse.Status = .ok) {
        self.init(output.bytes, type: MediaType.json, status: status)
    }

    /// Answers with a JSON value.
    init(_ value: JSONValue, status: HTTPResponse.Status = .ok) {
        self.init(value.canonical.bytes, type: MediaType.json, status: status)
    }

    /// Answers with a text.
    init(text: String, caching: String = "no-store") {
        self.init(Array(text.utf8), type: MediaType.text, caching: caching)
    }
}
