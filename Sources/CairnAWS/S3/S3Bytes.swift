// SPDX-License-Identifier: Apache-2.0

internal import AsyncHTTPClient
internal import CairnLedger
internal import NIOCore
internal import NIOHTTP1

/// An object's bytes as S3 sends them, no quicker than they are read; when a connection is lost, the
/// rest of the same version is asked for.
struct S3Bytes: AsyncSequence, Sendable {
    typealias Element = [UInt8]
    typealias Failure = any Error

    let client: S3Client
    let key: ObjectKey
    let range: Range<UInt64>
    /// The version that the bytes are of.
    let version: String?
    /// What the first answer brings.
    let first: HTTPClientResponse.Body

    /// A request for an object, or a part of it, provided that it is still the same.
    static func request(
        _ key: ObjectKey,
        _ range: Range<UInt64>?,
        unless version: String?
    ) -> S3Request {
        var request = S3Request(method: .GET, key: key)
        if let range {
            let last = Swift.min(range.upperBound, UInt64(Int64.max)) - 1
            request.headers.append(("range", "bytes=\(range.lowerBound)-\(last)"))
        }
        if let version { request.headers.append(("if-match", version)) }
        return request
    }

    /// Whether an answer begins where it should; a service that knows no parts begins anew.
    static func begins(_ answer: HTTPHeaders, at offset: UInt64) -> Bool {
        offset == 0
            || answer.first(name: "content-range")?.hasPrefix("bytes \(offset)-") == true
    }

    struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate let source: S3Bytes
        fileprivate var range: Range<UInt64>
        fileprivate var body: HTTPClientResponse.Body.AsyncIterator
        private var failures = 0

        fileprivate init(_ source: S3Bytes) {
            self.source = source
            range = source.range
            body = source.first.makeAsyncIterator()
        }

        mutating func next() async throws -> [UInt8]? {
            while !range.isEmpty {
                do {
                    if let buffer = try await body.next() {
                        let bytes = Array(buffer.readableBytesView.prefix(range.count))
                        guard !bytes.isEmpty else { continue }
                        range = (range.lowerBound + UInt64(bytes.count))..<range.upperBound
                        failures = 0
                        return bytes
                    }
                } catch {
                    try Task.checkCancellation()
                }
                try await goOn()
            }
            return nil
        }

        /// Asks for what is missing.
        private mutating func goOn() async throws {
            failures += 1
            guard failures < source.client.patience.attempts, source.version != nil else {
                throw ObjectError.unavailable("the connection to S3 was lost")
            }
            try await Task.sleep(for: source.client.patience.pause(before: failures))
            let request = S3Bytes.request(source.key, range, unless: source.version)
            do throws(S3Client.Refusal) {
                let answer = try await source.client.send(request)
                guard S3Bytes.begins(answer.headers, at: range.lowerBound) else {
                    throw S3Client.Refusal(failure: .answered(status: 412, code: ""), attempts: 1)
                }
                body = answer.body.makeAsyncIterator()
            } catch {
                // Another object has its place.
                guard error.failure.status != 412 else {
                    throw ObjectError.unavailable("the object was replaced while it was read")
                }
                throw error.failure.told
            }
        }
    }

    func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(self)
    }
}
