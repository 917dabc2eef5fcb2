// SPDX-License-Identifier: Apache-2.0
import CairnTesting
import Foundation

/// A program that is not ours.
struct Tool {
    let path: String

    static let openssl = Tool(path: "/usr/bin/openssl")
    static let curl = Tool(path: "/usr/bin/curl")

    /// Whether it is there.
    var isThere: Bool { FileManager.default.isExecutableFile(atPath: path) }

    /// Runs it to its end, with a text as standard input.
    func run(_ arguments: [String], input: String = "") async throws -> CommandRun {
        try await withTemporaryFolder { folder in
            let files = ["input", "output", "error"].map(folder.appendingPathComponent)
            try Data(input.utf8).write(to: files[0])
            for file in files[1...] { try Data().write(to: file) }
            var setting = ChildProcess.Setting(
                path,
                arguments,
                environment: ["PATH": "/usr/bin:/bin"]
            )
            (setting.input, setting.output) = (files[0].path, files[1].path)
            setting.error = files[2].path
            let process = try ChildProcess(setting)
            return CommandRun(
                status: await process.end(),
                output: String(decoding: try Data(contentsOf: files[1]), as: UTF8.self),
                error: String(decoding: try Data(contentsOf: files[2]), as: UTF8.self)
            )
        }
    }
}

/// A certificate for loopback that signs itself, and its private key, in files.
struct TestCertificate {
    let certificate: URL
    let key: URL

    /// Makes both under a name of their own.
    init(_ name: String, in folder: URL, rsa: Bool = false) async throws {
        certificate = folder.appendingPathComponent("\(name).pem")
        key = folder.appendingPathComponent("\(name).key")
        let kind = rsa ? ["rsa:2048"] : ["ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
        let run = try await Tool.openssl.run(
            ["req", "-x509", "-nodes", "-days", "2", "-newkey"] + kind + [
                "-keyout", key.path, "-out", certificate.path, "-subj", "/CN=\(name)",
                "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost",
            ]
        )
        guard run.status == 0 else { throw Unexpected("no certificate: \(run.error)") }
    }

    /// The options of a server that shows it.
    var arguments: [String] {
        ["--tls-certificate", certificate.path, "--tls-private-key", key.path]
    }

    /// Puts the files of another in place of these.
    func become(_ other: TestCertificate) throws {
        try Data(contentsOf: other.certificate).write(to: certificate)
        try Data(contentsOf: other.key).write(to: key)
    }
}

/// A connection over TLS that stays open, by a program that is not ours.
final class OpenTLSConnection {
    private let process: ChildProcess
    private let input: FileHandle
    private let output = FileManager.default.temporaryDirectory
        .appendingPathComponent("cairn-tls-\(UUID().uuidString)")

    init(to url: String, options: [String] = []) throws {
        try Data().write(to: output)
        var setting = ChildProcess.Setting(
            Tool.openssl.path,
            ["s_client", "-quiet", "-connect", String(url.dropFirst("https://".count))] + options,
            environment: [:]
        )
        // A pipe with a name, open at both ends here, so that neither side waits for the other.
        setting.input = output.path + ".in"
        guard mkfifo(setting.input, 0o600) == 0,
            let input = FileHandle(forUpdatingAtPath: setting.input)
        else { throw Unexpected("\(setting.input) cannot be made") }
        self.input = input
        setting.output = output.path
        process = try ChildProcess(setting)
    }

    /// Sends a text and returns how many answers there are once there is one more.
    func answers(after text: String) async throws -> Int {
        func count() throws -> Int {
            let text = String(decoding: try Data(contentsOf: output), as: UTF8.self)
            return text.matches(of: #/HTTP/1\.1 200/#).count
        }
        let before = try count()
        try input.write(contentsOf: Data(text.utf8))
        for _ in 0..<200 where try count() == before {
            try await Task.sleep(for: .milliseconds(25))
        }
        return try count()
    }

    /// Sends bytes, if it still runs.
    func send(_ bytes: [UInt8]) throws {
        guard process.isRunning else { return }
        try input.write(contentsOf: Data(bytes))
    }

    /// Whether the other side ends it in time.
    func ends(within seconds: Int) async throws -> Bool {
        for _ in 0..<seconds * 20 where process.isRunning {
            try await Task.sleep(for: .milliseconds(50))
        }
        return !process.isRunning
    }

    func close() {
        process.signal(SIGTERM)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: output.path + ".in")
        try? FileManager.default.removeItem(at: output)
    }
}
