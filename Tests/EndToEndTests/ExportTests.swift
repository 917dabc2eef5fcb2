// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

@Suite("Exports to files")
struct ExportCommandTests {
    @Test("A file is the same from a server and from its store, and there only when it is complete")
    func files() async throws {
        try await withTemporaryFolder { folder in
            let data = folder.appendingPathComponent("data")
            let server = try await RunningServer(data)
            let events = (0..<700).map { number in
                #"{"type":"a.b","actor":{"id":"=u\#(number % 7)"},"details":{"n":\#(number)}}"#
            }
            let imported = try await CairnBinary.run(
                ["import", "-", "--server", server.url],
                input: events.joined(separator: "\n")
            )
            #expect(imported.status == 0, "\(imported.error)")
            let asked = ["--format", "csv", "--actor-id", "=u3"]
            let (first, second) = (folder.path + "/a.csv", folder.path + "/b.csv")
            let remote = try await CairnBinary.run(
                ["export"] + asked + ["-o", first, "--server", server.url]
            )
            #expect(remote.status == 0, "\(remote.error)")
            #expect(await server.stop() == 0)
            let local = try await CairnBinary.run(
                ["export"] + asked + ["-o", second, "--data", data.path]
            )
            #expect(local.status == 0, "\(local.error)")
            let text = try String(contentsOfFile: first, encoding: .utf8)
            #expect(text == (try String(contentsOfFile: second, encoding: .utf8)))
            #expect(text.split(separator: "\r\n").count == 101)
            let lines = try await CairnBinary.run(["export", "--data", data.path])
            #expect(lines.lines.count == 700)
            let gone = folder.path + "/gone.csv"
            let failed = try await CairnBinary.run(
                ["export", "-o", gone, "--server", "http://127.0.0.1:1"]
            )
            #expect(failed.status == 3)
            for file in [gone, gone + ".partial", first + ".partial"] {
                #expect(!FileManager.default.fileExists(atPath: file))
            }
            for wrong in [["--format", "xml"], ["--columns", "orgs/1"], ["--sort", "index"]] {
                let run = try await CairnBinary.run(["export", "--data", data.path] + wrong)
                #expect(run.status == 2, "\(wrong): \(run.error)")
            }
        }
    }
}
