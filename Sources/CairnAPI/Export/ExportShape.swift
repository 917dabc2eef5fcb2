// SPDX-License-Identifier: Apache-2.0

/// How exported records are written: a JSON object a line, or CSV of a set of columns.
package struct ExportShape: Sendable {
    /// Why there is no such shape.
    package struct Invalid: Error, Equatable, Sendable {
        /// The parameter that is wrong.
        package let name: String
        /// What is allowed.
        package let message: String
    }

    /// The parameters by which a shape is asked for.
    package static let parameters = ["format", "columns", "formulas", "bom"]

    /// How records stand in a file.
    private enum Layout {
        case lines
        case array
        case table(ExportColumns, isRaw: Bool, hasMark: Bool)
    }

    private let layout: Layout

    /// A JSON object a line.
    package static let lines = ExportShape(layout: .lines)
    /// One JSON array.
    package static let array = ExportShape(layout: .array)

    /// CSV of a set of columns.
    package static func table(
        _ columns: ExportColumns,
        isRaw: Bool,
        hasMark: Bool
    ) -> ExportShape {
        ExportShape(layout: .table(columns, isRaw: isRaw, hasMark: hasMark))
    }

    private init(layout: Layout) {
        self.layout = layout
    }

    /// Reads `format`, `columns`, `formulas` and `bom`, as a request has them; nil for one it has not.
    package init(_ value: (_ name: String) -> String?) throws(Invalid) {
        switch value("format") {
        case nil, "ndjson":
            for name in ExportShape.parameters.dropFirst() where value(name) != nil {
                throw Invalid(name: name, message: "goes with the format csv")
            }
            self = .lines
        case "csv":
            let name = value("columns") ?? ExportColumns.complete.rawValue
            guard let set = ExportColumns(rawValue: name) else {
                let all = ExportColumns.allCases.map(\.rawValue).joined(separator: ", ")
                throw Invalid(name: "columns", message: "one of \(all)")
            }
            self = .table(
                set,
                isRaw: try ExportShape.isRaw(value("formulas")),
                hasMark: try ExportShape.hasMark(value("bom"))
            )
        default: throw Invalid(name: "format", message: "one of ndjson, csv")
        }
    }

    private static func isRaw(_ word: String?) throws(Invalid) -> Bool {
        switch word {
        case nil, "neutralised": false
        case "raw": true
        default: throw Invalid(name: "formulas", message: "one of neutralised, raw")
        }
    }

    private static func hasMark(_ word: String?) throws(Invalid) -> Bool {
        switch word {
        case nil, "false": false
        case "true", "": true
        default: throw Invalid(name: "bom", message: "must be true or false")
        }
    }

    /// The content type.
    package var mediaType: String {
        switch layout {
        case .lines: MediaType.ndjson
        case .array: MediaType.json
        case .table: "text/csv; charset=utf-8; header=present"
        }
    }

    /// How a file's name ends.
    package var fileExtension: String {
        switch layout {
        case .lines: "ndjson"
        case .array: "json"
        case .table: "csv"
        }
    }

    /// What comes before the first record.
    package func beginning() -> [UInt8] {
        switch layout {
        case .lines: return []
        case .array: return [UInt8(ascii: "[")]
        case .table(let columns, let isRaw, let hasMark):
            var output = CSVOutput(isRaw: isRaw)
            columns.appendHeader(to: &output)
            return (hasMark ? [0xEF, 0xBB, 0xBF] : []) + output.bytes
        }
    }

    /// Some records of a tenant, the first ones of a file or later ones.
    package func bytes(
        _ records: [RecordBody],
        tenant: String,
        areFirst: Bool = false
    ) -> [UInt8] {
        if case .table(let columns, let isRaw, _) = layout {
            var output = CSVOutput(isRaw: isRaw)
            for record in records { columns.append(record, tenant: tenant, to: &output) }
            return output.bytes
        }
        var output = JSONOutput(reservingCapacity: records.count * 1024)
        let isArray = if case .array = layout { true } else { false }
        for (position, record) in records.enumerated() {
            if isArray { output.beginElement(isFirst: areFirst && position == 0) }
            record.append(to: &output)
            if !isArray { output.endLine() }
        }
        return output.bytes
    }

    /// What comes behind the last record.
    package func ending() -> [UInt8] {
        if case .array = layout { Array("\n]\n".utf8) } else { [] }
    }
}
