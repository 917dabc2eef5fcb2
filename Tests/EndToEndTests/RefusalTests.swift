// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

@Suite("Refusals")
struct RefusalTests {
    @Test("A caller that is refused is told before it sends its body")
    func early() async throws {
        try await withServer(
            isOpen: false,
            arguments: ["--quota-events-per-second", "1"]
        ) { server, store in
            let owner = try String(
                contentsOf: store.appendingPathComponent("admin.key"),
                encoding: .utf8
            ).trimmingCharacters(in: .whitespacesAndNewlines)
            let event = #"{"type":"a.b","actor":{"id":"u"}}"#
            let body =
                #"{"events":[\#(Array(repeating: event, count: 200).joined(separator: ","))]}"#
            let whole = try Self.answer(server.url, key: owner, length: body.utf8.count, body: body)
            #expect(whole.hasPrefix("HTTP/1.1 201"), "\(whole)")
            // Nothing follows the fields of these.
            let stranger = "cairn_0123456789ab_" + String(repeating: "A", count: 43)
            let unknown = try Self.answer(server.url, key: stranger, length: 1000, body: "")
            #expect(unknown.hasPrefix("HTTP/1.1 401"), "\(unknown)")
            let over = try Self.answer(server.url, key: owner, length: 1000, body: "")
            #expect(over.hasPrefix("HTTP/1.1 429"), "\(over)")
        }
    }

    /// Sends the fields of a request and so much of its body, and returns how the answer begins.
    private static func answer(
        _ url: String,
        key: String,
        length: Int,
        body: String
    ) throws -> String {
        let port = try #require(URLComponents(string: url)?.port)
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var patience = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(
            descriptor,
            SOL_SOCKET,
            SO_RCVTIMEO,
            &patience,
            socklen_t(MemoryLayout<timeval>.size)
        )
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let connected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        try #require(connected == 0)
        let text = """
            POST /v1/events HTTP/1.1\r
            Host: 127.0.0.1\r
            Content-Type: application/json\r
            Authorization: Bearer \(key)\r
            Content-Length: \(length)\r
            \r
            \(body)
            """
        let sent = Array(text.utf8)
        try #require(send(descriptor, sent, sent.count, 0) == sent.count)
        var answer = [UInt8](repeating: 0, count: 4096)
        let count = recv(descriptor, &answer, answer.count, 0)
        return String(decoding: answer[..<max(count, 0)], as: UTF8.self)
    }
}
