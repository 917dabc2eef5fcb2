// SPDX-License-Identifier: Apache-2.0
import CairnTesting
import Foundation

/// How a command ended.
struct CommandRun {
    let status: Int32
    let output: String
    let error: String

    /// The lines of standard output.
    var lines: [String] {
        output.split(separator: "\n").map(String.init)
    }

    /// Standard output as one JSON value.
    func json() throws -> [String: Any] {
        let object = try JSONSerialization.jsonObject(with: Data(output.utf8))
        guard let object = object as? [String: Any] else { throw Unexpected("not an object") }
        return object
    }
}

/// What a test did not expect.
struct Unexpected: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}

/// The real binary, as it was built with the tests.
enum CairnBinary {
    /// Where it is: beside the tests.
    static var url: URL {
        let besides = [CommandLine.arguments[0], "/proc/self/exe"]
            .map { URL(fileURLWithPath: $0).resolvingSymlinksInPath() }
            .map { $0.deletingLastPathComponent().appendingPathComponent("cairn") }
        let built = repository.appendingPathComponent(".build/debug/cairn")
        return (besides + [built])
            .first { FileManager.default.isExecutableFile(atPath: $0.path) } ?? built
    }

    /// The folder of the package.
    static var repository: URL {
        URL(fileURLWithPath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
    }

    /// A file of the package as text.
    static func text(_ path: String) throws -> String {
        try String(contentsOf: repository.appendingPathComponent(path), encoding: .utf8)
    }

    /// Starts the binary; its outputs go to files.
    static func start(
        _ arguments: [String],
        input: URL? = nil,
        output: URL,
        error: URL,
        environment: [String: String] = [:]
    ) throws -> ChildProcess {
        // Nothing of the machine that runs the tests may get in.
        var setting = ChildProcess.Setting(
            url.path,
            arguments,
            environment: [
                "PATH": "/usr/bin:/bin", "SWIFT_BACKTRACE": "enable=no",
                "LD_LIBRARY_PATH": ProcessInfo.processInfo.environment["LD_LIBRARY_PATH"] ?? "",
            ].merging(environment) { _, own in own }
        )
        if let input { setting.input = input.path }
        (setting.output, setting.error) = (output.path, error.path)
        return try ChildProcess(setting)
    }

    /// Runs a command to its end.
    static func run(
        _ arguments: String...,
        environment: [String: String] = [:]
    ) async throws -> CommandRun {
        try await run(arguments, environment: environment)
    }

    /// Runs a command to its end, with a text as standard input.
    static func run(
        _ arguments: [String],
        input: String? = nil,
        environment: [String: String] = [:]
    ) async throws -> CommandRun {
        try await withTemporaryFolder { folder in
            let output = folder.appendingPathComponent("output")
            let error = folder.appendingPathComponent("error")
            let file = folder.appendingPathComponent("input")
            if let input { try Data(input.utf8).write(to: file) }
            let process = try start(
                arguments,
                input: input.map { _ in file },
                output: output,
                error: error,
                environment: environment
            )
            return CommandRun(
                status: await process.end(),
                output: try String(contentsOf: output, encoding: .utf8),
                error: try String(contentsOf: error, encoding: .utf8)
            )
        }
    }
}

/// Gives a folder of its own to `body` and removes it afterwards.
func withTemporaryFolder<Value>(_ body: (URL) async throws -> Value) async throws -> Value {
    let folder = FileManager.default.temporaryDirectory
        .appendingPathComponent("cairn-e2e-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try await body(folder)
}
