// SPDX-License-Identifier: Apache-2.0
import CairnLedger
import Foundation
import Testing

/// Whether the program that comes with Prometheus is there; `scripts/setup --test` installs it.
private let promtool = "/usr/bin/promtool"
private let hasPromtool = FileManager.default.isExecutableFile(atPath: promtool)

@Suite("Metrics, as Prometheus reads them")
struct MetricsTests {
    @Test("Promtool finds nothing to say of /metrics after some traffic", .enabled(if: hasPromtool))
    func page() async throws {
        try await withServer(
            isOpen: false,
            arguments: ["--quota-queries-per-second", "1"]
        ) { server, store in
            let owner = try String(
                contentsOf: store.appendingPathComponent("admin.key"),
                encoding: .utf8
            ).trimmingCharacters(in: .whitespacesAndNewlines)
            let access = ["--server", server.url, "--api-key", owner]
            let event = #"{"type":"a.b","actor":{"id":"u"}}"#
            for arguments in [["append", event], ["append", "{}"], ["query"], ["query"]] {
                _ = try await CairnBinary.run(arguments + access)
            }
            _ = try await HTTP.get("\(server.url)/v1/events")
            let page = try await HTTP.get("\(server.url)/metrics").body
            for name in Telemetry.everywhere {
                #expect(page.contains("# TYPE \(name) "), "\(name)")
            }
            #expect(!page.contains("Counted by a library"))
            let checked = try await promtool(["check", "metrics"], input: page)
            #expect(checked.status == 0, "\(checked.output)")
            #expect(checked.output.isEmpty, "\(checked.output)")
        }
    }

    @Test("Promtool accepts the alert rules", .enabled(if: hasPromtool))
    func rules() async throws {
        let path = CairnBinary.repository.appendingPathComponent("docs/alerts.yaml").path
        let checked = try await promtool(["check", "rules", path], input: "")
        #expect(checked.status == 0, "\(checked.output)")
    }

    @Test("Every metric that an alert names is one of ours, and operators are told of all")
    func names() throws {
        let rules = try CairnBinary.text("docs/alerts.yaml")
        let guide = try CairnBinary.text("docs/operating.md")
        for match in rules.matches(of: /\bcairn_[a-z_]+/) {
            let name = String(match.output).replacing(/_(bucket|sum|count)$/, with: "")
            #expect(Telemetry.all.contains(name), "\(name)")
        }
        for name in Telemetry.all {
            #expect(guide.contains("`\(name)`"), "\(name)")
        }
    }

    private func promtool(
        _ arguments: [String],
        input: String
    ) async throws -> (status: Int32, output: String) {
        let run = try await Tool(path: EndToEndTests.promtool).run(arguments, input: input)
        return (run.status, run.output + run.error)
    }
}

extension Telemetry {
    /// The metrics of every server; the others need an issuer with an address, or a verification.
    fileprivate static var everywhere: [String] {
        let rare = [keySetAge, keySetFailures, verificationAge, mergeSeconds, unmergedRecords]
        return all.filter { !rare.contains($0) }
    }
}
