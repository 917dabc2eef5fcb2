// SPDX-License-Identifier: Apache-2.0

internal import Cairn
internal import CairnAPI
internal import HTTPTypes
internal import Hummingbird
internal import HummingbirdCore
internal import NIOCore

extension Request {
    /// The media type of the body, without parameters and in lower case; empty if it is not said.
    var mediaType: String {
        guard let value = headers[.contentType] else { return "" }
        guard let end = value.firstIndex(of: ";") else {
            return value.trimmed.lowercased()
        }
        return value[..<end].trimmed.lowercased()
    }

    /// Whether a text is wanted rather than JSON.
    var prefersText: Bool {
        guard let accept = headers[.accept] else { return false }
        let types = accept.split(separator: ",").map { part in
            part.prefix { $0 != ";" }.trimmed.lowercased()
        }
        return types.contains("text/plain") && !types.contains("application/json")
    }

    /// The body in one piece.
    ///
    /// - Throws: ``Problem`` of code ``Problem/Code/bodyTooLarge``, before the body is read if its
    ///   length is said.
    func body(upTo limit: Int) async throws -> ByteBuffer {
        if let text = headers[.contentLength], let length = Int(text), length > limit {
            throw Problem(.bodyTooLarge, "The body is at most \(limit) bytes.")
        }
        do {
            return try await body.collect(upTo: limit)
        } catch is NIOTooManyBytesError {
            throw Problem(.bodyTooLarge, "The body is at most \(limit) bytes.")
        } catch {
            // A client that went, was cut, or broke the rules of chunks; never the server's mistake.
            throw Problem(.malformedBody, "The body did not come whole.")
        }
    }

    /// The bytes of a JSON body, which may be empty.
    ///
    /// - Throws: ``Problem`` for another content type, and as ``body(upTo:)``.
    func jsonBody(upTo limit: Int) async throws -> [UInt8] {
        let body = try await body(upTo: limit)
        guard body.readableBytes == 0 || mediaType == MediaType.json else {
            throw Problem(.unsupportedMediaType, "Send \(MediaType.json).")
        }
        return Array(body.readableBytesView)
    }
}

/// What a request that is no event says.
enum Members {
    /// The members of a JSON object, in order.
    ///
    /// - Throws: ``Problem`` for what is no JSON, and for JSON that is no object.
    static func read(
        _ bytes: [UInt8],
        limits: JSONLimits = JSONLimits()
    ) throws(Problem) -> JSONObject {
        let value: JSONValue
        do throws(InvalidJSON) {
            value = try JSONValue(parsing: bytes, limits: limits)
        } catch {
            throw Problem(telling: InvalidEvent(error))
        }
        guard let members = value.object else {
            throw .member("", "wrong_type", "the body must be an object")
        }
        return members
    }
}

extension StringProtocol {
    /// The text without blanks around it.
    var trimmed: String {
        let start = drop { $0 == " " || $0 == "\t" }
        guard let end = start.lastIndex(where: { $0 != " " && $0 != "\t" }) else { return "" }
        return String(start[...end])
    }
}
