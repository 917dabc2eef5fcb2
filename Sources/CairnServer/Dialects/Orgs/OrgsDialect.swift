// SPDX-License-Identifier: Apache-2.0

internal import Cairn
internal import CairnAPI
internal import CairnLedger

/// Events of organisations: camel-case members, seven upper-case types, three outcomes.
struct OrgsDialect: Dialect {
    static let name = "orgs"
    static let given: Set<String> = ["ttl", "index", "hash", "previousHash"]

    static let names = [
        "type": "eventType", "actor.id": "actorId", "actor.type": "actorType",
        "actor.email": "userEmail", "resources[0].type": "resourceType",
        "resources[0].id": "resourceId", "source.ip": "ipAddress",
        "source.user_agent": "userAgent", "source.request_id": "requestId",
        "external_id": "id", "occurred_at": "timestamp",
    ]

    func event(_ members: DialectMembers) throws(InvalidEvent) -> Event {
        var actor = Event.Actor(id: try members.required("actorId"))
        // Both are in lower case in records; another word is another type of actor.
        actor.type = try members.text("actorType").map { $0.lowercased() }
        actor.email = try members.text("userEmail")
        var event = Event(type: try OrgsDialect.type(members.required("eventType")), actor: actor)
        if let id = try members.text("id") {
            event.id = EventID(id)
            event.externalID = event.id == nil ? id : nil
        }
        event.action = try members.required("action")
        event.resources = [
            Event.Resource(
                type: try members.required("resourceType"),
                id: try members.required("resourceId")
            )
        ]
        if let outcome = try members.text("outcome") {
            guard let known = Outcome(rawValue: outcome.lowercased()) else {
                throw InvalidEvent(
                    field: "outcome",
                    code: .invalidValue,
                    message: "one of SUCCESS, FAILURE, DENIED"
                )
            }
            event.outcome = known
        }
        if let (time, offset) = try members.time("timestamp") {
            (event.occurredAt, event.occurredOffset) = (time, offset)
        }
        event.details = try members.document("details")
        event.source.ip = try members.text("ipAddress")
        event.source.userAgent = try members.text("userAgent")
        event.source.requestID = try members.text("requestId")
        return event
    }

    func members(of record: DialectRecord) -> JSONObject {
        let resource = record.resource
        var members: JSONObject = [
            "id": record.id.map { .string($0.text) } ?? .null,
            "eventType": .string(OrgsTypes.name(ofType: record.text(.type) ?? "")),
            "timestamp": record.member(.occurredAt),
            "actorId": record.member(.actorID),
            "actorType": OrgsDialect.upper(record.text(.actorType)),
            "action": record.member(.action),
            "resourceType": resource.type,
            "resourceId": resource.id,
            "details": record.json(.details) ?? .object([:]),
            "outcome": OrgsDialect.upper(record.text(.outcome)),
            "ipAddress": record.member(.sourceIP),
            "userEmail": record.member(.actorEmail),
        ]
        // What is recorded can be read; where it is absent, the shape is the older one's.
        members["userAgent"] = record.text(.sourceUserAgent).map { .string($0) }
        members["requestId"] = record.text(.sourceRequestID).map { .string($0) }
        return members
    }

    // MARK: Words

    /// The type of a name: one of the seven, or a type as it is.
    static func type(_ name: String) throws(InvalidEvent) -> EventType {
        if let type = OrgsTypes.type(named: name) { return type }
        do {
            return try EventType(name)
        } catch {
            throw InvalidEvent(
                field: "eventType",
                code: .invalidValue,
                message: "1 to 128 letters, digits, dots, colons, hyphens and underscores"
            )
        }
    }

    /// The values of `type` that a name stands for; nil for one that is neither of the seven nor a
    /// dotted type.
    static func values(of name: String) -> [String]? {
        if let type = OrgsTypes.type(named: name) { return [type.text, name] }
        guard name.contains("."), (try? EventType(name)) != nil else { return nil }
        return [name]
    }

    private static func upper(_ text: String?) -> JSONValue {
        text.map { .string($0.uppercased()) } ?? .null
    }
}
