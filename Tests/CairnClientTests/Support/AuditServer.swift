// SPDX-License-Identifier: Apache-2.0

import CairnTesting
import Foundation
import Testing

/// A server of the real binary on loopback, which can be killed and started anew at one address.
final class AuditServer: Sendable {
    /// The address, without a slash at its end.
    let url: String
    private let process: ChildProcess

    /// Starts a server on a store and waits until it listens.
    init(_ store: URL, port: Int = 0, isOpen: Bool = true) async throws {
        let log = store.deletingLastPathComponent()
            .appendingPathComponent("\(UUID().uuidString).log")
        process = try BuiltProgram.start(
            "cairn",
            ["serve", "--port", "\(port)", "--data", store.path] + (isOpen ? ["--no-auth"] : []),
            error: log.path
        )
        var found: String?
        for _ in 0..<1200 where found == nil && process.isRunning {
            try await Task.sleep(for: .milliseconds(25))
            let text = (try? String(contentsOf: log, encoding: .utf8)) ?? ""
            found =
                text.split(separator: "\n").lazy
                .filter { $0.hasPrefix("listening on ") }
                .map { String($0.dropFirst("listening on ".count)) }.first
        }
        url = try #require(found, "the server does not listen")
    }

    /// Its port.
    var port: Int { url.split(separator: ":").last.flatMap { Int($0) } ?? 0 }

    /// Ends it as a crash does.
    func kill() async {
        process.signal(SIGKILL)
        _ = await process.end()
    }

    /// Ends it in order.
    func stop() async {
        process.signal(SIGTERM)
        _ = await process.end()
    }
}

/// Gives a folder of its own to `body` and removes it afterwards.
func withTemporaryFolder<Value>(_ body: (URL) async throws -> Value) async throws -> Value {
    let folder = FileManager.default.temporaryDirectory
        .appendingPathComponent("cairn-client-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try await body(folder)
}

/// Runs a server on a store of its own for as long as `body` takes.
func withAuditServer(_ body: (AuditServer, URL) async throws -> Void) async throws {
    try await withTemporaryFolder { folder in
        let server = try await AuditServer(folder.appendingPathComponent("data"))
        do {
            try await body(server, folder)
        } catch {
            await server.kill()
            throw error
        }
        await server.kill()
    }
}
