// SPDX-License-Identifier: Apache-2.0

package import Cairn

/// The part of a ledger that a principal is shown: records that match every condition.
///
/// What a record does not say, or no longer says, matches nothing.
package struct Narrowing: Hashable, Sendable {
    /// What `actor.id` must be.
    package var actorID: String?
    /// What `actor.type` must be.
    package var actorType: String?
    /// What the type of one of the record's resources must be.
    package var resourceType: String?
    /// What the id of one of the record's resources must be: of the same one as the type.
    package var resourceID: String?
    /// What `type` may be, with a trailing `*` for a prefix; none allows all.
    package var types: [String] = []

    /// The most types, and the longest value, in bytes.
    package static let typeCount = 16
    /// The longest value of a condition, in bytes.
    package static let valueBytes = 256

    /// Shows everything.
    package init() {}

    /// Whether it shows everything.
    package var isEmpty: Bool { self == Narrowing() }

    /// The conditions as an index finds them; it may find more than ``admits(_:)``.
    package var filters: [Filter] {
        var filters: [Filter] = []
        let single: [(FilterKey, String?)] = [(.actorID, actorID), (.actorType, actorType)]
        for (key, value) in single {
            if let value { filters.append(Filter(key, [value])) }
        }
        switch (resourceType, resourceID) {
        case (let type?, let id?): filters.append(.resource(type: type, id: id))
        case (let type?, nil): filters.append(Filter(.resourceType, [type]))
        case (nil, let id?): filters.append(Filter(.resourceID, [id]))
        case (nil, nil): break
        }
        if !types.isEmpty { filters.append(Filter(.type, types)) }
        return filters
    }

    /// Whether a record is shown, by the record itself and not by any index.
    package func admits(_ record: StoredRecord) -> Bool {
        guard !isEmpty else { return true }
        var query = RecordQuery()
        query.filters = filters
        guard query.matches(record) else { return false }
        guard let resourceType, let resourceID else { return true }
        // Exactly, whatever the texts hold.
        guard let bytes = record.payload?.fields.value(.known(.resources)),
            let resources = (try? JSONValue(parsing: bytes))?.array
        else { return false }
        return resources.contains { resource in
            resource["type"] == .string(resourceType) && resource["id"] == .string(resourceID)
        }
    }
}

extension Narrowing {
    /// The conditions as an object, as callers write them.
    package var json: JSONValue {
        var members = JSONObject()
        members["actor_id"] = actorID.map { .string($0) }
        members["actor_type"] = actorType.map { .string($0) }
        members["resource_type"] = resourceType.map { .string($0) }
        members["resource_id"] = resourceID.map { .string($0) }
        if !types.isEmpty { members["type"] = .array(types.map { .string($0) }) }
        return .object(members)
    }

    /// Why conditions cannot be read.
    package struct Malformed: Error, Equatable, Sendable {
        /// The member that breaks a rule.
        package let member: String
        /// The rule, in a few words.
        package let rule: String
    }

    /// Reads conditions as callers write them.
    ///
    /// - Throws: ``Malformed`` naming the first member that breaks a rule.
    package init(_ members: JSONObject) throws(Malformed) {
        self.init()
        for (name, value) in members {
            switch name {
            case "actor_id": actorID = try Narrowing.text(value, name)
            case "actor_type": actorType = try Narrowing.text(value, name)
            case "resource_type": resourceType = try Narrowing.text(value, name)
            case "resource_id": resourceID = try Narrowing.text(value, name)
            case "type": types = try Narrowing.types(value)
            default: throw Malformed(member: name, rule: "is not a condition")
            }
        }
    }

    private static func text(_ value: JSONValue, _ name: String) throws(Malformed) -> String {
        guard let text = value.string, (1...valueBytes).contains(text.utf8.count) else {
            throw Malformed(member: name, rule: "must be a text of 1 to \(valueBytes) bytes")
        }
        return text
    }

    private static func types(_ value: JSONValue) throws(Malformed) -> [String] {
        guard let items = value.array ?? value.string.map({ [.string($0)] }),
            (1...typeCount).contains(items.count)
        else { throw Malformed(member: "type", rule: "must be 1 to \(typeCount) types") }
        var types: [String] = []
        for item in items { types.append(try text(item, "type")) }
        return types
    }
}
