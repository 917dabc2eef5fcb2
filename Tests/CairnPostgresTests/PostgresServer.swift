// SPDX-License-Identifier: Apache-2.0

import CairnLedger
import CairnTesting
import Foundation
import Synchronization
import Testing

@testable import CairnPostgres

/// A PostgreSQL server of the tests' own on loopback, started when it is first asked for; it ends
/// with the tests.
final class PostgresServer: Sendable {
    /// Why there is none.
    struct Absent: Error, CustomStringConvertible {
        let description: String
    }

    private static let shared = Mutex<Result<PostgresServer, Absent>?>(nil)

    /// The programs of the version that `CAIRN_POSTGRES` names by its folder, or of the newest that is
    /// installed; nil if none is.
    static let programs: String? = {
        if let named = ProcessInfo.processInfo.environment["CAIRN_POSTGRES"] { return named }
        let root = "/usr/lib/postgresql"
        let versions = (try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []
        return versions.compactMap { Int($0) }.max().map { "\(root)/\($0)/bin" }
    }()

    /// Whether the server can tell how it answers.
    static var explains: Bool {
        guard let programs else { return false }
        let folder = URL(fileURLWithPath: programs).deletingLastPathComponent()
        return FileManager.default.fileExists(
            atPath: folder.appendingPathComponent("lib/auto_explain.so").path
        )
    }

    private let process: ChildProcess
    private let folder: URL
    private let port: Int
    private let databases = Mutex(0)

    /// The server of this run.
    static func running() throws -> PostgresServer {
        try shared.withLock { shared in
            if let shared { return try shared.get() }
            let started = Result { try PostgresServer() }.mapError {
                Absent(description: "\($0)")
            }
            shared = started
            return try started.get()
        }
    }

    private init() throws {
        guard let programs = Self.programs else {
            throw Absent(description: "there is no PostgreSQL")
        }
        folder = URL(fileURLWithPath: NSTemporaryDirectory())
            .appendingPathComponent("cairn-pg-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        // It refuses to run as root.
        let isRoot = getuid() == 0
        if isRoot { _ = try Self.run("/bin/chown", ["postgres", folder.path], in: folder) }
        let user = isRoot ? Self.asPostgres : []
        let data = folder.appendingPathComponent("data").path
        let make =
            user + [
                "\(programs)/initdb", "-D", data, "-U", "postgres", "-A", "trust", "--no-sync",
                "-E",
                "UTF8", "--locale=C.UTF-8",
            ]
        _ = try Self.run(make[0], Array(make[1...]), in: folder)
        port = try Self.freePort()
        let serve =
            user + [
                "\(programs)/postgres", "-D", data, "-p", "\(port)", "-c",
                "listen_addresses=127.0.0.1",
                "-c", "unix_socket_directories=\(folder.path)", "-c", "max_connections=200",
            ]
        // A shell looks after it, and stops it when the tests are gone, however they went.
        process = try Self.start(
            "/bin/sh",
            ["-c", Self.watch, "sh", "\(getpid())", folder.path] + serve,
            in: folder
        )
        for _ in 0..<200 {
            let ready = try Self.run(
                "\(programs)/pg_isready",
                ["-h", "127.0.0.1", "-p", "\(port)", "-q"],
                in: folder,
                mayFail: true
            )
            if ready == 0 { return }
            usleep(50_000)
        }
        throw Absent(description: "the server does not get ready")
    }

    private static let asPostgres = [
        "/usr/bin/setpriv", "--reuid", "postgres", "--regid", "postgres", "--init-groups", "--",
    ]

    private static let watch = """
        tests=$1; folder=$2; shift 2
        "$@" & server=$!
        while kill -0 "$tests" 2>/dev/null && kill -0 "$server" 2>/dev/null; do sleep 0.3; done
        kill -INT "$server"; wait "$server"; rm -rf "$folder"
        """

    /// Makes an empty database and returns its URL.
    func database() throws -> String {
        let name = databases.withLock { number in
            number += 1
            return "cairn_\(number)"
        }
        _ = try Self.run(
            "\(Self.programs ?? "")/createdb",
            ["-h", "127.0.0.1", "-p", "\(port)", "-U", "postgres", name],
            in: folder
        )
        return "postgresql://postgres@127.0.0.1:\(port)/\(name)"
    }

    /// The URL of a database for another role than its owner.
    static func url(_ url: String, as role: String) -> String {
        url.replacing("//postgres@", with: "//\(role)@")
    }

    private static func start(
        _ program: String,
        _ arguments: [String],
        in folder: URL
    ) throws -> ChildProcess {
        var setting = ChildProcess.Setting(
            program,
            arguments,
            environment: ["PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"]
        )
        let log = NSTemporaryDirectory() + "/cairn-pg-\(UUID().uuidString.prefix(8)).log"
        (setting.output, setting.error) = (log, log)
        defer { try? FileManager.default.removeItem(atPath: log) }
        return try ChildProcess(setting)
    }

    private static func run(
        _ program: String,
        _ arguments: [String],
        in folder: URL,
        mayFail: Bool = false
    ) throws -> Int32 {
        let code = try start(program, arguments, in: folder).waitUntilEnd()
        guard code == 0 || mayFail else {
            throw Absent(description: "\(program) ended with \(code)")
        }
        return code
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
}

/// Runs `body` with a store in an empty database of its own.
func withPostgresStore(
    connections: Int = 4,
    _ body: (PostgresStore) async throws -> Void
) async throws {
    var options = PostgresStore.Options()
    options.connections = connections
    let store = PostgresStore(try PostgresServer.running().database(), options)
    do {
        try await store.migrate()
        try await body(store)
    } catch {
        await store.close()
        throw error
    }
    await store.close()
}

extension PostgresStore {
    /// Runs statements as the owner of the tables, on a connection of their own.
    func run(_ statements: String) async throws {
        try await pool.use(isWrite: true) { connection in
            defer { connection.close() }
            try connection.runScript(statements)
        }
    }

    /// Ends all other connections to the database.
    func cutEverybodyElse() async throws {
        try await run(
            """
            SELECT pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE datname = current_database() AND pid <> pg_backend_pid()
            """
        )
    }
}
