// SPDX-License-Identifier: Apache-2.0

internal import AsyncHTTPClient
internal import Cairn
internal import CairnLedger
internal import NIOCore
internal import NIOHTTP1

/// How S3 is spoken to: how long it may take, and how often it is asked again.
package struct S3Patience: Sendable {
    /// How often a request is sent at most.
    package var attempts = 6
    /// How long all its attempts may take together, with the pauses between them.
    package var total = Duration.seconds(90)
    /// How long one attempt may take until its answer begins.
    package var answer = Duration.seconds(30)
    /// How long an answer may stand still.
    package var idle = Duration.seconds(20)
    /// The longest first pause; each next one is twice as long.
    package var pause = Duration.milliseconds(200)
    /// The longest pause of all.
    package var longestPause = Duration.seconds(8)
    /// A number from 0 to 1, drawn for each pause.
    package var jitter: @Sendable () -> Double

    /// What holds unless it is set otherwise.
    package init(jitter: @escaping @Sendable () -> Double) {
        self.jitter = jitter
    }

    /// The pause before an attempt, counted from 1 for the second: anything up to the longest, so
    /// that many who failed together do not come back together.
    func pause(before attempt: Int) -> Duration {
        min(pause * (1 << min(attempt - 1, 16)), longestPause) * jitter()
    }
}

/// A request to S3; its body is held, so that it can be sent again.
struct S3Request: Sendable {
    var method: HTTPMethod
    var key: ObjectKey?
    var query: [(name: String, value: String)] = []
    var headers: [(name: String, value: String)] = []
    var body: [UInt8] = []
    /// The body's hash.
    var hash = S3Request.emptyHash

    private static let emptyHash = Digest.sha256([])
}

/// Sends requests to one bucket: signed, in time, and again where that may help.
struct S3Client: Sendable {
    /// The longest answer that is no object, in bytes.
    private static let limitBytes = 8 << 20

    let bucket: S3Bucket
    let credentials: CredentialCache
    let client: HTTPClient
    let patience: S3Patience
    let now: @Sendable () -> Timestamp

    /// What S3 answers, and whether an attempt before it may have been done as well.
    struct Answer: Sendable {
        let headers: HTTPHeaders
        let body: HTTPClientResponse.Body
        /// How many attempts there were.
        let attempts: Int
    }

    /// A failure, and how many attempts it took to get it.
    struct Refusal: Error {
        let failure: S3Failure
        let attempts: Int
    }

    /// Sends a request until it is answered with success, or cannot be.
    func send(_ request: S3Request) async throws(Refusal) -> Answer {
        let end = ContinuousClock.now + patience.total
        var (attempt, hasNewCredentials) = (1, false)
        while true {
            let failure: S3Failure
            var isRenewed = false
            do {
                let signing = try await credentials.current()
                do throws(S3Failure) {
                    let left = min(end - ContinuousClock.now, patience.answer)
                    let response = try await attemptOnce(request, signing, within: left)
                    return Answer(headers: response.headers, body: response.body, attempts: attempt)
                } catch {
                    failure = error
                }
                if !hasNewCredentials, failure.isOf(signing) {
                    isRenewed = await credentials.renew(signing)
                    hasNewCredentials = true
                }
            } catch {
                failure = S3Failure(sending: error)
            }
            let pause = isRenewed ? .zero : patience.pause(before: attempt)
            guard failure.mayPass || isRenewed, attempt < patience.attempts,
                ContinuousClock.now + pause < end, !Task.isCancelled
            else { throw Refusal(failure: failure, attempts: attempt) }
            do {
                try await Task.sleep(for: pause)
            } catch {
                throw Refusal(failure: failure, attempts: attempt)
            }
            attempt += 1
        }
    }

    /// Sends a request, and reads its whole answer, which is no object; one that breaks off is asked
    /// for again.
    func ask(_ request: S3Request) async throws(Refusal) -> (body: [UInt8], Answer) {
        var attempts = 0
        while true {
            let failure: S3Failure
            do throws(Refusal) {
                let answer = try await send(request)
                attempts += answer.attempts
                do {
                    let body = try await answer.body.collect(upTo: S3Client.limitBytes)
                    let all = Answer(headers: answer.headers, body: answer.body, attempts: attempts)
                    return (Array(body.readableBytesView), all)
                } catch {
                    failure = S3Failure(sending: error)
                }
            } catch {
                throw Refusal(failure: error.failure, attempts: attempts + error.attempts)
            }
            guard attempts < patience.attempts, !Task.isCancelled else {
                throw Refusal(failure: failure, attempts: attempts)
            }
            try? await Task.sleep(for: patience.pause(before: attempts))
        }
    }

    private func attemptOnce(
        _ request: S3Request,
        _ signing: AWSCredentials,
        within limit: Duration
    ) async throws(S3Failure) -> HTTPClientResponse {
        do {
            let time = TimeAmount.milliseconds(Int64(limit / .milliseconds(1)))
            let response = try await client.execute(signed(request, signing), timeout: time)
            guard (200..<300).contains(response.status.code) else {
                // Without a body that is whole and short, an answer is what its status says.
                let body = try? await response.body.collect(upTo: 65_536)
                throw S3Failure(
                    status: Int(response.status.code),
                    body: body.map { Array($0.readableBytesView) } ?? []
                )
            }
            return response
        } catch {
            throw S3Failure(sending: error)
        }
    }

    private func signed(_ request: S3Request, _ signing: AWSCredentials) -> HTTPClientRequest {
        let hash = request.hash.hex
        let path = bucket.path(request.key)
        var headers = request.headers
        headers += [
            (name: "host", value: bucket.host), (name: "x-amz-content-sha256", value: hash),
        ]
        let signer = RequestSigner(signing, region: bucket.region, service: "s3")
        headers += signer.headers(
            signing: SignableRequest(
                method: request.method.rawValue,
                path: path,
                query: request.query,
                headers: headers
            ),
            payloadHash: hash,
            at: now()
        )
        var message = HTTPClientRequest(
            url: bucket.url(path, PercentEncoding.query(request.query))
        )
        message.method = request.method
        message.headers = HTTPHeaders(headers.map { ($0.name, $0.value) })
        if !request.body.isEmpty || request.method == .PUT || request.method == .POST {
            message.body = .bytes(ByteBuffer(bytes: request.body))
        }
        return message
    }
}
