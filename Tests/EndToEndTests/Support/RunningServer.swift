// SPDX-License-Identifier: Apache-2.0
import CairnTesting
import Foundation
import FoundationNetworking

/// A server of the real binary on loopback, on a port that the system chose.
final class RunningServer {
    /// The address, without a slash at its end.
    let url: String
    private let process: ChildProcess
    private let errorFile: URL

    /// Starts a server on a store and waits until it listens.
    init(
        _ store: URL,
        isOpen: Bool = true,
        arguments: [String] = [],
        environment: [String: String] = [:]
    ) async throws {
        let folder = store.deletingLastPathComponent()
        let name = UUID().uuidString
        errorFile = folder.appendingPathComponent("\(name).error")
        process = try CairnBinary.start(
            ["serve", "--port", "0", "--data", store.path] + (isOpen ? ["--no-auth"] : [])
                + arguments,
            output: folder.appendingPathComponent("\(name).output"),
            error: errorFile,
            environment: environment
        )
        var found: String?
        for _ in 0..<600 where found == nil && process.isRunning {
            try await Task.sleep(for: .milliseconds(50))
            found = RunningServer.address(in: errorFile)
        }
        guard let found else {
            process.signal(SIGTERM)
            let log = try? String(contentsOf: errorFile, encoding: .utf8)
            throw Unexpected("the server does not listen: \(log ?? "")")
        }
        url = found
    }

    private static func address(in file: URL) -> String? {
        guard let text = try? String(contentsOf: file, encoding: .utf8) else { return nil }
        return text.split(separator: "\n").lazy
            .filter { $0.hasPrefix("listening on ") }
            .map { String($0.dropFirst("listening on ".count)) }.first
    }

    /// What it wrote to standard error.
    var log: String { (try? String(contentsOf: errorFile, encoding: .utf8)) ?? "" }

    /// Sends a signal to this process alone.
    func signal(_ signal: Int32) {
        process.signal(signal)
    }

    /// Waits for the end and returns the exit code.
    func end() async -> Int32 {
        await process.end()
    }

    /// Stops it gracefully and returns the exit code.
    func stop() async -> Int32 {
        signal(SIGTERM)
        return await end()
    }
}

/// Runs a server on a store of its own for as long as `body` takes.
func withServer(
    isOpen: Bool = true,
    arguments: [String] = [],
    _ body: (_ server: RunningServer, _ store: URL) async throws -> Void
) async throws {
    try await withTemporaryFolder { folder in
        let store = folder.appendingPathComponent("data")
        let server = try await RunningServer(store, isOpen: isOpen, arguments: arguments)
        do {
            try await body(server, store)
        } catch {
            _ = await server.stop()
            throw error
        }
        _ = await server.stop()
    }
}

/// An answer over HTTP.
struct Answer {
    let status: Int
    let body: String

    /// The body as a JSON object.
    func json() throws -> [String: Any] {
        let object = try JSONSerialization.jsonObject(with: Data(body.utf8))
        guard let object = object as? [String: Any] else { throw Unexpected("not an object") }
        return object
    }
}

/// Speaks HTTP as a stranger's client would.
enum HTTP {
    static func get(_ url: String) async throws -> Answer {
        try await send(URLRequest(url: parsed(url)))
    }

    static func post(_ url: String, json: String) async throws -> Answer {
        var request = URLRequest(url: try parsed(url))
        request.httpMethod = "POST"
        request.setValue("application/json", forHTTPHeaderField: "Content-Type")
        request.httpBody = Data(json.utf8)
        return try await send(request)
    }

    private static func parsed(_ url: String) throws -> URL {
        guard let parsed = URL(string: url) else { throw Unexpected("not an address: \(url)") }
        return parsed
    }

    private static func send(_ request: URLRequest) async throws -> Answer {
        let (data, response) = try await URLSession.shared.data(for: request)
        guard let response = response as? HTTPURLResponse else { throw Unexpected("no answer") }
        return Answer(
            status: response.statusCode,
            body: String(decoding: data, as: UTF8.self)
        )
    }
}
