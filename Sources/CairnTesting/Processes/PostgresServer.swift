// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Synchronization

/// A PostgreSQL server of the tests' own on loopback; it ends with the tests, however they end.
package final class PostgresServer: Sendable {
    /// Why there is none.
    package struct Absent: Error, CustomStringConvertible {
        /// The reason.
        package let description: String
    }

    private static let shared = Mutex<Result<PostgresServer, Absent>?>(nil)

    /// The programs of the version that `CAIRN_POSTGRES` names by its folder, or of the newest that is
    /// installed; nil if none is.
    package static let programs: String? = {
        if let named = ProcessInfo.processInfo.environment["CAIRN_POSTGRES"] { return named }
        let root = "/usr/lib/postgresql"
        let versions = (try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []
        return versions.compactMap { Int($0) }.max().map { "\(root)/\($0)/bin" }
    }()

    /// Whether the server can tell how it answers.
    package static var explains: Bool {
        guard let programs else { return false }
        let folder = URL(fileURLWithPath: programs).deletingLastPathComponent()
        return FileManager.default.fileExists(
            atPath: folder.appendingPathComponent("lib/auto_explain.so").path
        )
    }

    /// The server that all tests of a run share, started when it is first asked for.
    package static func running() throws -> PostgresServer {
        try shared.withLock { shared in
            if let shared { return try shared.get() }
            let started = Result { try PostgresServer() }.mapError {
                Absent(description: "\($0)")
            }
            shared = started
            return try started.get()
        }
    }

    private let process: ChildProcess
    private let folder: URL
    private let port: Int
    private let databases = Mutex(0)

    /// Starts a server of its own: an empty one, or a standby that follows another.
    package init(following primary: PostgresServer? = nil) throws {
        guard let programs = Self.programs else {
            throw Absent(description: "there is no PostgreSQL")
        }
        folder = try Self.makeFolder()
        let data = folder.appendingPathComponent("data").path
        let make: [String]
        if let primary {
            make = [
                "\(programs)/pg_basebackup", "-D", data, "-h", "127.0.0.1", "-p",
                "\(primary.port)", "-U", "postgres", "-c", "fast", "-X", "stream", "-R",
            ]
        } else {
            make = [
                "\(programs)/initdb", "-D", data, "-U", "postgres", "-A", "trust", "--no-sync",
                "-E", "UTF8", "--locale=C.UTF-8",
            ]
        }
        try Self.run(Self.asPostgres + make, in: folder)
        port = try Self.freePort()
        let serve = [
            "\(programs)/postgres", "-D", data, "-p", "\(port)", "-c",
            "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=\(folder.path)", "-c",
            "max_connections=200",
        ]
        process = try Self.watched(Self.asPostgres + serve, in: folder)
        for _ in 0..<200 {
            let ready = try Self.start(
                ["\(programs)/pg_isready", "-h", "127.0.0.1", "-p", "\(port)", "-q"],
                in: folder
            )
            if ready.waitUntilEnd() == 0 { return }
            usleep(50_000)
        }
        throw Absent(description: "the server does not get ready")
    }

    /// Makes an empty database, or one like another to which nobody is connected, and returns its
    /// URL.
    package func database(like other: String? = nil) throws -> String {
        let name = databases.withLock { number in
            number += 1
            return "cairn_\(number)"
        }
        let make = "\(Self.programs ?? "")/createdb"
        let template = other?.split(separator: "/").last.map { ["-T", String($0)] } ?? []
        try Self.run(
            [make, "-h", "127.0.0.1", "-p", "\(port)", "-U", "postgres"] + template + [name],
            in: folder
        )
        return "postgresql://postgres@127.0.0.1:\(port)/\(name)"
    }

    /// The URL of a database of another server on this one.
    package func url(_ url: String) -> String {
        "postgresql://postgres@127.0.0.1:\(port)/\(url.split(separator: "/").last ?? "")"
    }

    /// The URL of a database for another role than its owner.
    package static func url(_ url: String, as role: String) -> String {
        url.replacing("//postgres@", with: "//\(role)@")
    }

    /// Stops the server and waits until it has ended.
    package func stop() {
        process.signal(SIGTERM)
        _ = process.waitUntilEnd()
    }

    /// Lets none of its processes go on until it is resumed.
    package func pause() throws {
        try signalAll("STOP")
    }

    /// Lets all its processes go on.
    package func resume() throws {
        try signalAll("CONT")
    }

    private func signalAll(_ signal: String) throws {
        let file = folder.appendingPathComponent("data/postmaster.pid").path
        let script = "p=$(head -n 1 '\(file)'); kill -\(signal) $p $(ps -o pid= --ppid $p)"
        try Self.run(Self.asPostgres + ["/bin/sh", "-c", script], in: folder)
    }

    // MARK: Programs

    /// PostgreSQL refuses to run as root.
    private static var asPostgres: [String] {
        guard getuid() == 0 else { return [] }
        return [
            "/usr/bin/setpriv", "--reuid", "postgres", "--regid", "postgres", "--init-groups",
            "--",
        ]
    }

    /// A folder that PostgreSQL may write in.
    private static func makeFolder() throws -> URL {
        let folder = URL(fileURLWithPath: NSTemporaryDirectory())
            .appendingPathComponent("cairn-pg-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        if getuid() == 0 { try run(["/bin/chown", "postgres", folder.path], in: folder) }
        return folder
    }

    /// A shell that looks after a program, and stops it when the tests are gone or it is told to.
    private static let watch = """
        tests=$1; folder=$2; shift 2
        "$@" & server=$!
        trap 'kill -INT "$server"' TERM
        while kill -0 "$tests" 2>/dev/null && kill -0 "$server" 2>/dev/null; do sleep 0.3; done
        kill -INT "$server" 2>/dev/null; wait "$server"; rm -rf "$folder"
        """

    private static func watched(_ command: [String], in folder: URL) throws -> ChildProcess {
        try start(["/bin/sh", "-c", watch, "sh", "\(getpid())", folder.path] + command, in: folder)
    }

    private static func start(_ command: [String], in folder: URL) throws -> ChildProcess {
        var setting = ChildProcess.Setting(
            command[0],
            Array(command[1...]),
            environment: ["PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"]
        )
        let log = NSTemporaryDirectory() + "/cairn-pg-\(UUID().uuidString.prefix(8)).log"
        (setting.output, setting.error) = (log, log)
        defer { try? FileManager.default.removeItem(atPath: log) }
        return try ChildProcess(setting)
    }

    private static func run(_ command: [String], in folder: URL) throws {
        let code = try start(command, in: folder).waitUntilEnd()
        guard code == 0 else { throw Absent(description: "\(command) ended with \(code)") }
    }

    /// A port of loopback that nobody listens on now.
    private static func freePort() throws -> Int {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, size) + getsockname(descriptor, $0, &size)
            }
        }
        guard result == 0 else { throw Absent(description: "there is no free port") }
        return Int(UInt16(bigEndian: address.sin_port))
    }

    // MARK: A pooler

    /// A PgBouncer in front of a server, which gives each transaction whatever connection is free.
    package final class Pooler: Sendable {
        private static let program = "/usr/sbin/pgbouncer"

        /// Whether there is one.
        package static var isInstalled: Bool {
            FileManager.default.isExecutableFile(atPath: program)
        }

        private let process: ChildProcess
        private let port: Int

        /// Starts one with two connections to each database.
        package init(of server: PostgresServer) throws {
            let folder = try PostgresServer.makeFolder()
            port = try PostgresServer.freePort()
            let settings = """
                [databases]
                * = host=127.0.0.1 port=\(server.port)
                [pgbouncer]
                listen_addr = 127.0.0.1
                listen_port = \(port)
                unix_socket_dir =
                auth_type = trust
                auth_file = \(folder.path)/users
                pool_mode = transaction
                default_pool_size = 2
                """
            let file = folder.appendingPathComponent("pgbouncer.ini")
            try settings.write(to: file, atomically: true, encoding: .utf8)
            try "\"postgres\" \"\"\n".write(
                to: folder.appendingPathComponent("users"),
                atomically: true,
                encoding: .utf8
            )
            process = try PostgresServer.watched(
                PostgresServer.asPostgres + [Self.program, file.path],
                in: folder
            )
            usleep(500_000)
        }

        /// The URL of a database of the server by way of the pooler.
        package func url(_ url: String) -> String {
            "postgresql://postgres@127.0.0.1:\(port)/\(url.split(separator: "/").last ?? "")"
        }

        /// Stops it.
        package func stop() {
            process.signal(SIGTERM)
            _ = process.waitUntilEnd()
        }
    }
}
