// SPDX-License-Identifier: Apache-2.0
import CairnServer
import Foundation
import Instrumentation
import ServiceContextModule
import Testing

@testable import CairnCommand

@Suite("What the server asks of others")
struct OutgoingTraceTests {
    /// What a fetch of keys sends, with what is known of a trace where it happens.
    private func sent(in place: ServiceContext) async throws -> String {
        let listener = try RawListener()
        let fetcher = KeySetFetcher()
        let address = "http://127.0.0.1:\(listener.port)/keys"
        async let fetched = ServiceContext.withValue(place) { try await fetcher.fetch(address) }
        let connection = try await listener.accept()
        let request = try await connection.receive(seconds: 15) { $0.text.contains("\r\n\r\n") }
        try await connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
        let bytes = try await fetched
        try await fetcher.close()
        #expect(bytes == Array("{}".utf8))
        return request.text.lowercased()
    }

    @Test("Keys are fetched in the trace of the request that wants them, and else in none")
    func traces() async throws {
        // The one instrument of this process; no other test sets one.
        InstrumentationSystem.bootstrap(TracePropagator(random: Composition.fillRandom))
        var place = ServiceContext.topLevel
        place.trace = TraceContext(
            traceID: "4bf92f3577b34da6a3ce929d0e0e4736",
            spanID: "00f067aa0ba902b7",
            isSampled: true,
            state: "a=1"
        )
        let traced = try await sent(in: place)
        #expect(
            traced.contains("traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
        )
        #expect(!traced.contains("tracestate"))
        let untraced = try await sent(in: .topLevel)
        #expect(!untraced.contains("trace"))
    }
}
