// SPDX-License-Identifier: Apache-2.0

internal import Cairn
internal import CairnAPI
package import CairnLedger

/// Writes records as the API shows them: the data files of exports.
package struct ExportEncoder: RecordEncoder {
    private let shape: ExportShape
    /// Shows a record as an older service does, where that is asked for.
    private var shown: (@Sendable (FoundRecord, _ tenant: String) -> JSONObject)?

    /// The encoder of a request; a workbook's rows are CSV as it is recorded.
    ///
    /// - Throws: ``RecordQuery/Malformed`` for a set of columns that there is not.
    package init(_ request: ExportRequest) throws(RecordQuery.Malformed) {
        switch request.format {
        case .json:
            shape = .array
            switch request.columns {
            case nil: break
            case "orgs/1":
                shown = { found, tenant in
                    var members = OrgsDialect().shown(found)
                    members["orgId"] = .string(tenant)
                    return members
                }
            case "logs/1": shown = { found, _ in LogsDialect().shown(found) }
            case "audit/1": shown = { found, _ in AuditDialect().shown(found) }
            default: throw .init(member: "columns", rule: "one of orgs/1, logs/1, audit/1")
            }
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
        if let shown {
            return Self.array(records.map { shown($0, tenant) }, areFirst: areFirst)
        }
        var bodies: [RecordBody] = []
        bodies.reserveCapacity(records.count)
        for record in records { bodies.append(try RecordBody(record)) }
        return shape.bytes(bodies, tenant: tenant, areFirst: areFirst)
    }

    /// Objects as elements of an array that is indented by two.
    private static func array(
        _ objects: [JSONObject],
        areFirst: Bool
    ) -> [UInt8] {
        var output: [UInt8] = []
        for (position, object) in objects.enumerated() {
            if !areFirst || position > 0 { output.append(UInt8(ascii: ",")) }
            for line in JSONText.prettyPrinted(.object(object)).utf8.split(separator: 0x0A) {
                output += [0x0A, UInt8(ascii: " "), UInt8(ascii: " ")]
                output += line
            }
        }
        return output
    }

    /// What comes behind the last record.
    package func ending() -> [UInt8] { shape.ending() }
}
