// SPDX-License-Identifier: Apache-2.0
import CairnLedger
import CairnSpreadsheet
import Foundation
import Testing

@Suite("Workbooks")
struct WorkbookTests {
    /// The file within a workbook, as text.
    private static func file(_ name: String, of workbook: [UInt8]) async throws -> String {
        try await withTemporaryFolder { folder in
            let path = folder.appendingPathComponent("events.xlsx")
            try Data(workbook).write(to: path)
            let unzip = Tool(path: "/usr/bin/unzip")
            let run = try await unzip.run(["-p", path.path, name])
            guard run.status == 0 else { throw Unexpected(run.error) }
            return run.output
        }
    }

    /// A workbook of rows, to be read.
    private static func made(
        of rows: String,
        in folder: String = NSTemporaryDirectory(),
        sheetRows: UInt32 = 10
    ) async throws -> ObjectBytes {
        let pieces = Protected<[UInt8]?>(Array(rows.utf8))
        return try await WorkbookMaker.make(
            in: folder,
            sheetRows: sheetRows,
            facts: [("Export", "e-1")],
            rows: AsyncThrowingStream {
                pieces.withLock { pieces in
                    defer { pieces = nil }
                    return pieces
                }
            }
        )
    }

    /// The bytes of a workbook of rows.
    private static func workbook(of rows: String) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        for try await piece in try await made(of: rows) { bytes += piece }
        return bytes
    }

    @Test(
        "Rows that do not fit on a sheet go to the next, which has the columns' names and a filter too",
        .enabled(if: Tool(path: "/usr/bin/unzip").isThere, "unzip is not installed here"),
        arguments: [(9, 1), (10, 1), (11, 2), (20, 2), (25, 3)]
    )
    func sheets(rows: Int, sheets: Int) async throws {
        let text = "type,id\r\n" + (1...rows).map { "a.b,n\($0)\r\n" }.joined()
        let workbook = try await Self.workbook(of: text)
        let book = try await Self.file("xl/workbook.xml", of: workbook)
        let names = book.matches(of: /<sheet name="([^"]*)"/).map { String($0.output.1) }
        let expected = ["Records", "Records 2", "Records 3"].prefix(sheets)
        #expect(names == expected + ["About"])
        var found: [String] = []
        for number in 1...sheets {
            let sheet = try await Self.file("xl/worksheets/sheet\(number).xml", of: workbook)
            let cells = sheet.matches(of: /<t>([^<]*)<\/t>/).map { String($0.output.1) }
            #expect(cells.prefix(2) == ["type", "id"])
            let own = cells.dropFirst(2).filter { $0 != "a.b" }
            #expect(own.count <= 10)
            #expect(sheet.contains("<autoFilter ref=\"A1:B\(own.count + 1)\"/>"))
            #expect(sheet.contains("state=\"frozen\""))
            found += own
        }
        #expect(found == (1...rows).map { "n\($0)" })
    }

    @Test("Whatever a text holds, its cell can be written, and the same rows give the same bytes")
    func anyText() async throws {
        let texts = [
            String(repeating: "\u{0}", count: 32_767), String(repeating: "_x0041_", count: 5000),
            String(repeating: "😀", count: 20_000), String(repeating: "a", count: 32_768),
            "\u{FFFE}\u{FFFF}\u{1}_x0041\u{1}",
        ]
        let rows = "type\r\n" + texts.map { $0 + "\r\n" }.joined()
        let workbook = try await Self.workbook(of: rows)
        #expect(try await Self.workbook(of: rows) == workbook)
    }

    @Test("Workbooks that are begun at the same moment leave each other's folders be")
    func atOnce() async throws {
        try await withTemporaryFolder { folder in
            for _ in 0..<20 {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for _ in 0..<16 {
                        group.addTask {
                            for try await _ in try await Self.made(
                                of: "type\r\na\r\n",
                                in: folder.path
                            ) {}
                        }
                    }
                    try await group.waitForAll()
                }
            }
        }
    }

    @Test("What a killed process left of a workbook goes with the next, and nothing else does")
    func strays() async throws {
        try await withTemporaryFolder { folder in
            let files = FileManager.default
            let stray = folder.appendingPathComponent("cairn-workbook-stray")
            try files.createDirectory(at: stray, withIntermediateDirectories: true)
            try Data("half".utf8).write(to: stray.appendingPathComponent("events.xlsx"))
            let other = folder.appendingPathComponent("other")
            try Data().write(to: other)
            // The first is still to be read while the second is made.
            let books = [
                try await Self.made(of: "type\r\na\r\n", in: folder.path),
                try await Self.made(of: "type\r\na\r\n", in: folder.path),
            ]
            #expect(!files.fileExists(atPath: stray.path))
            #expect(files.fileExists(atPath: other.path))
            var sizes: [Int] = []
            for book in books {
                var size = 0
                for try await piece in book { size += piece.count }
                sizes.append(size)
            }
            #expect(sizes[0] > 1000 && sizes[0] == sizes[1])
        }
    }
}
