// SPDX-License-Identifier: Apache-2.0
import CairnTesting
import Foundation
import Testing

@Suite(
    "A server with a certificate",
    .serialized,
    .enabled(if: Tool.openssl.isThere && Tool.curl.isThere, "needs openssl and curl")
)
struct TLSTests {
    /// What curl says of an address: what came, and the version, status and header fields.
    private func curl(_ arguments: [String], trusting file: URL) async throws -> CommandRun {
        try await Tool.curl.run(
            [
                "-sSi", "--max-time", "10", "--cacert", file.path, "-w",
                "\nversion=%{http_version}\n",
            ]
                + arguments
        )
    }

    /// The name in the certificate that a server shows; nil for a handshake that fails.
    private func shownName(_ server: RunningServer) async throws -> String? {
        let run = try await Tool.openssl.run([
            "s_client", "-connect", String(server.url.dropFirst("https://".count)),
        ])
        let match = run.output.firstMatch(of: /subject=CN ?= ?([a-z]+)/)
        return match.map { String($0.output.1) }
    }

    /// Waits until the log of a server holds a text.
    private func log(of server: RunningServer, has text: String) async throws -> Bool {
        for _ in 0..<200 where !server.log.contains(text) {
            try await Task.sleep(for: .milliseconds(25))
        }
        return server.log.contains(text)
    }

    @Test("It speaks HTTP/2 and HTTP/1.1 over TLS, and nothing in the clear")
    func versions() async throws {
        try await withTemporaryFolder { folder in
            let pair = try await TestCertificate("one", in: folder)
            try await withServer(arguments: pair.arguments) { server, _ in
                #expect(server.url.hasPrefix("https://127.0.0.1:"))
                for (option, version) in [("--http2", "2"), ("--http1.1", "1.1")] {
                    let run = try await curl(
                        [
                            option, "\(server.url)/v1/events", "-H",
                            "Content-Type: application/json",
                            "-d", #"{"type":"a.b","actor":{"id":"u"}}"#,
                        ],
                        trusting: pair.certificate
                    )
                    #expect(run.output.contains("version=\(version)\n"), "\(run.error)")
                    #expect(run.output.contains(" 201"))
                    let header = "strict-transport-security: max-age=31536000"
                    #expect(run.output.lowercased().contains(header))
                }
                let clear = try RawConnection(to: server.url)
                try await clear.send("GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
                let received = try await clear.receive(seconds: 15)
                #expect(received.isClosed && received.statuses.isEmpty)
                let old = try await Tool.openssl.run([
                    "s_client", "-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0", "-connect",
                    String(server.url.dropFirst("https://".count)),
                ])
                #expect(old.status != 0)
            }
        }
    }

    @Test("A large stream goes both ways over HTTP/2")
    func stream() async throws {
        try await withTemporaryFolder { folder in
            let pair = try await TestCertificate("one", in: folder)
            let lines = (0..<5000).map { #"{"type":"a.b","actor":{"id":"u\#($0)"}}"# }
            let file = folder.appendingPathComponent("events.ndjson")
            try Data(lines.joined(separator: "\n").utf8).write(to: file)
            try await withServer(arguments: pair.arguments) { server, _ in
                let run = try await curl(
                    [
                        "--http2", "\(server.url)/v1/events", "-T", file.path, "-X", "POST", "-H",
                        "Content-Type: application/x-ndjson",
                    ],
                    trusting: pair.certificate
                )
                #expect(run.output.contains("version=2"))
                #expect(run.output.matches(of: /"status":201/).count == 5000)
            }
        }
    }

    @Test("On SIGHUP it shows the new certificate, and connections that are open go on")
    func renewal() async throws {
        try await withTemporaryFolder { folder in
            let pair = try await TestCertificate("one", in: folder)
            let other = try await TestCertificate("two", in: folder, rsa: true)
            try await withServer(arguments: pair.arguments) { server, _ in
                #expect(try await shownName(server) == "one")
                let open = try OpenTLSConnection(to: server.url)
                #expect(
                    try await open.answers(after: "GET /health HTTP/1.1\r\nHost: a\r\n\r\n") == 1
                )
                try pair.become(other)
                server.signal(SIGHUP)
                #expect(try await log(of: server, has: "the certificate was read anew"))
                #expect(try await shownName(server) == "two")
                #expect(
                    try await open.answers(after: "GET /health HTTP/1.1\r\nHost: a\r\n\r\n") == 2
                )
                open.close()
            }
        }
    }

    @Test(
        "A pair that is not good does not replace the one that is",
        arguments: ["mixed", "gone", "empty"]
    )
    func badRenewal(_ mistake: String) async throws {
        try await withTemporaryFolder { folder in
            let pair = try await TestCertificate("one", in: folder)
            let other = try await TestCertificate("two", in: folder)
            try await withServer(arguments: pair.arguments) { server, _ in
                switch mistake {
                case "mixed": try Data(contentsOf: other.key).write(to: pair.key)
                case "gone": try FileManager.default.removeItem(at: pair.certificate)
                default: try Data().write(to: pair.certificate)
                }
                server.signal(SIGHUP)
                #expect(try await log(of: server, has: "the last one stays"))
                #expect(
                    server.log.contains(mistake == "mixed" ? "tls.private-key" : "tls.certificate")
                )
                #expect(try await shownName(server) == "one")
            }
        }
    }

    @Test("It does not start with a pair that is not good, and names the setting")
    func badStart() async throws {
        try await withTemporaryFolder { folder in
            let pair = try await TestCertificate("one", in: folder)
            let other = try await TestCertificate("two", in: folder)
            let data = ["serve", "--port", "0", "--data", folder.appendingPathComponent("d").path]
            let cases = [
                (["--tls-certificate", pair.certificate.path], "tls.private-key"),
                (["--tls-private-key", pair.key.path], "tls.certificate"),
                (
                    ["--tls-certificate", "/nowhere", "--tls-private-key", pair.key.path],
                    "tls.certificate"
                ),
                (
                    ["--tls-certificate", pair.key.path, "--tls-private-key", pair.key.path],
                    "tls.certificate"
                ),
                (
                    [
                        "--tls-certificate", pair.certificate.path, "--tls-private-key",
                        other.key.path,
                    ],
                    "tls.private-key"
                ),
            ]
            for (arguments, setting) in cases {
                let run = try await CairnBinary.run(data + arguments)
                #expect(run.status == 2)
                #expect(run.error.contains(setting), "\(run.error)")
            }
        }
    }

    @Test("It warns of a private key that others may read")
    func exposedKey() async throws {
        try await withTemporaryFolder { folder in
            let pair = try await TestCertificate("one", in: folder)
            for (mode, isWarned) in [(0o600, false), (0o640, true)] {
                try FileManager.default.setAttributes(
                    [.posixPermissions: mode],
                    ofItemAtPath: pair.key.path
                )
                try await withServer(arguments: pair.arguments) { server, _ in
                    #expect(server.log.contains("its mode should be 0600") == isWarned)
                }
            }
        }
    }

    @Test("SIGHUP does no harm to a server without a certificate")
    func noCertificate() async throws {
        try await withServer { server, _ in
            server.signal(SIGHUP)
            let isTold = try await log(of: server, has: "SIGHUP")
            #expect(isTold)
            #expect(try await HTTP.get("\(server.url)/health").status == 200)
        }
    }

    @Test("A handshake that does not end is cut, and so is HTTP/2 without a request")
    func slowHandshake() async throws {
        try await withTemporaryFolder { folder in
            let pair = try await TestCertificate("one", in: folder)
            let arguments = pair.arguments + ["--limits-head-seconds", "1"]
            try await withServer(arguments: arguments) { server, _ in
                let silent = try RawConnection(to: server.url)
                let idle = try OpenTLSConnection(to: server.url, options: ["-alpn", "h2"])
                #expect(try await silent.receive(seconds: 15).isClosed)
                #expect(try await idle.ends(within: 4))
            }
        }
    }
}
