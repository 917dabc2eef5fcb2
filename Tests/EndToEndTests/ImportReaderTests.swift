// SPDX-License-Identifier: Apache-2.0
import Cairn
import Foundation
import Testing

@testable import CairnCommand

@Suite("Reading hostile files")
struct ImportReaderTests {
    /// What a reader gives: the text of each entry, or its place and the reason there is none.
    private func all(_ reader: some EntryReader) throws -> [String] {
        var reader = reader
        var texts: [String] = []
        while let entry = try reader.next() {
            switch entry {
            case .entry(_, let bytes): texts.append(String(decoding: bytes, as: UTF8.self))
            case .unreadable(let place, let reason): texts.append("\(place): \(reason)")
            }
        }
        return texts
    }

    private func table(_ text: String, hasHeader: Bool = true) -> CSVReader {
        CSVReader(MadeSource(text), name: "t", hasHeader: hasHeader)
    }

    private func array(_ text: String) -> RecordsReader {
        RecordsReader(MadeSource(text), name: "t", member: nil)
    }

    // MARK: Shapes

    @Test("A file's shape is told by its beginning")
    func shapes() {
        let shapes: [(String, InputShape)] = [
            (" \n[1]", .array), ("", .lines), (#"{"a":1}"#, .lines), ("id,b\n", .table),
            (#"{"kind":"EventList","items":[{}]}"#, .list("items")),
            (#"{"x":{"items":[1]},"y":"items","z":[1]}"#, .lines),
            (#"{"it\"ems":[1]}"#, .lines), (#"{"a": "]}\"", "items" : ["#, .list("items")),
            (#"{"a":["#, .lines), (#"{"items":{}}{"items":[]}"#, .lines),
        ]
        for (text, shape) in shapes {
            #expect(InputShape(of: Array(text.utf8), lists: ["items"]) == shape, "\(text)")
        }
    }

    @Test("A byte order mark is passed over, and nothing else of the beginning")
    func byteOrderMark() throws {
        var source = try PeekedSource(MadeSource("\u{FEFF}[1]"))
        #expect(source.head == Array("[1]".utf8))
        #expect(try source.next() == Array("[1]".utf8))
        #expect(try source.next() == nil)
    }

    // MARK: Arrays

    @Test("An array is read element by element, with what is between them")
    func arrays() throws {
        #expect(try all(array(" [ ] ")) == [])
        #expect(
            try all(array(#"[{"a":"]\""} , [1,[2]],"x,]", 3 ,null]"#))
                == [#"{"a":"]\""}"#, "[1,[2]]", #""x,]""#, "3", "null"]
        )
    }

    @Test(
        "Unbalanced JSON is told, never passed over in silence",
        arguments: [
            "", "[", "[1", "[{\"a\":1}", "[{\"a\":[1}", "[\"x", "[1}", "{}", "[1][2]", "[1]x",
        ]
    )
    func unbalanced(_ text: String) {
        #expect(throws: CommandFailure.self) { try all(array(text)) }
    }

    @Test("An element that is too long is refused, and the next one is read")
    func longElement() throws {
        let source = JoinedSource(
            MadeSource("[\""),
            MadeSource(Array(repeating: UInt8(ascii: "x"), count: 1 << 20), times: 9),
            MadeSource("\",2]")
        )
        let texts = try all(RecordsReader(source, name: "t", member: nil))
        #expect(texts == ["1: the item is longer than \(7 << 20) bytes", "2"])
    }

    // MARK: Lines

    @Test("A line that is too long is refused in a small part of its length, and the next is read")
    func longLine() throws {
        let source = JoinedSource(
            MadeSource(Array(repeating: UInt8(ascii: "x"), count: 1 << 20), times: 32),
            MadeSource("\n{}\n")
        )
        #expect(
            try all(LineReader(source)) == ["1: the line is longer than \(7 << 20) bytes", "{}"]
        )
    }

    // MARK: CSV

    @Test("Cells may have quotes, commas, line breaks, and be empty or absent")
    func cells() throws {
        let text = "a,b,c\r\n1,\"x, \"\"y\"\"\r\nz\",\r\n\r\n,\"\",é"
        #expect(
            try all(table(text)) == [
                #"{"a":"1","b":"x, \"y\"\r\nz"}"#, #"{"b":"","c":"é"}"#,
            ]
        )
        #expect(try all(table("1,,\"\"\n", hasHeader: false)) == [#"["1",null,""]"#])
        #expect(try all(table("")) == [])
        #expect(try all(table("a,b\n")) == [])
    }

    @Test("A row that is no CSV, or does not fit the header, is refused by its first line")
    func badRows() throws {
        let text = "a,b\n\"1\n2\",3\n\"4\"x,5\n6\n7,8,9\n\"10,11"
        #expect(
            try all(table(text)) == [
                #"{"a":"1\n2","b":"3"}"#,
                "4: text after the end of the cell whose quote opens in line 4",
                "5: a row of 1 cells; the header has 2", "6: a row of 3 cells; the header has 2",
                "7: the file ends inside the quote that opens in line 7",
            ]
        )
        #expect(
            try all(table("a,b\n1,\"2\n3,\"4\"\n5,6\n")) == [
                "2: text after the end of the cell whose quote opens in line 2",
                #"{"a":"5","b":"6"}"#,
            ]
        )
    }

    @Test("A quote that does not end is told by its line, and what is behind it is no row")
    func strayQuote() throws {
        let text = "a,b\n1,2\n3,\"4\n" + String(repeating: "5,6\n", count: CSVRecord.limitLines)
        var reader = table(text)
        #expect(try reader.next() == .entry(place: 2, bytes: Array(#"{"a":"1","b":"2"}"#.utf8)))
        let failure = #expect(throws: CommandFailure.self) { try reader.next() }
        #expect(failure?.description.contains("line 3") == true)
        let long = "a,b\n1,\"" + String(repeating: "x\n", count: CSVRecord.limitLines - 1) + "\"\n"
        #expect(try all(table(long)).count == 1)
    }

    @Test("A header with two columns of a name, or one without, is told")
    func badHeaders() {
        for text in ["a,a\n1,2\n", "a,,b\n1,2,3\n", "\"a\n"] {
            #expect(throws: CommandFailure.self, "\(text)") { try all(table(text)) }
        }
    }

    @Test("Bytes that are not UTF-8 are refused, and the next row is read")
    func notUTF8() throws {
        let bytes = Array("a,b\n1,".utf8) + [0xFF, 0xFE] + Array("\n2,3\n".utf8)
        let reader = CSVReader(MadeSource(bytes), name: "t", hasHeader: true)
        #expect(try all(reader) == ["2: the row is not UTF-8", #"{"a":"2","b":"3"}"#])
        var mapping = JournaldMapping(ImportKey([7]))
        let broken =
            Array(#"{"__REALTIME_TIMESTAMP":"1","MESSAGE":""#.utf8) + [0xC3] + Array("\"}".utf8)
        #expect(throws: ImportRefusal.self) { try mapping.read(broken) }
    }

    @Test("A row of too many bytes or cells is refused, and the next is read")
    func longRows() throws {
        let source = JoinedSource(
            MadeSource("a,b\n\""),
            MadeSource(Array(repeating: UInt8(ascii: "x"), count: 1 << 20), times: 8),
            MadeSource("\",1\n"),
            MadeSource(Array(repeating: UInt8(ascii: ","), count: 5000)),
            MadeSource("\n2,3\n")
        )
        #expect(
            try all(CSVReader(source, name: "t", hasHeader: true)) == [
                "2: the row is longer than \(7 << 20) bytes", "3: more than 1024 cells",
                #"{"a":"2","b":"3"}"#,
            ]
        )
    }

    @Test("Whatever bytes come, a mapping refuses or gives a valid event, and nothing falls over")
    func mutations() throws {
        let samples: [(ImportFormat, String)] = [
            (.orgsArchive, "orgs-items.ndjson"), (.securityAudit, "security-audit.csv"),
            (.auditService, "audit-service.json"), (.kubernetes, "kubernetes-list.json"),
            (.pgaudit, "pgaudit.csv"), (.journald, "journald.ndjson"),
        ]
        var state: UInt64 = 0x5EED
        try withTemporaryFile { file in
            for (format, name) in samples {
                let original = try Data(contentsOf: URL(fileURLWithPath: ImportSample.path(name)))
                for _ in 0..<40 {
                    var bytes = original
                    for _ in 0..<3 {
                        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                        let place = Int(state >> 33) % bytes.count
                        bytes[bytes.startIndex + place] = UInt8(truncatingIfNeeded: state >> 25)
                    }
                    try bytes.write(to: file)
                    try read(format, file.path)
                }
            }
        }
    }

    /// Reads a file to its end, or to where it cannot be read.
    private func read(_ format: ImportFormat, _ path: String) throws {
        let plan = ImportPlan(format: format, importKey: [7], place: "")
        do {
            var (reader, mapping) = try plan.open(path)
            for entry in try ImportSample.entries(&reader, &mapping) {
                guard case .refused(_, let reason) = entry else { continue }
                #expect(!reason.hasPrefix("not valid") || reason.contains("too"), "\(reason)")
            }
        } catch is CommandFailure {
            return
        }
    }

    private func withTemporaryFile(_ body: (URL) throws -> Void) throws {
        let file = FileManager.default.temporaryDirectory
            .appendingPathComponent("cairn-import-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: file) }
        try body(file)
    }
}
