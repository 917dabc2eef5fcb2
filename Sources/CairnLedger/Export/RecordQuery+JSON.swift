// SPDX-License-Identifier: Apache-2.0

package import Cairn

extension FilterKey {
    /// The keys that have a name of their own, in the order in which filters are written.
    package static let named: [(name: String, key: FilterKey)] = [
        ("type", .type), ("action", .action), ("category", .category), ("outcome", .outcome),
        ("severity", .severity), ("risk", .risk), ("actor_id", .actorID),
        ("actor_type", .actorType), ("resource_type", .resourceType),
        ("resource_id", .resourceID), ("ip", .ip), ("request_id", .requestID),
        ("session_id", .sessionID), ("external_id", .externalID),
    ]
    /// What begins the name of a member of `details`.
    package static let detailsPrefix = "details."

    /// The name in queries and filters; a resource's pair has none of its own.
    package var name: String {
        switch self {
        case .details(let path): FilterKey.detailsPrefix + path
        case .resource: "resource"
        default: FilterKey.named.first { $0.key == self }?.name ?? ""
        }
    }

    /// The words that a value can be, if it must be one of some.
    package var words: [String]? {
        switch self {
        case .outcome: Outcome.allCases.map(\.rawValue)
        case .severity: Severity.allCases.map(\.rawValue)
        case .risk: Risk.allCases.map(\.rawValue)
        default: nil
        }
    }

    /// The field that is compared.
    var path: FieldPath {
        switch self {
        case .type: .known(.type)
        case .action: .known(.action)
        case .category: .known(.category)
        case .outcome: .known(.outcome)
        case .severity: .known(.severity)
        case .risk: .known(.risk)
        case .actorID: .known(.actorID)
        case .actorType: .known(.actorType)
        case .resourceType, .resourceID, .resource: .known(.resources)
        case .ip: .known(.sourceIP)
        case .requestID: .known(.sourceRequestID)
        case .sessionID: .known(.actorSessionID)
        case .externalID: .known(.externalID)
        case .details: .known(.details)
        }
    }
}

extension RecordQuery {
    /// Why a filter cannot be read.
    package struct Malformed: Error, Equatable, Sendable {
        /// The member that breaks a rule.
        package let member: String
        /// The rule, in a few words.
        package let rule: String

        /// Names a member and a rule.
        package init(member: String, rule: String) {
            self.member = member
            self.rule = rule
        }
    }

    /// The conditions as an object, by the names that `GET /v1/events` has for them.
    ///
    /// Words of a text search are not part of it.
    package var filter: JSONObject {
        var members = JSONObject()
        for filter in filters {
            members[filter.key.name] = .array(filter.values.map { .string($0) })
        }
        let times: [(String, Timestamp?)] = [
            ("from", occurredFrom), ("to", occurredTo), ("received_from", receivedFrom),
            ("received_to", receivedTo),
        ]
        for (name, time) in times { members[name] = time.map { .string($0.text) } }
        members["schema"] = schema.map { .string($0.rawValue) }
        members["index_from"] = indexFrom.map { .number(JSONNumber($0)) }
        members["index_to"] = indexTo.map { .number(JSONNumber($0)) }
        return members
    }

    /// Reads conditions from an object; a value may stand alone or in an array of alternatives.
    ///
    /// - Throws: ``Malformed`` naming the first member that breaks a rule.
    package init(filter: JSONObject, valueLimit: Int = 1000) throws(Malformed) {
        self.init()
        var count = 0
        for (name, value) in filter {
            switch name {
            case "from": occurredFrom = try Self.time(value, name, isEnd: false)
            case "to": occurredTo = try Self.time(value, name, isEnd: true)
            case "received_from": receivedFrom = try Self.time(value, name, isEnd: false)
            case "received_to": receivedTo = try Self.time(value, name, isEnd: true)
            case "index_from": indexFrom = try Self.position(value, name)
            case "index_to": indexTo = try Self.position(value, name)
            case "schema":
                guard let text = value.string, let schema = Leaf.Schema(rawValue: text) else {
                    let words = Leaf.Schema.allCases.map(\.rawValue).joined(separator: ", ")
                    throw Malformed(member: name, rule: "one of \(words)")
                }
                self.schema = schema
            case "q":
                guard let text = value.string.flatMap({ TextQuery(parsing: $0) }),
                    text.clauses.count <= TextQuery.clauseLimit
                else {
                    throw Malformed(
                        member: name,
                        rule: "must be a text of 1 to \(TextQuery.clauseLimit) words and phrases"
                    )
                }
                self.text = text
            default:
                let filter = try Self.condition(name, value)
                count += filter.values.count
                guard count <= valueLimit else {
                    throw Malformed(
                        member: name,
                        rule: "is one of more than \(valueLimit) values together"
                    )
                }
                filters.append(filter)
            }
        }
        filters.sort { $0.key.name.utf8.lexicographicallyPrecedes($1.key.name.utf8) }
    }

    /// The indexes that are asked for, of a ledger of some size.
    func range(of size: UInt64) -> Range<UInt64> {
        let to = min(indexTo ?? size, size)
        return min(indexFrom ?? 0, to)..<to
    }

    private static func condition(
        _ name: String,
        _ value: JSONValue
    ) throws(Malformed) -> Filter {
        let key: FilterKey
        if name == "resource" {
            key = .resource
        } else if name.hasPrefix(FilterKey.detailsPrefix) {
            let path = String(name.dropFirst(FilterKey.detailsPrefix.count))
            guard (1...FilterKey.detailsPathLimitBytes).contains(path.utf8.count) else {
                throw Malformed(member: name, rule: "needs a path after the dot")
            }
            key = .details(path)
        } else if let named = FilterKey.named.first(where: { $0.name == name }) {
            key = named.key
        } else {
            throw Malformed(member: name, rule: "is not a condition")
        }
        var values: [String] = []
        for item in value.array ?? [value] {
            guard let text = item.string else {
                throw Malformed(member: name, rule: "must be a text or an array of texts")
            }
            if let words = key.words, !words.contains(text) {
                throw Malformed(member: name, rule: "one of \(words.joined(separator: ", "))")
            }
            values.append(text)
        }
        guard !values.isEmpty else {
            throw Malformed(member: name, rule: "must have at least one value")
        }
        return Filter(key, values.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) })
    }

    private static func time(
        _ value: JSONValue,
        _ name: String,
        isEnd: Bool
    ) throws(Malformed) -> Timestamp {
        guard let text = value.string, let time = try? Timestamp.parseBound(text, isEnd: isEnd)
        else { throw Malformed(member: name, rule: "must be an RFC 3339 time or a date") }
        return time
    }

    private static func position(_ value: JSONValue, _ name: String) throws(Malformed) -> UInt64 {
        guard let number = value.integer, number >= 0, number < 1 << 53 else {
            throw Malformed(member: name, rule: "must be a whole number below 2^53")
        }
        return UInt64(number)
    }
}
