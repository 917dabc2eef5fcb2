// SPDX-License-Identifier: Apache-2.0
import Foundation

/// A connection whose every byte is the test's own.
final class RawConnection {
    /// What came, and whether the server has closed.
    struct Received {
        var bytes: [UInt8] = []
        var isClosed = false

        var text: String { String(decoding: bytes, as: UTF8.self) }

        /// The status of each answer, in order.
        var statuses: [Int] {
            text.matches(of: #/HTTP/1\.[01] ([0-9]{3}) /#).compactMap { Int($0.output.1) }
        }
    }

    private let descriptor: Int32

    /// Connects to a server's address on loopback.
    init(to url: String) throws {
        guard let port = URL(string: url)?.port else { throw Unexpected("no port in \(url)") }
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, size)
            }
        }
        guard result == 0 else {
            close(descriptor)
            throw Unexpected("cannot connect to \(url)")
        }
        _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
    }

    /// Takes a socket that is connected.
    fileprivate init(descriptor: Int32) {
        self.descriptor = descriptor
        _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
    }

    deinit {
        close(descriptor)
    }

    /// Sends bytes; returns false when the server takes no more.
    @discardableResult
    func send(_ bytes: [UInt8]) async throws -> Bool {
        var rest = bytes[...]
        for _ in 0..<150 {
            let sent = rest.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if sent < 0, errno != EAGAIN { return false }
            rest = rest.dropFirst(max(0, sent))
            if rest.isEmpty { return true }
            if sent < 0 { try await Task.sleep(for: .milliseconds(10)) }
        }
        return false
    }

    /// Sends a text.
    @discardableResult
    func send(_ text: String) async throws -> Bool {
        try await send(Array(text.utf8))
    }

    /// Says that nothing follows.
    func finish() {
        shutdown(descriptor, Int32(SHUT_WR))
    }

    /// What comes until the server closes, the time is over, or `isEnough`.
    func receive(
        seconds: Double,
        until isEnough: (Received) -> Bool = { _ in false }
    ) async throws -> Received {
        var received = Received()
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let end = ContinuousClock.now + .seconds(seconds)
        while ContinuousClock.now < end, !isEnough(received) {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            if count > 0 {
                received.bytes += buffer[..<count]
            } else if count < 0, errno == EAGAIN {
                try await Task.sleep(for: .milliseconds(10))
            } else {
                received.isClosed = true
                break
            }
        }
        return received
    }
}

/// A port on loopback whose every answer is the test's own.
final class RawListener {
    /// The port, which the system chose.
    let port: Int
    private let descriptor: Int32

    init() throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = descriptor
        let result = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, size) + listen(descriptor, 8)
                    + getsockname(descriptor, $0, &size)
            }
        }
        guard result == 0 else { throw Unexpected("no port to listen on") }
        port = Int(in_port_t(bigEndian: address.sin_port))
        _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
    }

    /// The next connection.
    func accept() async throws -> RawConnection {
        for _ in 0..<500 {
            let accepted = Glibc.accept(descriptor, nil, nil)
            if accepted >= 0 { return RawConnection(descriptor: accepted) }
            try await Task.sleep(for: .milliseconds(10))
        }
        throw Unexpected("nobody connected")
    }

    deinit {
        close(descriptor)
    }
}
