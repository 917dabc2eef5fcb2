// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

@Suite("Importing files", .serialized)
struct ImportTests {
    private static let examples =
        CairnBinary.repository.appendingPathComponent("Examples/events.ndjson").path
    private static let samples =
        CairnBinary.repository.appendingPathComponent("Tests/EndToEndTests/Samples")

    /// Imports at a server and into a store; `each` gets the options that say where.
    private func atBothPlaces(
        _ each: (_ place: [String]) async throws -> Void
    ) async throws {
        try await withServer { server, _ in try await each(["--server", server.url]) }
        try await withTemporaryFolder { folder in
            try await each(["--data", folder.appendingPathComponent("data").path])
        }
    }

    @Test("A file of events is recorded once, however often it is imported")
    func examplesTwice() async throws {
        try await atBothPlaces { place in
            let first = try await CairnBinary.run(["import", Self.examples] + place)
            #expect(first.status == 0)
            #expect(first.output == "accepted 50, known already 0, rejected 0\n")
            let second = try await CairnBinary.run(["import", Self.examples, "--json"] + place)
            #expect(second.status == 0)
            #expect(try second.json()["known"] as? Int == 50)
            let size = try await CairnBinary.run(["ledger", "show", "--json"] + place)
            #expect(try size.json()["size"] as? Int == 50)
        }
    }

    @Test("The ids of an import are the ledger's, whatever address its server is reached by")
    func addresses() async throws {
        let file = Self.samples.appendingPathComponent("cloudtrail.json").path
        let command = ["import", "--format", "cloudtrail", file, "--server"]
        try await withServer { server, _ in
            let first = try await CairnBinary.run(command + [server.url])
            #expect(first.output == "accepted 4, known already 0, rejected 1\n")
            let other = server.url.replacing("127.0.0.1", with: "localhost")
            #expect(other != server.url)
            let second = try await CairnBinary.run(command + [other])
            #expect(second.output == "accepted 0, known already 4, rejected 1\n")
        }
    }

    @Test("CloudTrail files are recorded once, plain or gzip, and rejections are named")
    func cloudTrailTwice() async throws {
        let plain = Self.samples.appendingPathComponent("cloudtrail.json").path
        let packed = Self.samples.appendingPathComponent("cloudtrail.json.gz").path
        try await atBothPlaces { place in
            let first = try await CairnBinary.run(
                ["import", "--format", "cloudtrail", plain] + place
            )
            #expect(first.status == 2)
            #expect(first.output == "accepted 4, known already 0, rejected 1\n")
            #expect(first.error == "\(plain): record 5: eventID is missing\n")
            let second = try await CairnBinary.run(
                ["import", "--format", "cloudtrail", packed] + place
            )
            #expect(second.output == "accepted 0, known already 4, rejected 1\n")
            let denied = try await CairnBinary.run(
                ["query", "--outcome", "denied", "--json"] + place
            )
            #expect(try denied.json()["type"] as? String == "aws.ec2.RunInstances")
        }
    }

    @Test(
        "Logs and exports of other systems are recorded once, however often they are imported",
        arguments: [
            Expectation(
                format: "orgs-archive",
                files: ["orgs-archive.json.gz", "orgs-items.ndjson", "orgs-export.csv"],
                accepted: 8,
                rest: "rejected 1, skipped 1 items that are no audit events",
                known: "orgs-archive.json"
            ),
            Expectation(
                format: "security-audit",
                files: ["security-audit.json", "security-audit.ndjson", "security-audit.csv"],
                accepted: 7,
                rest: "rejected 2"
            ),
            Expectation(
                format: "audit-service",
                files: ["audit-service.json", "audit-service.csv"],
                accepted: 4,
                rest: "rejected 0"
            ),
            Expectation(
                format: "kubernetes",
                files: ["kubernetes.ndjson", "kubernetes-list.json"],
                accepted: 5,
                rest: "rejected 1, skipped 1 requests at stage RequestReceived, "
                    + "skipped 1 requests at stage ResponseStarted"
            ),
            Expectation(
                format: "pgaudit",
                files: ["pgaudit.csv"],
                accepted: 3,
                rest: "rejected 3, skipped 1 lines without a message of pgaudit"
            ),
            Expectation(
                format: "journald",
                files: ["journald.ndjson"],
                accepted: 4,
                rest: "rejected 1"
            ),
        ]
    )
    func othersTwice(_ expected: Expectation) async throws {
        let command =
            ["import", "--format", expected.format] + expected.files.map(ImportSample.path)
        try await atBothPlaces { place in
            let first = try await CairnBinary.run(command + place)
            #expect(first.status == (expected.rest.contains("rejected 0") ? 0 : 2))
            #expect(
                first.output == "accepted \(expected.accepted), known already 0, \(expected.rest)\n"
            )
            let second = try await CairnBinary.run(command + place)
            #expect(
                second.output
                    == "accepted 0, known already \(expected.accepted), \(expected.rest)\n"
            )
            #expect(second.error == first.error)
            guard let known = expected.known else { return }
            let third = try await CairnBinary.run(
                ["import", "--format", expected.format, ImportSample.path(known)] + place
            )
            #expect(third.output == "accepted 0, known already 4, rejected 1\n")
        }
    }

    /// What an import of some samples says.
    struct Expectation: Sendable, CustomTestStringConvertible {
        let format: String
        let files: [String]
        let accepted: Int
        let rest: String
        /// A file whose events are among those of the others.
        var known: String?

        var testDescription: String { format }
    }

    @Test("A source of its own makes the same ids other events, where a format has sources")
    func sources() async throws {
        let sample = ImportSample.path("audit-service.json")
        try await withTemporaryFolder { folder in
            let place = ["--data", folder.appendingPathComponent("data").path]
            let command = ["import", "--format", "audit-service", sample] + place
            #expect(try await CairnBinary.run(command).output.hasPrefix("accepted 2, "))
            let other = try await CairnBinary.run(command + ["--source", "eu"])
            #expect(other.output.hasPrefix("accepted 2, "))
            let native = try await CairnBinary.run(
                ["import", Self.examples, "--source", "eu"] + place
            )
            #expect(native.status == 2)
        }
    }

    @Test("A file that breaks off is told, what was before is recorded, and so are other files")
    func truncated() async throws {
        try await withTemporaryFolder { folder in
            let whole = try Data(
                contentsOf: URL(fileURLWithPath: ImportSample.path("orgs-archive.json.gz"))
            )
            let packed = folder.appendingPathComponent("cut.json.gz")
            try whole.dropLast(40).write(to: packed)
            let text = try Data(
                contentsOf: URL(fileURLWithPath: ImportSample.path("orgs-archive.json"))
            )
            let plain = folder.appendingPathComponent("cut.json")
            try text.prefix(900).write(to: plain)
            let files = [packed.path, plain.path, ImportSample.path("orgs-export.csv")]
            let run = try await CairnBinary.run(
                ["import", "--format", "orgs-archive", "--json"] + files
                    + ["--data", folder.appendingPathComponent("data").path]
            )
            #expect(run.status == 2)
            #expect(run.lines.first?.contains("cut.json.gz ends too early") ?? false)
            #expect(run.lines.dropFirst().first?.contains("cut.json ends in the middle") ?? false)
            let last = try #require(run.lines.last)
            #expect(last.contains(#""unread_files":2"#))
            #expect(last.contains(#""accepted":3"#))
        }
    }

    @Test("An item that breaks a limit of the ledger is rejected by its place, the next recorded")
    func tooLarge() async throws {
        let long = String(repeating: "x", count: 300 << 10)
        let item = #"{"event_type":"a.b","timestamp":"2026-01-01T00:00:00","details":{"x":""#
        let input = "[\(item)\(long)\"}},\(item)y\"}}]"
        try await atBothPlaces { place in
            let run = try await CairnBinary.run(
                ["import", "--format", "security-audit", "-"] + place,
                input: input
            )
            #expect(run.status == 2)
            #expect(run.output == "accepted 1, known already 0, rejected 1\n")
            #expect(run.error.hasPrefix("-: item 1: "))
            #expect(run.error.contains("details"))
        }
    }

    @Test("A bad line is named with its place, and does not keep the others out")
    func badLines() async throws {
        let input = """
            {"type":"a.b","actor":{"id":"one"}}
            {"type":"a.b"

            {"type":"a.b","actor":{"id":"two"},"nonsense":1}
            {"type":"a.b","actor":{"id":"three"}}
            """
        try await atBothPlaces { place in
            let run = try await CairnBinary.run(["import", "-"] + place, input: input)
            #expect(run.status == 2)
            #expect(run.output == "accepted 2, known already 0, rejected 2\n")
            let lines = run.error.split(separator: "\n")
            #expect(lines.count == 2)
            #expect(lines.first?.hasPrefix("-: line 2: ") ?? false)
            #expect(lines.last?.hasPrefix("-: line 4: ") ?? false)
            #expect(lines.last?.contains("nonsense") ?? false)
            let all = try await CairnBinary.run(
                ["query", "--sort", "index", "--order", "asc", "--json"] + place
            )
            #expect(all.lines.count == 2)
            #expect(all.lines.first?.contains(#""id":"one""#) ?? false)
        }
    }

    @Test("A file that cannot be read ends with 2, and the files before and after it are recorded")
    func missingFile() async throws {
        try await atBothPlaces { place in
            let run = try await CairnBinary.run(
                ["import", "/nonexistent.ndjson", Self.examples] + place
            )
            #expect(run.status == 2)
            #expect(run.output == "accepted 50, known already 0, rejected 0\n")
            #expect(run.error.contains("/nonexistent.ndjson cannot be opened"))
        }
    }
}
