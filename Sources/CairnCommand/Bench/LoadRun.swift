// SPDX-License-Identifier: Apache-2.0
import AsyncHTTPClient
import CairnAPI
import NIOCore
import NIOHTTP1

/// What a load run measured.
struct LoadResult: Sendable {
    /// Events that the server acknowledged.
    var events: UInt64 = 0
    /// Requests that were answered, well or not.
    var requests: UInt64 = 0
    /// Requests that failed, and events that were refused.
    var errors: UInt64 = 0
    /// How long each request took.
    var latency = LatencyHistogram()

    /// Adds what another connection measured.
    mutating func add(_ other: LoadResult) {
        events += other.events
        requests += other.requests
        errors += other.errors
        latency.add(other.latency)
    }
}

/// Sends events over several connections, each as fast as it is answered.
struct LoadRun: Sendable {
    /// The address of `POST /v1/events`.
    let url: String
    let apiKey: String?
    let connections: Int
    /// Events in one request.
    let batch: Int
    let duration: Duration
    /// What makes this run's events differ from another's.
    let seed: UInt64

    /// Runs until the time is over, telling how many events are acknowledged.
    func run(
        _ client: HTTPClient,
        progress: @escaping @Sendable (UInt64) -> Void
    ) async -> LoadResult {
        let end = ContinuousClock.now + duration
        return await withTaskGroup(of: LoadResult.self) { group in
            for connection in 0..<connections {
                group.addTask { await send(client, connection, until: end, progress) }
            }
            var all = LoadResult()
            for await result in group { all.add(result) }
            return all
        }
    }

    private func send(
        _ client: HTTPClient,
        _ connection: Int,
        until end: ContinuousClock.Instant,
        _ progress: @Sendable (UInt64) -> Void
    ) async -> LoadResult {
        var events = SampleEvents(seed: seed &+ UInt64(connection) &* 0x1_0000_0001)
        var result = LoadResult()
        while ContinuousClock.now < end, !Task.isCancelled {
            let body = body(&events)
            let begun = ContinuousClock.now
            do {
                let accepted = try await post(body, client)
                let took = ContinuousClock.now - begun
                result.latency.record(microseconds: UInt64(took / .microseconds(1)))
                result.events += UInt64(accepted)
                result.errors += UInt64(batch - accepted)
                progress(UInt64(accepted))
            } catch {
                result.errors += 1
                // A server that is gone would otherwise be asked in a tight loop.
                try? await Task.sleep(for: .milliseconds(50))
            }
            result.requests += 1
        }
        return result
    }

    private func body(_ events: inout SampleEvents) -> ByteBuffer {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(batch * 560 + 16)
        if batch > 1 { bytes.append(contentsOf: "{\"events\":[".utf8) }
        for position in 0..<batch {
            if position > 0 { bytes.append(UInt8(ascii: ",")) }
            events.append(to: &bytes)
        }
        if batch > 1 { bytes.append(contentsOf: "]}".utf8) }
        return ByteBuffer(bytes: bytes)
    }

    /// Sends one request and returns how many of its events are acknowledged.
    private func post(_ body: ByteBuffer, _ client: HTTPClient) async throws -> Int {
        var request = HTTPClientRequest(url: url)
        request.method = .POST
        request.headers.add(name: "Content-Type", value: MediaType.json)
        if let apiKey { request.headers.add(name: "Authorization", value: "Bearer \(apiKey)") }
        request.body = .bytes(body)
        let response = try await client.execute(request, timeout: .seconds(60))
        let answer = try await response.body.collect(upTo: 16 << 20)
        switch response.status.code {
        case 200, 201: return batch
        case 207: return LoadRun.accepted(answer)
        default: return 0
        }
    }

    /// Reads `accepted` of a mixed answer.
    private static func accepted(_ answer: ByteBuffer) -> Int {
        let text = String(buffer: answer)
        guard let match = text.firstMatch(of: /"accepted":([0-9]+)/) else { return 0 }
        return Int(match.1) ?? 0
    }
}
