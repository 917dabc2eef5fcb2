// SPDX-License-Identifier: Apache-2.0
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

    /// A process of the binary whose outputs go to files.
    static func process(
        _ arguments: [String],
        output: URL,
        error: URL,
        environment: [String: String] = [:]
    ) throws -> Process {
        let process = Process()
        process.executableURL = url
        process.arguments = arguments
        // Nothing of the machine that runs the tests may get in.
        process.environment = [
            "PATH": "/usr/bin:/bin", "SWIFT_BACKTRACE": "enable=no",
            "LD_LIBRARY_PATH": ProcessInfo.processInfo.environment["LD_LIBRARY_PATH"] ?? "",
        ].merging(environment) { _, own in own }
        for file in [output, error] {
            guard FileManager.default.createFile(atPath: file.path, contents: nil) else {
                throw Unexpected("\(file.path) cannot be made")
            }
        }
        process.standardOutput = try FileHandle(forWritingTo: output)
        process.standardError = try FileHandle(forWritingTo: error)
        process.standardInput = FileHandle.nullDevice
        return process
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
            let process = try process(
                arguments,
                output: output,
                error: error,
                environment: environment
            )
            if let input {
                let file = folder.appendingPathComponent("input")
                try Data(input.utf8).write(to: file)
                process.standardInput = try FileHandle(forReadingFrom: file)
            }
            try await process.runToEnd()
            return CommandRun(
                status: process.terminationStatus,
                output: try String(contentsOf: output, encoding: .utf8),
                error: try String(contentsOf: error, encoding: .utf8)
            )
        }
    }
}

extension Process {
    /// Foundation's own bookkeeping of processes does not bear two starts at once.
    private static let starting = NSLock()

    /// Starts the process, one at a time.
    func start() throws {
        Process.starting.lock()
        defer { Process.starting.unlock() }
        try run()
    }

    /// Starts the process and waits for its end, on no thread of the test's own; one that does not
    /// end within two minutes is killed.
    func runToEnd() async throws {
        let (ended, end) = AsyncStream<Void>.makeStream()
        terminationHandler = { _ in end.finish() }
        try start()
        let id = processIdentifier
        let watch = Task {
            try await Task.sleep(for: .seconds(120))
            kill(id, SIGKILL)
        }
        for await _ in ended {}
        watch.cancel()
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
