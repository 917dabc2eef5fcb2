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

    @Test("A file that cannot be read ends with 2 and tells what was recorded before")
    func missingFile() async throws {
        try await atBothPlaces { place in
            let run = try await CairnBinary.run(
                ["import", Self.examples, "/nonexistent.ndjson"] + place
            )
            #expect(run.status == 2)
            #expect(run.error.contains("/nonexistent.ndjson cannot be opened"))
        }
    }
}
