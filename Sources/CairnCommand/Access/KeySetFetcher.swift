// SPDX-License-Identifier: Apache-2.0
import AsyncHTTPClient
import CairnServer
import Instrumentation
import NIOCore
import NIOHTTP1
import ServiceContextModule

/// Gets sets of keys over HTTP.
struct KeySetFetcher: Sendable {
    /// The longest set, in bytes.
    private static let limitBytes = 1 << 20
    /// How long an answer may take.
    private static let timeout = TimeAmount.seconds(5)

    private let client: HTTPClient

    /// A fetcher that follows no redirect: a key comes from the address that was set, or not.
    init() {
        var configuration = HTTPClient.Configuration()
        configuration.timeout.connect = Self.timeout
        configuration.redirectConfiguration = .disallow
        client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    /// What an address has.
    ///
    /// - Throws: What went wrong, in the client's words.
    func fetch(_ address: String) async throws -> [UInt8] {
        var request = HTTPClientRequest(url: address)
        request.headers.add(name: "Accept", value: "application/json")
        if let place = ServiceContext.current {
            InstrumentationSystem.instrument.inject(
                place,
                into: &request.headers,
                using: HeaderInjector()
            )
        }
        let response = try await client.execute(request, timeout: Self.timeout)
        guard response.status == .ok else { throw Refused(status: response.status.code) }
        return Array(try await response.body.collect(upTo: Self.limitBytes).readableBytesView)
    }

    /// Ends the connections.
    func close() async throws {
        try await client.shutdown()
    }

    /// An answer that is none.
    struct Refused: Error {
        let status: UInt
    }
}

/// Writes the place in a trace into a request that goes out, and not what others put beside it:
/// whoever caused the request is not known yet.
private struct HeaderInjector: Injector {
    func inject(_ value: String, forKey key: String, into headers: inout HTTPHeaders) {
        guard key == TracePropagator.parentField else { return }
        headers.replaceOrAdd(name: key, value: value)
    }
}
