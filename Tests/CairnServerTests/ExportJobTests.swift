// SPDX-License-Identifier: Apache-2.0

import Cairn
import CairnLedger
import CairnServer
import CairnTesting
import Foundation
import HTTPTypes
import Testing

@testable import CairnCommand

@Suite("Exports by HTTP")
struct ExportJobTests {
    /// Asks for an export and has it made.
    private static func made(
        _ client: Client,
        _ setting: ServerSetting,
        _ body: String = "{}"
    ) async throws -> JSONValue {
        let asked = try await client.post("/v1/exports", body)
        #expect(asked.status == 202, "\(asked.text)")
        let id = try #require(asked.json["id"]?.string)
        #expect(asked.header("Location") == "/v1/exports/\(id)")
        #expect(asked.json["state"] == "queued")
        while await setting.worker.work() {}
        let shown = try await client.get("/v1/exports/\(id)")
        #expect(shown.status == 200 && shown.json["state"] == "done", "\(shown.text)")
        return shown.json
    }

    @Test("An export is asked for, made, downloaded, and verifies")
    func wholeWay() async throws {
        try await withServer { client, setting in
            try await client.record(30)
            let job = try await Self.made(
                client,
                setting,
                #"{"name":"Quarter 1/26","format":"csv","columns":"orgs/1","#
                    + #""filter":{"actor_id":["user-1","user-2"]},"accounted":true}"#
            )
            #expect(job["progress"]?["records"] == 6)
            #expect(job["range"]?["size"] == 30)
            let id = try #require(job["id"]?.string)
            let link = try await client.get("/v1/exports/\(id)/download")
            #expect(link.status == 302)
            let location = try #require(link.header("Location"))
            let file = try await client.get(location)
            #expect(file.status == 200)
            #expect(file.header("Content-Type") == "application/zip")
            #expect(file.header("Content-Disposition")?.contains("Quarter-1-26") == true)
            #expect(job["file"]?["size"]?.integer == file.bytes.count)
            #expect(job["file"]?["sha256"]?.string == Digest.sha256(file.bytes).hex)
            let folder = FileManager.default.temporaryDirectory
            let path = folder.appendingPathComponent("\(id).zip").path
            defer { try? FileManager.default.removeItem(atPath: path) }
            try Data(file.bytes).write(to: URL(fileURLWithPath: path))
            let verifier = ExportVerifier(
                key: setting.key,
                tools: ExportToolbox(folder: folder.path)
            )
            let verdict = await verifier.verify(try ZipFiles(path))
            #expect(verdict.faults == [])
            #expect(verdict.counts.matched == 6 && verdict.counts.notMatched == 24)
            let listed = try await client.get("/v1/exports")
            #expect(listed.json["exports"]?.array?.map { $0["id"] } == [.string(id)])
        }
    }

    @Test("A part of the file is given, as a broken download needs it")
    func ranges() async throws {
        try await withServer { client, setting in
            try await client.record(3)
            let job = try await Self.made(client, setting)
            let id = try #require(job["id"]?.string)
            let link = try await client.get("/v1/exports/\(id)/download").header("Location")
            let location = try #require(link)
            let whole = try await client.get(location).bytes
            let size = whole.count
            let cases: [(String, Int, Range<Int>?)] = [
                ("bytes=0-9", 206, 0..<10), ("bytes=10-", 206, 10..<size),
                ("bytes=-7", 206, size - 7..<size), ("bytes=5-999999999", 206, 5..<size),
                ("bytes=\(size)-", 416, nil), ("bytes=9-3", 200, 0..<size),
                ("bytes=0-1,4-5", 200, 0..<size), ("lines=1-2", 200, 0..<size),
            ]
            for (range, status, expected) in cases {
                let reply = try await client.get(location, headers: ["Range": range])
                #expect(reply.status == status, "\(range)")
                #expect(reply.bytes == expected.map { Array(whole[$0]) } ?? [], "\(range)")
                if status == 206, let expected {
                    let text = "bytes \(expected.lowerBound)-\(expected.upperBound - 1)/\(size)"
                    #expect(reply.header("Content-Range") == text)
                }
            }
        }
    }

    @Test("A link that ended or was changed opens nothing")
    func links() async throws {
        try await withServer { client, setting in
            try await client.record(3)
            let first = try await Self.made(client, setting)
            let second = try await Self.made(client, setting)
            let ids = [first, second].compactMap { $0["id"]?.string }
            let link = try #require(
                try await client.get("/v1/exports/\(ids[0])/download").header("Location")
            )
            #expect(try await client.get(link).status == 200)
            let end = try #require(link.split(separator: "=")[1].split(separator: "&").first)
            let later = try #require(Int(end)) + 1
            let changed = [
                link.replacingOccurrences(of: ids[0], with: ids[1]),
                link.replacingOccurrences(of: "expires=\(end)", with: "expires=\(later)"),
                String(link.dropLast()), link + "A", link + "&x=1",
                "/v1/exports/\(ids[0])/file", "/v1/exports/\(ids[0])/file?expires=9&signature=",
            ]
            for link in changed {
                try await client.get(link).expectProblem(403, "link_refused")
            }
            setting.clock.advance(milliseconds: 86_400_000)
            try await client.get(link).expectProblem(403, "link_refused")
        }
    }

    @Test("What is no request is refused by the name of its member")
    func refusals() async throws {
        try await withServer { client, setting in
            let cases: [(String, String)] = [
                (#"{"format":"pdf"}"#, "format"), (#"{"compression":"zip"}"#, "compression"),
                (#"{"columns":"orgs/1"}"#, "columns"),
                (#"{"format":"csv","columns":"nope/1"}"#, "columns"),
                (#"{"format":"xlsx","compression":"gzip"}"#, "compression"),
                (#"{"formulas":"raw"}"#, "formulas"), (#"{"bom":true}"#, "bom"),
                (#"{"name":""}"#, "name"), (#"{"name":"a\u0001"}"#, "name"),
                (#"{"filter":[]}"#, "filter"), (#"{"filter":{"colour":"red"}}"#, "filter.colour"),
                (#"{"filter":{"outcome":"maybe"}}"#, "filter.outcome"),
                (#"{"filter":{"from":"yesterday"}}"#, "filter.from"),
                (#"{"filter":{"q":"x"},"accounted":true}"#, "accounted"), (#"{"x":1}"#, "x"),
            ]
            for (body, field) in cases {
                try await client.post("/v1/exports", body)
                    .expectProblem(422, "invalid_request", field: field)
            }
            try await client.post("/v1/exports", "[").expectProblem(400, "malformed_body")
            // Nothing said is everything as usual.
            let empty = try await client.send(.post, "/v1/exports")
            #expect(empty.status == 202 && empty.json["format"] == "ndjson")
            _ = try await client.send(.delete, "/v1/exports/\(empty.json["id"]?.string ?? "")")
            try await client.get("/v1/exports/nope").expectProblem(404, "not_found")
            try await client.get("/v1/exports/nope/download").expectProblem(404, "not_found")
            let listed = try await client.get("/v1/exports")
            #expect(listed.json["exports"]?.array?.map { $0["state"] } == ["cancelled"])
        }
    }

    @Test("An export that is called off, or gone, has no file, and its parts are taken away")
    func ends() async throws {
        try await withServer { client, setting in
            try await client.record(5)
            let asked = try await client.post("/v1/exports", "{}").json
            let id = try #require(asked["id"]?.string)
            try await client.get("/v1/exports/\(id)/download")
                .expectProblem(409, "export_not_done")
            let cancelled = try await client.send(.delete, "/v1/exports/\(id)")
            #expect(cancelled.status == 200 && cancelled.json["state"] == "cancelled")
            while await setting.worker.work() {}
            try await client.get("/v1/exports/\(id)/download")
                .expectProblem(409, "export_not_done")
            let done = try #require(try await Self.made(client, setting)["id"]?.string)
            #expect(setting.objects.list(prefix: "", after: nil, limit: 9).count == 1)
            setting.clock.advance(milliseconds: 7 * 86_400_000)
            try await client.get("/v1/exports/\(done)/download")
                .expectProblem(410, "export_expired")
            while await setting.worker.work() {}
            #expect(setting.objects.list(prefix: "", after: nil, limit: 9).isEmpty)
            #expect(try await client.get("/v1/exports/\(done)").json["state"] == "expired")
            setting.clock.advance(milliseconds: 31 * 86_400_000)
            while await setting.worker.work() {}
            try await client.get("/v1/exports/\(done)").expectProblem(404, "not_found")
        }
    }

    @Test("A tenant has no more exports waiting than it may")
    func tooMany() async throws {
        var limits = Exports.Limits()
        limits.unfinished = 3
        let setting = try ServerSetting.make(limits: limits)
        try await setting.run { client in
            for _ in 0..<3 { #expect(try await client.post("/v1/exports", "{}").status == 202) }
            try await client.post("/v1/exports", "{}").expectProblem(409, "too_many_exports")
            while await setting.worker.work() {}
            #expect(try await client.post("/v1/exports", "{}").status == 202)
        }
    }

    @Test("Files of exports have so many bytes, and one more waits until some are gone")
    func tooMuch() async throws {
        var limits = Exports.Limits()
        limits.keptBytes = 2000
        let setting = try ServerSetting.make(limits: limits)
        try await setting.run { client in
            try await client.record(3)
            let done = try #require(try await Self.made(client, setting)["id"]?.string)
            try await client.post("/v1/exports", "{}").expectProblem(409, "too_many_exports")
            #expect(try await client.send(.delete, "/v1/exports/\(done)").status == 200)
            _ = try await Self.made(client, setting)
        }
    }

    @Test("So many exports are remembered; what has a file is, and the oldest of the others goes")
    func forgotten() async throws {
        var limits = Exports.Limits()
        limits.listed = 3
        let setting = try ServerSetting.make(limits: limits)
        try await setting.run { client in
            let kept = try #require(try await Self.made(client, setting)["id"]?.string)
            var ids: [String] = []
            for _ in 0..<5 {
                let asked = try await client.post("/v1/exports", "{}").json
                ids.append(try #require(asked["id"]?.string))
                _ = try await client.send(.delete, "/v1/exports/\(ids[ids.count - 1])")
            }
            // What is not tidied away yet is not forgotten: nobody else knows where its parts are.
            let all = try await client.get("/v1/exports").json["exports"]?.array
            #expect(all?.count == 6)
            while await setting.worker.work() {}
            ids.append(try #require(try await client.post("/v1/exports", "{}").json["id"]?.string))
            let listed = try await client.get("/v1/exports").json["exports"]?.array
            #expect(listed?.compactMap { $0["id"]?.string } == ids.suffix(3).reversed() + [kept])
        }
    }

    @Test("Who exported what, and who downloaded it, is a record of the ledger")
    func records() async throws {
        let setting = try ServerSetting.make(kinds: Set(SelfRecorder.Kind.allCases))
        try await setting.run { client in
            try await client.record(2)
            let job = try await Self.made(client, setting, #"{"filter":{"type":"user.login"}}"#)
            let id = try #require(job["id"]?.string)
            _ = try await client.get("/v1/exports/\(id)/download")
            let found = try await client.get("/v1/events?type=cairn.export.*&order=asc")
            let events = try #require(found.json["events"]?.array)
            #expect(
                events.map { $0["type"]?.string } == [
                    "cairn.export.requested", "cairn.export.downloaded",
                ]
            )
            #expect(events[0]["details"]?["filter"]?["type"] == "user.login")
            #expect(events[1]["resources"]?[0]?["id"]?.string == id)
        }
    }

    @Test("Formats are told with what goes with them")
    func formats() async throws {
        try await withServer { client, _ in
            let formats = try await client.get("/v1/exports/formats").json["formats"]?.array ?? []
            #expect(formats.map { $0["format"]?.string } == ["csv", "json", "ndjson", "xlsx"])
            #expect(formats[0]["columns"]?.array?.contains("complete/1") == true)
            #expect(formats[3]["compressions"] == ["none"])
        }
    }

    @Test("Exports of older services have their shapes")
    func dialects() async throws {
        // What the ledger records of itself is no part of them, as it is none of their lists.
        let setting = try ServerSetting.make(kinds: Set(SelfRecorder.Kind.allCases))
        try await setting.run { client in
            let events = [
                (
                    "/v1/orgs/default/audit",
                    #"{"eventType":"ROLE_CHANGE","actorId":"ada","action":"assign","#
                        + #""resourceType":"role","resourceId":"r-1","outcome":"SUCCESS"}"#
                ),
                ("/api/v1/logs", #"{"action":"LOGIN","resource_type":"user","user_id":"ada"}"#),
                ("/api/v1/audit", #"{"event_type":"user.login","user_id":"ada"}"#),
            ]
            for (path, body) in events {
                #expect(try await client.post(path, body).status == 201, "\(path)")
            }
            let range = #""dateRange":{"startDate":"2020-01-01","endDate":"2100-01-01"}"#
            let asked: [(path: String, body: String, id: String, file: String, list: String)] = [
                (
                    "/v1/orgs/default/audit/export", "{\(range)}", "exportId", "events.json",
                    "/v1/orgs/default/audit?startDate=2020-01-01&endDate=2100-01-01"
                ),
                (
                    "/api/v1/logs/export", #"{"format":"json"}"#, "pipeline_id", "events.json",
                    "/api/v1/logs"
                ),
                (
                    "/api/v1/export?requested_by=admin",
                    #"{"job_name":"All","export_format":"json","filters":{}}"#, "id",
                    "events.json", "/api/v1/audit"
                ),
            ]
            try await withTemporaryFolder { folder in
                for (path, body, id, file, list) in asked {
                    let reply = try await client.post(path, body)
                    #expect(reply.status == 202, "\(path): \(reply.text)")
                    let name = try #require(reply.json[id]?.string)
                    while await setting.worker.work() {}
                    let link = try await client.get("/v1/exports/\(name)/download")
                    let bytes = try await client.get(try #require(link.header("Location"))).bytes
                    let zip = folder.appendingPathComponent("\(name).zip").path
                    try Data(bytes).write(to: URL(fileURLWithPath: zip))
                    let files = try ZipFiles(zip)
                    let verdict = await ExportVerifier(
                        key: setting.key,
                        tools: ExportToolbox(folder: folder.path)
                    ).verify(files)
                    #expect(verdict.faults == [])
                    let read = try files.open(file)
                    var data: [UInt8] = []
                    while let piece = try read() { data += piece }
                    let exported = try #require(try JSONValue(parsing: data).array)
                    let page = try await client.get(list).json
                    let shown = page["items"]?.array ?? page["logs"]?.array ?? page["events"]?.array
                    #expect(exported.count == 3)
                    #expect(Set(exported.map(\.canonical)) == Set((shown ?? []).map(\.canonical)))
                }
            }
            let pipeline = try await client.get("/api/v1/export")
            #expect(pipeline.json["count"] == 3)
            let done = try #require(pipeline.json["exports"]?[0]?["id"]?.string)
            #expect(pipeline.json["exports"]?[0]?["status"] == "done")
            let link = try await client.get("/api/v1/export/\(done)/download")
            #expect(link.json["download_url"]?.string?.contains("/file?") == true)
        }
    }
}

/// Runs `body` with a folder of its own.
private func withTemporaryFolder(_ body: (URL) async throws -> Void) async throws {
    let folder = FileManager.default.temporaryDirectory
        .appendingPathComponent("cairn-export-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try await body(folder)
}
