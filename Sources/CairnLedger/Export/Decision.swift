// SPDX-License-Identifier: Apache-2.0

internal import Cairn

/// Whether a record is one that an export asks for.
enum Decision: Equatable {
    /// It meets every condition.
    case matches
    /// It fails the named condition, as the field at a path shows, or the leaf alone.
    case fails(condition: String, at: FieldPath?)
    /// Nobody can say.
    case undecidable(EvidenceLine.Reason)
}

extension RecordQuery {
    /// Decides by the record itself; the range of indexes is not looked at, nor are words.
    func decision(on record: StoredRecord) throws(StoreError) -> Decision {
        let leaf: Leaf
        do {
            leaf = try Leaf(parsing: record.leaf)
        } catch {
            throw .corrupt("the leaf of record \(record.index) is malformed")
        }
        for name in ["schema", "received_from", "received_to"]
        where fails(name, leaf: leaf, fields: nil) {
            return .fails(condition: name, at: nil)
        }
        guard let fields = record.payload?.fields else { return .undecidable(.pruned) }
        for name in ["from", "to"] where fails(name, leaf: leaf, fields: fields) {
            return .fails(condition: name, at: .known(.occurredAt))
        }
        // What tells least of the record comes first: it is shown.
        let ordered = filters.sorted {
            ($0.key.telling, $0.key.name) < ($1.key.telling, $1.key.name)
        }
        for filter in ordered where !RecordQuery.matches(filter, fields) {
            return .fails(condition: filter.key.name, at: filter.key.path)
        }
        return .matches
    }

    /// The field by which the named condition is decided, or nil if the leaf decides, or if there is
    /// no such condition.
    func path(of condition: String) -> FieldPath? {
        switch condition {
        case "from", "to": .known(.occurredAt)
        default: filters.first { $0.key.name == condition }?.key.path
        }
    }

    /// Whether a record of these fields fails the named condition; false if there is none.
    func fails(_ condition: String, leaf: Leaf, fields: Fields?) -> Bool {
        switch condition {
        case "schema": return schema.map { leaf.schema != $0 } ?? false
        case "received_from": return receivedFrom.map { leaf.receivedAt < $0 } ?? false
        case "received_to": return receivedTo.map { leaf.receivedAt >= $0 } ?? false
        case "from", "to":
            guard occurredFrom != nil || occurredTo != nil, let fields,
                let time = fields.text(.occurredAt).flatMap({ try? Timestamp.parse($0).timestamp })
            else { return false }
            return condition == "from"
                ? occurredFrom.map { time < $0 } ?? false
                : occurredTo.map { time >= $0 } ?? false
        default:
            guard let filter = filters.first(where: { $0.key.name == condition }), let fields else {
                return false
            }
            return !RecordQuery.matches(filter, fields)
        }
    }
}

extension FilterKey {
    /// How much of a record its field tells.
    fileprivate var telling: Int {
        switch self {
        case .details: 3
        case .resource, .resourceType, .resourceID: 2
        default: path.isPersonal ? 1 : 0
        }
    }
}
