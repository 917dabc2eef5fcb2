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

    private let columns: ExportColumns?
    private let isRaw: Bool
    private let hasMark: Bool

    /// Reads `format`, `columns`, `formulas` and `bom`, as a request has them; nil for one it has not.
    package init(_ value: (_ name: String) -> String?) throws(Invalid) {
        switch value("format") {
        case nil, "ndjson":
            for name in ExportShape.parameters.dropFirst() where value(name) != nil {
                throw Invalid(name: name, message: "goes with the format csv")
            }
            (columns, isRaw, hasMark) = (nil, true, false)
            return
        case "csv":
            let name = value("columns") ?? ExportColumns.complete.rawValue
            guard let set = ExportColumns(rawValue: name) else {
                let all = ExportColumns.allCases.map(\.rawValue).joined(separator: ", ")
                throw Invalid(name: "columns", message: "one of \(all)")
            }
            columns = set
        default: throw Invalid(name: "format", message: "one of ndjson, csv")
        }
        switch value("formulas") {
        case nil, "neutralised": isRaw = false
        case "raw": isRaw = true
        default: throw Invalid(name: "formulas", message: "one of neutralised, raw")
        }
        switch value("bom") {
        case nil, "false": hasMark = false
        case "true", "": hasMark = true
        default: throw Invalid(name: "bom", message: "must be true or false")
        }
    }

    /// The content type.
    package var mediaType: String {
        columns == nil ? MediaType.ndjson : "text/csv; charset=utf-8; header=present"
    }

    /// How a file's name ends.
    package var fileExtension: String { columns == nil ? "ndjson" : "csv" }

    /// What comes before the first record.
    package func beginning() -> [UInt8] {
        guard let columns else { return [] }
        var output = CSVOutput(isRaw: isRaw)
        columns.appendHeader(to: &output)
        return (hasMark ? [0xEF, 0xBB, 0xBF] : []) + output.bytes
    }

    /// Some records of a tenant.
    package func bytes(_ records: [RecordBody], tenant: String) -> [UInt8] {
        if let columns {
            var output = CSVOutput(isRaw: isRaw)
            for record in records { columns.append(record, tenant: tenant, to: &output) }
            return output.bytes
        }
        var output = JSONOutput(reservingCapacity: records.count * 1024)
        for record in records {
            record.append(to: &output)
            output.endLine()
        }
        return output.bytes
    }
}
