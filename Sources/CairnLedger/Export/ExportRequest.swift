// SPDX-License-Identifier: Apache-2.0

package import Cairn

/// What the data file of an export is; raw values are the names in every output.
package enum ExportFormat: String, CaseIterable, Sendable {
    /// Rows of a set of columns (RFC 4180).
    case csv
    /// One array of records.
    case json
    /// A record a line.
    case ndjson
    /// A workbook of a set of columns (ECMA-376).
    case xlsx

    /// Whether it has columns.
    package var isTable: Bool { self == .csv || self == .xlsx }
}

/// How the files of an export are made smaller; raw values are the names in every output.
package enum ExportCompression: String, CaseIterable, Sendable {
    case none, gzip, zstd

    /// What a file's name ends in.
    package var suffix: String {
        switch self {
        case .none: ""
        case .gzip: ".gz"
        case .zstd: ".zst"
        }
    }
}

/// What somebody wants exported, and how.
package struct ExportRequest: Sendable, Equatable {
    /// What the caller calls it: 1 to 128 bytes, without control characters.
    package var name = "export"
    /// What the data file is.
    package var format = ExportFormat.ndjson
    /// The set of columns of a table; of an array, the shape of an older service.
    package var columns: String?
    /// Whether cells that a spreadsheet may run are left as they are.
    package var isRaw = false
    /// Whether a CSV file begins with a byte order mark.
    package var hasMark = false
    /// How the files are made smaller.
    package var compression = ExportCompression.none
    /// Whether every record of the range that is left out is accounted for.
    package var isAccounted = false
    /// The conditions, by the names that `GET /v1/events` has for them.
    package var filter = JSONObject()

    /// The columns of a table that names no set: everything that is recorded.
    package static let completeColumns = "complete/1"
    /// The longest name, in bytes.
    package static let nameBytes = 128
    /// The longest filter, as canonical JSON in bytes.
    package static let filterBytes = 16 << 10

    /// Everything, as lines.
    package init() {}

    /// The name of the data file.
    package var dataName: String { "events.\(format.rawValue)\(compression.suffix)" }

    /// The name of the file of evidence.
    package var evidenceName: String { "records.ndjson\(compression.suffix)" }

    /// The conditions as a query, in order of index.
    ///
    /// - Throws: ``RecordQuery/Malformed`` naming what is wrong with the filter.
    package func query() throws(RecordQuery.Malformed) -> RecordQuery {
        var query = try RecordQuery(filter: filter)
        (query.sort, query.isDescending) = (.index, false)
        return query
    }

    /// The request as an object.
    package var json: JSONObject {
        var members: JSONObject = [
            "name": .string(name), "format": .string(format.rawValue),
            "compression": .string(compression.rawValue), "accounted": .bool(isAccounted),
            "filter": .object(filter),
        ]
        members["columns"] = columns.map { .string($0) }
        if format == .csv {
            members["formulas"] = .string(isRaw ? "raw" : "neutralised")
            members["bom"] = .bool(hasMark)
        }
        return members
    }

    /// Reads a request from an object; what it does not say is as usual.
    ///
    /// The set of columns is not judged here.
    ///
    /// - Throws: ``RecordQuery/Malformed`` naming the first member that breaks a rule.
    package init(_ members: JSONObject) throws(RecordQuery.Malformed) {
        self.init()
        for (name, value) in members {
            switch name {
            case "name": self.name = try Self.name(value)
            case "format": format = try Self.word(value, name)
            case "compression": compression = try Self.word(value, name)
            case "accounted": isAccounted = try Self.flag(value, name)
            case "bom": hasMark = try Self.flag(value, name)
            case "columns":
                guard let set = value.string else {
                    throw .init(member: name, rule: "must be the name of a set of columns")
                }
                columns = set
            case "formulas":
                switch value.string {
                case "neutralised": isRaw = false
                case "raw": isRaw = true
                default: throw .init(member: name, rule: "one of neutralised, raw")
                }
            case "filter":
                guard let filter = value.object else {
                    throw .init(member: name, rule: "must be an object")
                }
                self.filter = filter
            default: throw .init(member: name, rule: "is not a member of this request")
            }
        }
        if format.isTable, columns == nil { columns = Self.completeColumns }
        try check(members)
    }

    private func check(_ members: JSONObject) throws(RecordQuery.Malformed) {
        do throws(RecordQuery.Malformed) {
            _ = try query()
        } catch {
            throw .init(member: "filter.\(error.member)", rule: error.rule)
        }
        guard JSONValue.object(filter).canonical.bytes.count <= Self.filterBytes else {
            throw .init(member: "filter", rule: "must be at most \(Self.filterBytes) bytes long")
        }
        if isAccounted, filter["q"] != nil {
            throw .init(
                member: "accounted",
                rule: "cannot be with q: that words are absent cannot be shown without the texts"
            )
        }
        guard !format.isTable || compression == .none || format == .csv else {
            throw .init(member: "compression", rule: "a workbook is compressed already")
        }
        if format == .ndjson, columns != nil {
            throw .init(member: "columns", rule: "goes with the formats csv, json and xlsx")
        }
        for name in ["formulas", "bom"] where members[name] != nil && format != .csv {
            throw .init(member: name, rule: "goes with the format csv")
        }
    }

    private static func name(_ value: JSONValue) throws(RecordQuery.Malformed) -> String {
        guard let text = value.string, (1...nameBytes).contains(text.utf8.count),
            !text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control })
        else {
            throw .init(
                member: "name",
                rule: "must be a text of 1 to \(nameBytes) bytes without control characters"
            )
        }
        return text
    }

    private static func word<Word: RawRepresentable & CaseIterable>(
        _ value: JSONValue,
        _ name: String
    ) throws(RecordQuery.Malformed) -> Word where Word.RawValue == String {
        guard let word = value.string.flatMap({ Word(rawValue: $0) }) else {
            let words = Word.allCases.map(\.rawValue).joined(separator: ", ")
            throw .init(member: name, rule: "one of \(words)")
        }
        return word
    }

    private static func flag(
        _ value: JSONValue,
        _ name: String
    ) throws(RecordQuery.Malformed) -> Bool {
        guard let flag = value.bool else {
            throw .init(member: name, rule: "must be true or false")
        }
        return flag
    }
}
