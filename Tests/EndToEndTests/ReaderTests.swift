// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

@testable import CairnCommand

/// Gives bytes in pieces of a size.
private struct PieceSource: ByteSource {
    private var rest: ArraySlice<UInt8>
    private let size: Int

    init(_ text: String, size: Int) {
        rest = Array(text.utf8)[...]
        self.size = size
    }

    mutating func next() -> [UInt8]? {
        guard !rest.isEmpty else { return nil }
        defer { rest = rest.dropFirst(size) }
        return Array(rest.prefix(size))
    }
}

@Suite("Reading what is imported")
struct ReaderTests {
    private func entries(_ reader: some EntryReader) throws -> [String] {
        var reader = reader
        var entries: [String] = []
        while let entry = try reader.next() {
            switch entry {
            case .entry(let place, let bytes):
                entries.append("\(place):" + String(decoding: bytes, as: UTF8.self))
            case .unreadable(let place, _): entries.append("\(place)!")
            }
        }
        return entries
    }

    @Test("Lines are the same however the bytes come", arguments: [1, 2, 3, 7, 1000])
    func lines(size: Int) throws {
        let text = "one\r\n\n  \ntwo\nthree"
        let expected = ["1:one", "4:two", "5:three"]
        #expect(try entries(LineReader(PieceSource(text, size: size))) == expected)
        #expect(try entries(LineReader(PieceSource(text + "\n", size: size))) == expected)
    }

    @Test("A line that is too long is told, and the next one is read")
    func longLine() throws {
        let long = String(repeating: "x", count: LineReader.limitBytes + 1)
        let read = try entries(LineReader(PieceSource("a\n\(long)\nb\n", size: 1 << 16)))
        #expect(read == ["1:a", "2!", "3:b"])
        #expect(try entries(LineReader(PieceSource(long, size: 1 << 20))) == ["1!"])
    }

    @Test("Records are found however the bytes come", arguments: [1, 2, 3, 7, 1000])
    func records(size: Int) throws {
        let text = #"""
            {"a": {"Records": [9]}, "b": "]}\"", "Records": [ {"x":"]}\\\""},12 ,"t", [1,{}],null],
            "c": [1, {"d": true}]}
            """#
        let read = try entries(
            RecordsReader(PieceSource(text, size: size), name: "f", member: "Records")
        )
        #expect(read == [#"1:{"x":"]}\\\""}"#, "2:12", #"3:"t""#, "4:[1,{}]", "5:null"])
    }

    @Test("Elements and rows are found however the bytes come", arguments: [1, 2, 3, 7, 1000])
    func elements(size: Int) throws {
        let array = PieceSource(#"[{"x":"]}\\\""},12 ,"t"]"#, size: size)
        #expect(
            try entries(RecordsReader(array, name: "f", member: nil))
                == [#"1:{"x":"]}\\\""}"#, "2:12", #"3:"t""#]
        )
        let table = PieceSource("a,b\r\n\"1\n\"\"\",2\r\n3,\r\n", size: size)
        #expect(
            try entries(CSVReader(table, name: "f", hasHeader: true))
                == [#"2:{"a":"1\n\"","b":"2"}"#, #"4:{"a":"3"}"#]
        )
    }

    @Test("A file without records is refused", arguments: ["", "[]", "{}", #"{"Records":{}}"#])
    func noRecords(text: String) {
        #expect(throws: CommandFailure.self) {
            try entries(RecordsReader(PieceSource(text, size: 8), name: "f", member: "Records"))
        }
    }

    @Test("A file that ends in the middle is refused after what it holds")
    func truncated() throws {
        var reader = RecordsReader(
            PieceSource(#"{"Records":[{"a":1},{"b""#, size: 5),
            name: "f",
            member: "Records"
        )
        let first = try reader.next()
        #expect(first == .entry(place: 1, bytes: Array(#"{"a":1}"#.utf8)))
        #expect(throws: CommandFailure.self) { try reader.next() }
    }

    @Test("A quantile is within two percent of the true one")
    func quantiles() {
        var histogram = LatencyHistogram()
        for value in 1...100_000 { histogram.record(microseconds: UInt64(value)) }
        for share in [0.5, 0.9, 0.99, 0.999] {
            let found = Double(histogram.quantile(share))
            #expect(abs(found - share * 100_000) <= share * 100_000 * 0.02, "\(share): \(found)")
        }
        #expect(histogram.quantile(1) == 100_000)
    }
}
