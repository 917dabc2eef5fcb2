// SPDX-License-Identifier: Apache-2.0
import AsyncHTTPClient
import CairnAPI
import NIOCore
import NIOHTTP1

/// Sends events to a server with one credential.
struct EventPost: Sendable {
    /// What became of one request.
    struct Answer: Sendable {
        /// Events that are acknowledged.
        let accepted: Int
        /// Whether the request was over a quota.
        let isOverQuota: Bool
    }

    let client: HTTPClient
    /// The address of `POST /v1/events`.
    let url: String
    let apiKey: String?

    /// Sends a body of so many events.
    func send(_ body: ByteBuffer, of events: Int) async throws -> Answer {
        var request = HTTPClientRequest(url: url)
        request.method = .POST
        request.headers.add(name: "Content-Type", value: MediaType.json)
        if let apiKey { request.headers.add(name: "Authorization", value: "Bearer \(apiKey)") }
        request.body = .bytes(body)
        let response = try await client.execute(request, timeout: .seconds(60))
        let answer = try await response.body.collect(upTo: 16 << 20)
        let accepted =
            switch response.status.code {
            case 200, 201: events
            case 207: EventPost.accepted(answer)
            default: 0
            }
        return Answer(accepted: accepted, isOverQuota: response.status == .tooManyRequests)
    }

    /// Reads `accepted` of a mixed answer.
    private static func accepted(_ answer: ByteBuffer) -> Int {
        let text = String(buffer: answer)
        guard let match = text.firstMatch(of: /"accepted":([0-9]+)/) else { return 0 }
        return Int(match.1) ?? 0
    }
}

extension SampleEvents {
    /// The next events as the body of one request.
    mutating func body(_ count: Int) -> ByteBuffer {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count * 560 + 16)
        if count > 1 { bytes.append(contentsOf: "{\"events\":[".utf8) }
        for position in 0..<count {
            if position > 0 { bytes.append(UInt8(ascii: ",")) }
            append(to: &bytes)
        }
        if count > 1 { bytes.append(contentsOf: "]}".utf8) }
        return ByteBuffer(bytes: bytes)
    }
}
