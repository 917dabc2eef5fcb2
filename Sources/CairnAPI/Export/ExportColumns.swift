// SPDX-License-Identifier: Apache-2.0

package import Cairn

/// Which columns an export in CSV has: versioned sets, so that a file says what it is.
package enum ExportColumns: String, CaseIterable, Sendable {
    /// Everything that is recorded.
    case complete = "complete/1"
    /// The eleven columns of an audit service's exports.
    case orgs = "orgs/1"
    /// The same with organisation and details.
    case orgsDetails = "orgs-details/1"
    /// The twelve columns of an application's security log.
    case security = "security/1"

    /// Where a cell's value comes from.
    private enum Value: Sendable {
        case field(FieldPath.Known)
        /// A word of the format in upper case.
        case upper(FieldPath.Known)
        /// The type's name in the older service.
        case orgsType
        case resourceType, resourceID
        case id, index, receivedAt, retentionClass, leafHash, previousHash, hash
        case tenant
        /// The names of the columns that got an apostrophe.
        case neutralised
    }

    /// The names, as in the first record of a file.
    package var names: [String] { columns.map(\.name) }

    private var columns: [(name: String, value: Value)] {
        switch self {
        case .complete: Self.completeColumns
        case .orgs: Self.orgsColumns.filter { $0.name != "orgId" && $0.name != "details" }
        case .orgsDetails: Self.orgsColumns
        case .security: Self.securityColumns
        }
    }

    private static let completeColumns: [(name: String, value: Value)] = [
        ("index", .index), ("id", .id), ("received_at", .receivedAt), ("type", .field(.type)),
        ("action", .field(.action)), ("category", .field(.category)), ("outcome", .field(.outcome)),
        ("severity", .field(.severity)), ("risk", .field(.risk)),
        ("occurred_at", .field(.occurredAt)), ("occurred_offset", .field(.occurredOffset)),
        ("actor_type", .field(.actorType)), ("actor_id", .field(.actorID)),
        ("actor_name", .field(.actorName)), ("actor_email", .field(.actorEmail)),
        ("actor_session_id", .field(.actorSessionID)), ("resource_type", .resourceType),
        ("resource_id", .resourceID), ("resources", .field(.resources)),
        ("source_ip", .field(.sourceIP)), ("source_user_agent", .field(.sourceUserAgent)),
        ("source_request_id", .field(.sourceRequestID)),
        ("source_traceparent", .field(.sourceTraceparent)), ("description", .field(.description)),
        ("details", .field(.details)), ("change_before", .field(.changeBefore)),
        ("change_after", .field(.changeAfter)), ("external_id", .field(.externalID)),
        ("event_schema", .field(.eventSchema)), ("dialect", .field(.dialect)),
        ("dialect_rest", .field(.dialectRest)), ("redaction_rules", .field(.redactionRules)),
        ("redaction_paths", .field(.redactionPaths)), ("principal_id", .field(.principalID)),
        ("principal_subject", .field(.principalSubject)), ("defaulted", .field(.defaulted)),
        ("class", .retentionClass), ("leaf_hash", .leafHash), ("previous_hash", .previousHash),
        ("hash", .hash), ("neutralised", .neutralised),
    ]

    private static let orgsColumns: [(name: String, value: Value)] = [
        ("eventId", .id), ("eventType", .orgsType), ("timestamp", .field(.occurredAt)),
        ("orgId", .tenant), ("actorId", .field(.actorID)), ("actorType", .upper(.actorType)),
        ("action", .field(.action)), ("resourceType", .resourceType),
        ("resourceId", .resourceID), ("outcome", .upper(.outcome)),
        ("ipAddress", .field(.sourceIP)), ("userEmail", .field(.actorEmail)),
        ("details", .field(.details)),
    ]

    private static let securityColumns: [(name: String, value: Value)] = [
        ("id", .id), ("timestamp", .field(.occurredAt)), ("event_type", .field(.type)),
        ("outcome", .field(.outcome)), ("severity", .field(.severity)),
        ("user_id", .field(.actorID)), ("customer_id", .tenant), ("resource_type", .resourceType),
        ("resource_id", .resourceID), ("action", .field(.action)),
        ("description", .field(.description)), ("ip_address", .field(.sourceIP)),
    ]

    /// Writes the first record of a file: the names.
    package func appendHeader(to output: inout CSVOutput) {
        for name in names { output.cell(name) }
        output.endRecord()
    }

    /// Writes a record; what is absent is an empty cell, and documents are JSON.
    package func append(_ body: RecordBody, tenant: String, to output: inout CSVOutput) {
        append(body.fields ?? Fields(), id: body.id, record: body, tenant: tenant, to: &output)
    }

    /// Writes an event that is no record, or not known to be one; what a ledger says is empty.
    package func append(_ event: Event, id: EventID, at now: Timestamp, to output: inout CSVOutput)
    {
        let fields = event.fields(EventFacts(now: now), registry: .standard)
        append(fields, id: id, record: nil, tenant: "", to: &output)
    }

    private func append(
        _ fields: Fields,
        id: EventID,
        record: RecordBody?,
        tenant: String,
        to output: inout CSVOutput
    ) {
        // By the path's code; a field that is not there has no bytes, and every value has some.
        var places = [Range<Int>](repeating: 0..<0, count: FieldPath.Known.allCases.count + 1)
        for field in fields {
            if case .known(let known) = field.path { places[Int(known.rawValue)] = field.range }
        }
        let columns = columns
        fields.encoded.withUnsafeBytes { encoded in
            func bytes(_ path: FieldPath.Known) -> UnsafeRawBufferPointer? {
                let place = places[Int(path.rawValue)]
                return place.isEmpty ? nil : UnsafeRawBufferPointer(rebasing: encoded[place])
            }
            let resource = bytes(.resources).flatMap { try? JSONValue(parsing: Array($0)) }?[0]
            for (_, value) in columns {
                switch value {
                case .field(let path): Self.append(bytes(path), to: &output)
                case .upper(let path): output.cell(Self.text(bytes(path)).uppercased())
                case .orgsType: output.cell(OrgsTypes.name(ofType: Self.text(bytes(.type))))
                case .resourceType: output.cell(resource?["type"]?.string ?? "")
                case .resourceID: output.cell(resource?["id"]?.string ?? "")
                case .id: output.cell(id.text)
                case .index: output.cell(record.map { "\($0.index)" } ?? "")
                case .receivedAt: output.cell(record?.receivedAt.millisecondsText ?? "")
                case .retentionClass: output.cell(record?.retentionClass.text ?? "")
                case .leafHash: output.cell(record?.leafHash.hex ?? "")
                case .previousHash: output.cell(record?.previousHash.hex ?? "")
                case .hash: output.cell(record?.hash.hex ?? "")
                case .tenant: output.cell(tenant)
                case .neutralised:
                    output.cell(output.neutralised.map { columns[$0].name }.joined(separator: " "))
                }
            }
        }
        output.endRecord()
    }

    private static func text(_ canonical: UnsafeRawBufferPointer?) -> String {
        canonical.flatMap { JSONText.string(fromCanonical: $0) } ?? ""
    }

    /// A field's cell: a text without its quotes, anything else as JSON.
    private static func append(
        _ canonical: UnsafeRawBufferPointer?,
        to output: inout CSVOutput
    ) {
        guard let canonical, canonical.first == UInt8(ascii: "\"") else {
            output.cell(utf8: canonical ?? UnsafeRawBufferPointer(start: nil, count: 0))
            return
        }
        guard canonical.contains(UInt8(ascii: "\\")) else {
            output.cell(utf8: UnsafeRawBufferPointer(rebasing: canonical.dropFirst().dropLast()))
            return
        }
        output.cell(text(canonical))
    }
}
