// SPDX-License-Identifier: Apache-2.0

internal import Cairn
internal import CairnLedger

/// Audit events with a dotted type, a level of risk, and the hash chain.
struct AuditDialect: Dialect {
    static let name = "audit"
    static let given: Set<String> = ["sequence", "hash", "previous_hash", "created_at"]
    static let names = [
        "type": "event_type", "actor.id": "user_id", "resources[0].type": "resource_type",
        "resources[0].id": "resource_id", "source.ip": "ip_address",
        "source.user_agent": "user_agent", "occurred_at": "timestamp",
    ]

    func event(_ members: DialectMembers) throws(InvalidEvent) -> Event {
        let written = try members.required("event_type")
        guard let type = try? EventType(written) else {
            throw InvalidEvent(
                field: "event_type",
                code: .invalidValue,
                message: "1 to 128 letters, digits, dots, colons, hyphens and underscores"
            )
        }
        var event = Event(type: type, actor: try members.user("user_id"))
        event.id = try members.id("id")
        event.action = try members.text("action")
        event.resources = try members.resources("resource_type", "resource_id")
        event.details = try members.document("details")
        // A level that is not known is shown as it was sent, and is none of ours.
        event.risk = try members.text("risk_level").flatMap { Risk(rawValue: $0.lowercased()) }
        event.source.ip = try members.text("ip_address")
        event.source.userAgent = try members.text("user_agent")
        if let (time, offset) = try members.time("timestamp") {
            (event.occurredAt, event.occurredOffset) = (time, offset)
        }
        return event
    }

    func members(of record: DialectRecord) -> JSONObject {
        let resource = record.resource
        var members: JSONObject = [
            "id": record.id.map { .string($0.text) } ?? .null,
            "event_type": record.member(.type),
            "user_id": record.user,
            "action": record.member(.action),
            "resource_type": resource.type,
            "resource_id": resource.id,
            "details": record.json(.details) ?? .null,
            "risk_level": record.member(.risk),
            "ip_address": record.member(.sourceIP),
            "user_agent": record.member(.sourceUserAgent),
            "timestamp": record.member(.occurredAt),
        ]
        guard let found = record.found else { return members }
        let leaf = try? Leaf(parsing: found.record.leaf)
        members["created_at"] = leaf.map { .string($0.receivedAt.text) } ?? .null
        members["sequence"] = .number(JSONNumber(found.record.index))
        members["previous_hash"] = .string(found.previousHash.hex)
        members["hash"] = .string(found.record.chain.hex)
        return members
    }
}
