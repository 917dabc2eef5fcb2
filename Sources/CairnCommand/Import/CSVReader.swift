// SPDX-License-Identifier: Apache-2.0
import Cairn

/// The rows of a CSV file, each as a JSON text.
///
/// With a header, a row is the object of its columns, without those that are empty; else it is the
/// array of its cells, null where one is empty. What reads a row need not know how it was written.
struct CSVReader: EntryReader {
    /// The longest row, in bytes.
    static let limitBytes = 7 << 20

    let unit = "line"
    private var source: any ByteSource
    private let name: String
    private let hasHeader: Bool
    private var header: [String]?
    private var piece: [UInt8] = []
    private var position = 0
    private var line = 1

    init(_ source: any ByteSource, name: String, hasHeader: Bool) {
        self.source = source
        self.name = name
        self.hasHeader = hasHeader
    }

    mutating func next() throws -> ImportEntry? {
        if hasHeader, header == nil {
            guard let (_, record) = try nextRecord() else { return nil }
            header = try columns(record)
        }
        guard let (place, record) = try nextRecord() else { return nil }
        if let fault = record.fault { return .unreadable(place: place, reason: fault) }
        let cells = record.cells.map { bytes -> String?? in
            bytes.map { String(validating: $0, as: UTF8.self) }
        }
        guard !cells.contains(where: { $0 == .some(.none) }) else {
            return .unreadable(place: place, reason: "the row is not UTF-8")
        }
        let values = cells.map { $0.flatMap { $0 }.map { JSONValue.string($0) } }
        guard let header else {
            let row = JSONValue.array(values.map { $0 ?? .null })
            return .entry(place: place, bytes: row.canonical.bytes)
        }
        guard values.count == header.count else {
            return .unreadable(
                place: place,
                reason: "a row of \(values.count) cells; the header has \(header.count)"
            )
        }
        let members = zip(header, values).compactMap { name, value in
            value.map { (name: name, value: $0) }
        }
        return .entry(
            place: place,
            bytes: JSONValue.object(JSONObject(members)).canonical.bytes
        )
    }

    /// The names in a header, which have to differ.
    private func columns(_ record: CSVRecord) throws -> [String] {
        let names = record.cells.map { $0.flatMap { String(validating: $0, as: UTF8.self) } ?? "" }
        guard record.fault == nil, !names.contains(""),
            Set(names.map(JSONName.init)).count == names.count
        else {
            throw CommandFailure.badInput(
                "\(name) begins with no header: each column needs a name of its own"
            )
        }
        return names
    }

    /// The next record that is not blank, and the line it begins in.
    private mutating func nextRecord() throws -> (line: Int, record: CSVRecord)? {
        var first = line
        var record = CSVRecord(limitBytes: CSVReader.limitBytes, line: first)
        while let byte = try byte() {
            if byte == UInt8(ascii: "\n") { line += 1 }
            guard record.take(byte) else {
                // To go on within it would make rows of what somebody may have put into a cell.
                guard !record.isEndless else { throw endless(record) }
                continue
            }
            if !record.isBlank { return (first, record) }
            first = line
            record = CSVRecord(limitBytes: CSVReader.limitBytes, line: first)
        }
        record.end()
        return record.isBlank ? nil : (first, record)
    }

    private func endless(_ record: CSVRecord) -> CommandFailure {
        .badInput(
            "\(name): the quote that opens in line \(record.quoteLine) does not end within "
                + "\(CSVRecord.limitLines) lines; what was before it is imported, mend it and import "
                + "the file again"
        )
    }

    private mutating func byte() throws -> UInt8? {
        while position == piece.count {
            guard let next = try source.next() else { return nil }
            piece = next
            position = 0
        }
        defer { position += 1 }
        return piece[position]
    }
}
