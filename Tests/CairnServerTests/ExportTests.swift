// SPDX-License-Identifier: Apache-2.0

import Cairn
import CairnAPI
import CairnLedger
import CairnServer
import CairnTesting
import Foundation
import HTTPTypes
import Testing

@Suite("Exports")
struct ExportTests {
    private static func vectors() throws -> JSONValue {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        let data = try Data(contentsOf: root.appending(path: "Vectors/csv/csv.json"))
        return try JSONValue(parsing: Array(data))
    }

    private static func written(_ cells: [String], isRaw: Bool = true) -> String {
        var output = CSVOutput(isRaw: isRaw)
        for cell in cells { output.cell(cell) }
        output.endRecord()
        return String(decoding: output.bytes, as: UTF8.self)
    }

    @Test("Records of CSV are written as the vectors have them")
    func records() throws {
        let cases = try #require(try Self.vectors()["write"]?.array)
        #expect(cases.count == 18)
        for item in cases {
            let cells = item["fields"]?.array?.compactMap(\.string) ?? []
            #expect(Self.written(cells) == item["csv"]?.string)
        }
        #expect(Self.written([""]) == "\"\"\r\n", "a record of one empty cell is no empty line")
    }

    @Test("What a spreadsheet may run gets an apostrophe, as the vectors have it, and raw does not")
    func formulas() throws {
        let cases = try #require(try Self.vectors()["formula_injection"]?["cases"]?.array)
        #expect(cases.count == 25)
        for item in cases {
            let value = item["value"]?.string ?? ""
            let cell = item["csv_field"]?.string ?? ""
            #expect(Self.written(["x", value], isRaw: false) == "x,\(cell)\r\n", "\(value)")
            let raw = Self.written(["x", value])
            #expect(raw.contains("'") == value.contains("'"))
        }
    }

    /// Cells of a CSV text, by a reader that takes RFC 4180 at its word.
    private static func parse(_ text: String) -> [[String]] {
        var (rows, row, cell, isQuoted) = ([[String]](), [String](), [UInt8](), false)
        let bytes = Array(text.utf8)
        var at = 0
        while at < bytes.count {
            let byte = bytes[at]
            switch byte {
            case UInt8(ascii: "\"") where isQuoted && at + 1 < bytes.count && bytes[at + 1] == byte:
                cell.append(byte)
                at += 1
            case UInt8(ascii: "\""): isQuoted.toggle()
            case UInt8(ascii: ",") where !isQuoted:
                row.append(String(decoding: cell, as: UTF8.self))
                cell = []
            case 0x0D where !isQuoted:
                row.append(String(decoding: cell, as: UTF8.self))
                rows.append(row)
                (row, cell) = ([], [])
                at += 1
            default: cell.append(byte)
            }
            at += 1
        }
        return rows
    }

    @Test("A stream has every record that matches, once and in order, as the pages have them")
    func stream() async throws {
        try await withServer { client, _ in
            try await client.record(300)
            let pages = try await client.get("/v1/events?sort=index&order=asc&limit=1000")
            let stream = try await client.get("/v1/exports/stream")
            #expect(stream.header("Content-Type") == "application/x-ndjson")
            let lines = stream.text.split(separator: "\n").map(String.init)
            #expect(lines.count == 300)
            let events = try #require(pages.json["events"]?.array)
            for (line, event) in zip(lines, events) {
                #expect(try JSONValue(parsing: line) == event)
            }
            for (filter, count) in [
                ("actor_id=user-3", 25), ("index_from=7&index_to=9", 2), ("type=none", 0),
                ("from=2026-01-11&to=2026-01-11", 24), ("q=login&actor_id=user-1", 25),
            ] {
                let part = try await client.get("/v1/exports/stream?\(filter)")
                let list = try await client.get(
                    "/v1/events?\(filter)&sort=index&order=asc&limit=1000"
                )
                let own = try part.text.split(separator: "\n").map {
                    try JSONValue(parsing: String($0))
                }
                #expect(own.count == count, "\(filter)")
                #expect(own == list.json["events"]?.array, "\(filter)")
            }
        }
    }

    @Test("Columns are those of their set, and say what was changed for spreadsheets")
    func columns() async throws {
        try await withServer { client, _ in
            _ = try await client.post(
                "/v1/orgs/default/audit",
                #"{"eventType":"ROLE_CHANGE","actorId":"=1+1","action":"a,\"b\"","resourceType":"t","#
                    + #""resourceId":"r","details":{"n":1.5,"x":"=2"},"outcome":"DENIED"}"#
            )
            for (set, header) in [
                (
                    "orgs/1",
                    "eventId,eventType,timestamp,actorId,actorType,action,resourceType,resourceId,"
                        + "outcome,ipAddress,userEmail"
                ),
                (
                    "orgs-details/1",
                    "eventId,eventType,timestamp,orgId,actorId,actorType,action,resourceType,"
                        + "resourceId,outcome,ipAddress,userEmail,details"
                ),
                (
                    "security/1",
                    "id,timestamp,event_type,outcome,severity,user_id,customer_id,resource_type,"
                        + "resource_id,action,description,ip_address"
                ),
            ] {
                let reply = try await client.get("/v1/exports/stream?format=csv&columns=\(set)")
                #expect(reply.text.hasPrefix(header + "\r\n"), "\(set)")
            }
            let orgs = try await client.get(
                "/v1/exports/stream?format=csv&columns=orgs-details/1&bom=true"
            )
            #expect(orgs.header("Content-Type") == "text/csv; charset=utf-8; header=present")
            let rows = Self.parse(String(orgs.text.dropFirst()))
            #expect(orgs.text.hasPrefix("\u{FEFF}eventId") && rows.count == 2)
            #expect(
                Array(rows[1][3...9]) == [
                    "default", "'=1+1", "USER", "a,\"b\"", "t", "r", "DENIED",
                ]
            )
            #expect(rows[1][1] == "ROLE_CHANGE" && rows[1][12] == #"{"n":1.5,"x":"=2"}"#)
            let complete = Self.parse(try await client.get("/v1/exports/stream?format=csv").text)
            let cells = Dictionary(uniqueKeysWithValues: zip(complete[0], complete[1]))
            #expect(cells["neutralised"] == "actor_id" && cells["type"] == "authz.role_changed")
            #expect(cells["hash"]?.count == 64 && cells["index"] == "0")
            let raw = try await client.get(
                "/v1/exports/stream?format=csv&columns=orgs/1&formulas=raw"
            )
            #expect(Self.parse(raw.text)[1][3] == "=1+1")
        }
    }

    @Test(
        "What a stream cannot be asked for is 400 and named",
        arguments: [
            ("format=xml", "format"), ("format=csv&columns=mine", "columns"),
            ("columns=orgs/1", "columns"), ("format=csv&formulas=run", "formulas"),
            ("format=csv&bom=maybe", "bom"), ("formulas=raw", "formulas"),
            ("outcome=maybe", "outcome"),
        ]
    )
    func refused(_ query: String, _ field: String) async throws {
        try await withServer { client, _ in
            try await client.get("/v1/exports/stream?\(query)")
                .expectProblem(400, "invalid_parameter", field: field)
        }
    }

    @Test("A stream has no pages and no other order")
    func noPages() async throws {
        try await withServer { client, _ in
            for query in ["limit=1", "cursor=x", "sort=index", "order=asc"] {
                try await client.get("/v1/exports/stream?\(query)")
                    .expectProblem(400, "invalid_parameter")
            }
        }
    }

    @Test("Whoever is shown a part exports that part, and every export is a record")
    func narrowed() async throws {
        try await withGuardedServer(recording: [.reads]) { client, setting, owner in
            for actor in ["ada", "bob", "ada"] {
                let body = #"{"type":"user.login","actor":{"id":"\#(actor)"}}"#
                _ = try await client.post("/v1/events", body, headers: bearer(owner))
            }
            let all = try await client.get("/v1/exports/stream?type=user.*", headers: bearer(owner))
            #expect(all.text.split(separator: "\n").count == 3)
            await setting.tally.settle(everything: true)
            let reads = try await client.get("/v1/events?category=cairn", headers: bearer(owner))
            #expect(reads.text.contains("export"), "\(reads.text)")
        }
    }
}
