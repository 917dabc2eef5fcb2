// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Synchronization

/// A SeaweedFS of the tests' own on loopback, which speaks like S3; it ends with the tests, however
/// they end.
package final class SeaweedServer: Sendable {
    /// Why there is none.
    package struct Absent: Error, CustomStringConvertible {
        /// The reason.
        package let description: String
    }

    /// Who may do what: everything, or read.
    package struct Identity: Sendable {
        /// The public half of a key.
        package let id: String
        /// The secret half.
        package let secret: String

        /// Joins both halves.
        package init(id: String, secret: String) {
            self.id = id
            self.secret = secret
        }
    }

    private static let shared = Mutex<Result<SeaweedServer, Absent>?>(nil)

    /// Whether it is installed, by `scripts/parts`.
    package static let isInstalled = TestPart.path("weed") != nil

    /// The server that all tests of a run share, started when it is first asked for.
    package static func running() throws -> SeaweedServer {
        try shared.withLock { shared in
            if let shared { return try shared.get() }
            let started = Result { try SeaweedServer() }.mapError {
                Absent(description: "\($0)")
            }
            shared = started
            return try started.get()
        }
    }

    /// Who may do everything.
    package static let owner = Identity(id: "OWNEREXAMPLE", secret: "owner-secret-of-tests")
    /// Who may read.
    package static let reader = Identity(id: "READEREXAMPLE", secret: "reader-secret-of-tests")

    private let process: ChildProcess
    /// The port of S3.
    package let port: Int

    /// The address of S3.
    package var endpoint: String { "http://127.0.0.1:\(port)" }

    private static let identities = """
        {"identities": [
          {"name": "owner", "actions": ["Admin", "Read", "List", "Tagging", "Write"],
           "credentials": [{"accessKey": "\(owner.id)", "secretKey": "\(owner.secret)"}]},
          {"name": "reader", "actions": ["Read", "List"],
           "credentials": [{"accessKey": "\(reader.id)", "secretKey": "\(reader.secret)"}]}
        ]}
        """

    /// A shell that looks after the server, and stops it when the tests are gone or it is told to.
    private static let watch = """
        tests=$1; folder=$2; shift 2
        "$@" & server=$!
        trap 'kill -TERM "$server"' TERM
        while kill -0 "$tests" 2>/dev/null && kill -0 "$server" 2>/dev/null; do sleep 0.3; done
        kill -TERM "$server" 2>/dev/null
        for _ in 1 2 3 4 5 6; do kill -0 "$server" 2>/dev/null || break; sleep 0.5; done
        kill -KILL "$server" 2>/dev/null; wait "$server"; rm -rf "$folder"
        """

    /// Starts a server with nothing in it.
    package init() throws {
        guard let program = TestPart.path("weed") else {
            throw Absent(description: "SeaweedFS is not installed")
        }
        let folder = URL(fileURLWithPath: NSTemporaryDirectory())
            .appendingPathComponent("cairn-s3-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let settings = folder.appendingPathComponent("s3.json").path
        try Self.identities.write(toFile: settings, atomically: true, encoding: .utf8)
        let ports = try TestPart.ports(4)
        port = ports[3]
        let arguments = [
            "-logtostderr=true", "server", "-ip=127.0.0.1", "-ip.bind=127.0.0.1",
            "-dir=\(folder.path)", "-master.telemetry=false", "-master.port=\(ports[0])",
            "-volume.port=\(ports[1])", "-filer", "-filer.port=\(ports[2])", "-s3",
            "-s3.port=\(port)", "-s3.config=\(settings)", "-master.volumeSizeLimitMB=64",
            "-volume.max=60",
        ]
        var setting = ChildProcess.Setting(
            "/bin/sh",
            ["-c", Self.watch, "sh", "\(getpid())", folder.path, program] + arguments,
            environment: ["PATH": "/usr/bin:/bin", "HOME": folder.path]
        )
        setting.error = folder.appendingPathComponent("log").path
        process = try ChildProcess(setting)
        for _ in 0..<600 where process.isRunning {
            // It has no rights for strangers, and says so as soon as it can say anything.
            if TestPart.answers(port, "GET / HTTP/1.0\r\n\r\n")?.contains(" 403 ") == true {
                return
            }
            usleep(100_000)
        }
        throw Absent(description: "the server does not get ready")
    }
}

/// Programs that only tests need, which `scripts/parts` installs.
package enum TestPart {
    /// Where a program is, or nil if it is not installed.
    package static func path(_ name: String) -> String? {
        var package = URL(fileURLWithPath: #filePath)
        for _ in 0..<4 { package.deleteLastPathComponent() }
        let folder =
            ProcessInfo.processInfo.environment["CAIRN_PARTS"]
            ?? package.appendingPathComponent(".build/parts-1").path
        let path = folder + "/bin/" + name
        return FileManager.default.isExecutableFile(atPath: path) ? path : nil
    }

    /// Ports of loopback that nobody listens on now, nor on those 10,000 above them.
    package static func ports(_ count: Int) throws -> [Int] {
        var found: [Int] = []
        // Below those that the system gives out by itself; each process begins elsewhere.
        var candidate = 15_000 + Int(getpid()) * 31 % 7_000
        while found.count < count, candidate < 32_000 {
            if isFree(candidate), isFree(candidate + 10_000) { found.append(candidate) }
            candidate += 1
        }
        guard found.count == count else {
            throw SeaweedServer.Absent(description: "there are no free ports")
        }
        return found
    }

    private static func isFree(_ port: Int) -> Bool {
        withSocket(port) { descriptor, address, size in
            // A port that was in use a moment ago is free for who listens, as servers do.
            var yes: Int32 = 1
            setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(4))
            return bind(descriptor, address, size) == 0
        }
    }

    /// The first of what a server on loopback says to a text; nil if nobody is there.
    package static func answers(_ port: Int, _ text: String) -> String? {
        var answer: String?
        _ = withSocket(port) { descriptor, address, size in
            guard connect(descriptor, address, size) == 0 else { return false }
            var limit = timeval(tv_sec: 2, tv_usec: 0)
            let length = socklen_t(MemoryLayout<timeval>.size)
            setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, length)
            let bytes = Array(text.utf8)
            guard send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) > 0 else {
                return false
            }
            var buffer = [UInt8](repeating: 0, count: 512)
            let count = recv(descriptor, &buffer, buffer.count, 0)
            if count > 0 { answer = String(decoding: buffer.prefix(count), as: UTF8.self) }
            return true
        }
        return answer
    }

    private static func withSocket(
        _ port: Int,
        _ body: (Int32, UnsafePointer<sockaddr>, socklen_t) -> Bool
    ) -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        address.sin_port = in_port_t(port).bigEndian
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }
}
