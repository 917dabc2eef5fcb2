// SPDX-License-Identifier: Apache-2.0

package import Cairn

extension FilterKey {
    /// The key that compares a field, if one does.
    init?(_ path: FieldPath.Known) {
        switch path {
        case .type: self = .type
        case .action: self = .action
        case .category: self = .category
        case .outcome: self = .outcome
        case .severity: self = .severity
        case .risk: self = .risk
        case .actorID: self = .actorID
        case .actorType: self = .actorType
        case .actorSessionID: self = .sessionID
        case .sourceIP: self = .ip
        case .sourceRequestID: self = .requestID
        case .externalID: self = .externalID
        default: return nil
        }
    }

    /// The key that compares a member of a document, if one does.
    static func member(of document: FieldPath.Known, at path: [UInt8]) -> FilterKey? {
        switch document {
        case .details: .details(String(decoding: path, as: UTF8.self))
        case .resources where path.elementsEqual("type".utf8): .resourceType
        case .resources where path.elementsEqual("id".utf8): .resourceID
        default: nil
        }
    }

    /// The longest path of a member of `details` that a filter can name, in bytes.
    package static let detailsPathLimitBytes = 256

    /// Begins the term of a member of `details`.
    static func append(detailsPath path: [UInt8], to hash: inout TermHash) {
        hash.append(15)
        path.withUnsafeBytes { hash.append($0) }
        hash.append(0)
    }

    func append(to hash: inout TermHash) {
        switch self {
        case .type: hash.append(1)
        case .action: hash.append(2)
        case .category: hash.append(3)
        case .outcome: hash.append(4)
        case .severity: hash.append(5)
        case .risk: hash.append(6)
        case .actorID: hash.append(7)
        case .actorType: hash.append(8)
        case .resourceType: hash.append(9)
        case .resourceID: hash.append(10)
        case .ip: hash.append(11)
        case .requestID: hash.append(12)
        case .sessionID: hash.append(13)
        case .externalID: hash.append(14)
        case .resource: hash.append(16)
        case .details(let path): FilterKey.append(detailsPath: Array(path.utf8), to: &hash)
        }
    }
}

extension RecordQuery {
    /// Whether a record matches every condition, by the record itself and not by any index.
    package func matches(_ record: StoredRecord) -> Bool {
        guard matchesRanges(index: record.index, occurredAt: record.occurredAt) else {
            return false
        }
        if receivedFrom != nil || receivedTo != nil || schema != nil {
            guard let leaf = try? Leaf(parsing: record.leaf) else { return false }
            if let schema, leaf.schema != schema { return false }
            if let receivedFrom, leaf.receivedAt < receivedFrom { return false }
            if let receivedTo, leaf.receivedAt >= receivedTo { return false }
        }
        guard !filters.isEmpty || text != nil else { return true }
        guard let fields = record.payload?.fields else { return false }
        guard filters.allSatisfy({ RecordQuery.matches($0, fields) }) else { return false }
        return text?.matches(RecordTerms.words(of: fields)) ?? true
    }

    /// Whether a record's place is within the ranges of position and caller's time.
    package func matchesRanges(index: UInt64, occurredAt: Timestamp) -> Bool {
        if let indexFrom, index < indexFrom { return false }
        if let indexTo, index >= indexTo { return false }
        if let occurredFrom, occurredAt < occurredFrom { return false }
        if let occurredTo, occurredAt >= occurredTo { return false }
        return true
    }

    static func matches(_ filter: Filter, _ fields: Fields) -> Bool {
        for field in fields {
            guard case .known(let known) = field.path else { continue }
            if FilterKey(known) == filter.key {
                guard let text = fields.text(of: field) else { return false }
                return filter.accepts(Array(text.utf8))
            }
            guard known == filter.key.document else { continue }
            guard filter.key != .resource else {
                return fields.withValue(of: field) { filter.accepts(resourceOf: $0) }
            }
            var isFound = false
            fields.withValue(of: field) { value in
                DocumentWalker.walk(value) { path, scalar, _ in
                    guard !isFound, filter.key.isMember(at: path) else { return }
                    isFound = filter.accepts(Array(scalar))
                }
            }
            return isFound
        }
        return false
    }
}

extension FilterKey {
    /// The document whose member is compared, if it is not a field of its own.
    fileprivate var document: FieldPath.Known? {
        switch self {
        case .resourceType, .resourceID, .resource: .resources
        case .details: .details
        default: nil
        }
    }

    /// Whether the member at a path of that document is compared; paths are equal by their bytes.
    fileprivate func isMember(at path: [UInt8]) -> Bool {
        switch self {
        case .resourceType: path.elementsEqual("type".utf8)
        case .resourceID: path.elementsEqual("id".utf8)
        case .details(let wanted): path.elementsEqual(wanted.utf8)
        default: false
        }
    }
}

extension Filter {
    /// Whether one of the resources of a canonical list has both type and id.
    fileprivate func accepts(resourceOf list: UnsafeRawBufferPointer) -> Bool {
        let resources = (try? JSONValue(parsing: Array(list)))?.array ?? []
        return resources.contains { resource in
            guard let type = resource["type"]?.string, let id = resource["id"]?.string else {
                return false
            }
            return accepts(Array("\(id)\u{0}\(type)".utf8))
        }
    }

    fileprivate func accepts(_ bytes: [UInt8]) -> Bool {
        values.contains { value in
            if key == .type, value.utf8.last == UInt8(ascii: "*") {
                bytes.starts(with: value.utf8.dropLast())
            } else {
                bytes.elementsEqual(value.utf8)
            }
        }
    }
}
