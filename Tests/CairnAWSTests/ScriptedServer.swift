// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization

/// A server on loopback that does to requests what a test says, and passes all others on to another
/// one, if there is one.
///
/// It takes one request a connection, on threads of its own: it must not wait for anything that
/// is under test.
final class ScriptedServer: Sendable {
    /// What becomes of a request.
    enum Fate: Sendable {
        /// It is answered so.
        case answer(Int, String)
        /// Its connection is reset before anything is passed on.
        case reset
        /// It is done, and the answer is lost.
        case swallow
        /// The answer is cut after so many bytes.
        case cut(Int)
        /// Nothing is ever said to it.
        case silence
    }

    /// A request that is meant, how often, and what becomes of it.
    struct Rule: Sendable {
        let text: String
        var times: Int
        let fate: Fate
    }

    private struct State: Sendable {
        var rules: [Rule] = []
        var heads: [String] = []
    }

    private let listener: Int32
    private let upstream: Int?
    private let state = Mutex(State())
    let port: Int

    /// Listens in front of a server on another port.
    init(before upstream: Int? = nil) throws {
        self.upstream = upstream
        // A peer that is gone is told by what `send` returns.
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        self.listener = listener
        var address = ScriptedServer.loopback(0)
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, size) + getsockname(listener, $0, &size)
            }
        }
        guard result == 0, listen(listener, 64) == 0 else { throw CocoaError(.fileNoSuchFile) }
        port = Int(UInt16(bigEndian: address.sin_port))
        Thread.detachNewThread { [self] in
            while true {
                let client = accept(listener, nil, nil)
                guard client >= 0 else { return }
                Thread.detachNewThread { self.serve(client) }
            }
        }
    }

    /// Runs `body` with a server, and stops listening.
    static func with<Result>(
        before upstream: Int? = nil,
        _ body: (ScriptedServer) async throws -> Result
    ) async throws -> Result {
        let server = try ScriptedServer(before: upstream)
        defer { shutdown(server.listener, Int32(SHUT_RDWR)) }
        return try await body(server)
    }

    /// The address.
    var endpoint: String { "http://127.0.0.1:\(port)" }

    /// Says what becomes of the next requests that have a text in their first line.
    func next(_ text: String, times: Int = 1, _ fate: Fate) {
        state.withLock { $0.rules.append(Rule(text: text, times: times, fate: fate)) }
    }

    /// Passes everything on from now on.
    func forget() {
        state.withLock { $0.rules = [] }
    }

    /// The heads of all requests so far that have a text in their first line.
    func heads(_ text: String = "") -> [String] {
        state.withLock { $0.heads }.filter { head in
            text.isEmpty || head.prefix { !$0.isNewline }.contains(text)
        }
    }

    /// How many rules have not come true.
    var left: Int { state.withLock { $0.rules.reduce(0) { $0 + $1.times } } }

    private func fate(_ head: String) -> Fate? {
        let first = head.prefix { !$0.isNewline }
        return state.withLock { state in
            state.heads.append(head)
            let place = state.rules.firstIndex { $0.times > 0 && first.contains($0.text) }
            guard let place else { return nil }
            state.rules[place].times -= 1
            return state.rules[place].fate
        }
    }

    // MARK: Connections

    private func serve(_ client: Int32) {
        defer { close(client) }
        guard let (head, body) = ScriptedServer.request(client) else { return }
        switch fate(head) {
        case .answer(let status, let text):
            let answer =
                "HTTP/1.1 \(status) Said\r\nContent-Length: \(text.utf8.count)\r\n"
                + "Connection: close\r\n\r\n\(text)"
            _ = ScriptedServer.send(Array(answer.utf8), to: client)
        case .reset: ScriptedServer.reset(client)
        case .silence:
            // Until the client has had enough.
            var byte: UInt8 = 0
            _ = recv(client, &byte, 1, 0)
        case .swallow:
            pass(head, body, to: client, limit: 0)
            ScriptedServer.reset(client)
        case .cut(let count):
            pass(head, body, to: client, limit: count)
            // What was sent must get there before the end does.
            usleep(50_000)
            ScriptedServer.reset(client)
        case nil: pass(head, body, to: client, limit: .max)
        }
    }

    private func pass(_ head: String, _ body: [UInt8], to client: Int32, limit: Int) {
        guard let upstream else { return }
        let server = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(server) }
        var address = ScriptedServer.loopback(upstream)
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(server, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else { return }
        let lines = head.split(separator: "\r\n").filter {
            !$0.lowercased().hasPrefix("connection:")
        }
        let text = lines.joined(separator: "\r\n") + "\r\nConnection: close\r\n\r\n"
        guard ScriptedServer.send(Array(text.utf8) + body, to: server) else { return }
        var (buffer, left) = ([UInt8](repeating: 0, count: 1 << 16), limit)
        while true {
            let count = recv(server, &buffer, buffer.count, 0)
            guard count > 0 else { return }
            let part = buffer.prefix(min(count, left))
            left -= part.count
            guard part.isEmpty || ScriptedServer.send(Array(part), to: client) else { return }
            // What is lost is read to its end all the same, so that it is done.
            if left == 0, limit > 0 { return }
        }
    }

    private static func request(_ client: Int32) -> (head: String, body: [UInt8])? {
        var (bytes, buffer) = ([UInt8](), [UInt8](repeating: 0, count: 1 << 16))
        let end = Array("\r\n\r\n".utf8)
        while true {
            if let place = bytes.firstRange(of: end) {
                let head = String(decoding: bytes[..<place.lowerBound], as: UTF8.self)
                var body = Array(bytes[place.upperBound...])
                let length = head.split(separator: "\r\n").first {
                    $0.lowercased().hasPrefix("content-length:")
                }
                let count = length?.split(separator: ":").last.flatMap {
                    Int($0.filter { $0 != " " })
                }
                while body.count < count ?? 0 {
                    let more = recv(client, &buffer, buffer.count, 0)
                    guard more > 0 else { return nil }
                    body += buffer.prefix(more)
                }
                return (head, body)
            }
            let count = recv(client, &buffer, buffer.count, 0)
            guard count > 0 else { return nil }
            bytes += buffer.prefix(count)
        }
    }

    private static func send(_ bytes: [UInt8], to socket: Int32) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                Foundation.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }

    private static func reset(_ socket: Int32) {
        var now = linger(l_onoff: 1, l_linger: 0)
        setsockopt(socket, SOL_SOCKET, SO_LINGER, &now, socklen_t(MemoryLayout<linger>.size))
    }

    private static func loopback(_ port: Int) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        address.sin_port = in_port_t(port).bigEndian
        return address
    }
}
