// SPDX-License-Identifier: Apache-2.0

internal import CairnAPI
package import CairnLedger

/// Writes records as the API shows them: the data files of exports.
package struct ExportEncoder: RecordEncoder {
    private let shape: ExportShape

    /// The encoder of a request; a workbook's rows are CSV as it is recorded.
    ///
    /// - Throws: ``RecordQuery/Malformed`` for a set of columns that there is not.
    package init(_ request: ExportRequest) throws(RecordQuery.Malformed) {
        switch request.format {
        case .json: shape = .array
        case .ndjson: shape = .lines
        case .csv, .xlsx:
            let name = request.columns ?? ExportColumns.complete.rawValue
            guard let columns = ExportColumns(rawValue: name) else {
                let all = ExportColumns.allCases.map(\.rawValue).joined(separator: ", ")
                throw .init(member: "columns", rule: "one of \(all)")
            }
            shape = .table(
                columns,
                isRaw: request.isRaw || request.format == .xlsx,
                hasMark: request.hasMark
            )
        }
    }

    /// What comes before the first record.
    package func beginning() -> [UInt8] { shape.beginning() }

    /// Some records of a tenant, the first ones of the file or later ones.
    package func bytes(
        _ records: [FoundRecord],
        of tenant: String,
        areFirst: Bool
    ) throws(LedgerError) -> [UInt8] {
        var bodies: [RecordBody] = []
        bodies.reserveCapacity(records.count)
        for record in records { bodies.append(try RecordBody(record)) }
        return shape.bytes(bodies, tenant: tenant, areFirst: areFirst)
    }

    /// What comes behind the last record.
    package func ending() -> [UInt8] { shape.ending() }
}
