// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

@testable import CairnCommand

@Suite("A server that is killed while it makes an export", .serialized)
struct ExportCrashTests {
    private static let records = 4000

    @Test(
        "Killed three times, it makes the export by itself, once, and byte for byte",
        .enabled(if: Tool.curl.isThere, "curl is not installed here")
    )
    func kills() async throws {
        try await withTemporaryFolder { folder in
            let store = folder.appendingPathComponent("data")
            var server = try await RunningServer(store)
            try await Self.record(server)
            let key = try await HTTP.get("\(server.url)/v1/ledger").json()["public_key"] as? String
            let peace = try await Self.finish(try await Self.ask(server), server)
            let wanted = try await Self.fetch(peace, server, to: folder)

            let asked = try await Self.ask(server)
            for _ in 0..<3 {
                try await Task.sleep(for: .milliseconds(Int.random(in: 50...1500)))
                server.signal(SIGKILL)
                #expect(await server.end() != 0)
                server = try await RunningServer(store)
            }
            try await Self.finish(asked, server)
            let found = try await Self.fetch(asked, server, to: folder)
            for name in ["events.ndjson", "records.ndjson"] {
                #expect(found[name] != nil && found[name] == wanted[name], "\(name)")
            }
            let verdict = try await CairnBinary.run(
                ["verify", folder.appendingPathComponent("\(asked).zip").path, "--key", key ?? ""]
            )
            #expect(verdict.status == 0, "\(verdict.output)\(verdict.error)")
            #expect(try await Self.kept(in: store, are: 2))
            #expect(await server.stop() == 0)
        }
    }

    /// Records so much that an export has several parts.
    private static func record(_ server: RunningServer) async throws {
        let text = String(repeating: "x", count: 3000)
        for bulk in 0..<records / 500 {
            let events = (0..<500).map { number in
                #"{"type":"a.b","actor":{"id":"u\#(bulk)-\#(number)"},"details":{"t":"\#(text)"}}"#
            }
            let answer = try await HTTP.post(
                "\(server.url)/v1/events",
                json: #"{"events":[\#(events.joined(separator: ","))]}"#
            )
            guard answer.status < 300 else { throw Unexpected("\(answer.status)") }
        }
    }

    private static func ask(_ server: RunningServer) async throws -> String {
        let answer = try await HTTP.post(
            "\(server.url)/v1/exports",
            json: #"{"filter":{"index_to":\#(records)}}"#
        )
        guard answer.status == 202, let id = try answer.json()["id"] as? String else {
            throw Unexpected(answer.body)
        }
        return id
    }

    @discardableResult
    private static func finish(_ id: String, _ server: RunningServer) async throws -> String {
        for _ in 0..<1200 {
            let job = try await HTTP.get("\(server.url)/v1/exports/\(id)").json()
            let state = job["state"] as? String ?? ""
            if state == "done" { return id }
            guard ["queued", "running"].contains(state) else { throw Unexpected("\(job)") }
            try await Task.sleep(for: .milliseconds(50))
        }
        throw Unexpected("the export is not made")
    }

    /// The files of an export, by their names.
    private static func fetch(
        _ id: String,
        _ server: RunningServer,
        to folder: URL
    ) async throws -> [String: [UInt8]] {
        let path = folder.appendingPathComponent("\(id).zip").path
        let run = try await Tool.curl.run(
            ["-sSL", "--fail-with-body", "-o", path, "\(server.url)/v1/exports/\(id)/download"]
        )
        guard run.status == 0 else {
            let body = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
            throw Unexpected("not downloaded: \(run.error)\(body.prefix(500))")
        }
        let zip = try ZipFiles(path)
        var files: [String: [UInt8]] = [:]
        for (name, _) in zip.files {
            let read = try zip.open(name)
            while let piece = try read() { files[name, default: []] += piece }
        }
        return files
    }

    /// Whether nothing is kept in the end but so many objects, each with its sheet.
    private static func kept(in store: URL, are count: Int) async throws -> Bool {
        let folder = store.appendingPathComponent("objects")
        for _ in 0..<200 {
            let paths = try FileManager.default.subpathsOfDirectory(atPath: folder.path)
            let files = paths.filter { $0.contains("@") && $0 != "@lock" }
            if files.count == 2 * count, !paths.contains(where: { $0.contains("parts") }) {
                return true
            }
            try await Task.sleep(for: .milliseconds(50))
        }
        return false
    }
}
