// SPDX-License-Identifier: Apache-2.0

internal import Cairn
internal import CairnAPI
internal import CairnLedger

/// What happened in an organisation over a range of time.
enum OrgsSummary {
    /// The summary's members.
    ///
    /// The three counters of outcomes count events of every type. Users are the ten with most
    /// events, ties by id; all others are counted together. Days without events are there, too.
    static func body(_ counts: Statistics, from: Timestamp, to: Timestamp) -> JSONValue {
        var types: [String: UInt64] = [:]
        for (type, count) in counts.byType {
            types[OrgsTypes.name(ofType: type), default: 0] += count
        }
        var days = JSONObject()
        var day = from.day
        while day.start < to {
            days[day.text] = .number(JSONNumber(counts.byDay[day] ?? 0))
            day = day.next
        }
        func outcome(_ outcome: Outcome) -> JSONValue {
            .number(JSONNumber(counts.byOutcome[outcome.rawValue] ?? 0))
        }
        func type(_ name: String) -> JSONValue { .number(JSONNumber(types[name] ?? 0)) }
        return .object([
            "totalEvents": .number(JSONNumber(counts.total)),
            "authorizationEvents": type("AUTHORIZATION"),
            "permissionChanges": type("PERMISSION_CHANGE"),
            "userManagementEvents": type("USER_MANAGEMENT"),
            "allowedRequests": outcome(.success),
            "deniedRequests": outcome(.denied),
            "failedRequests": outcome(.failure),
            "eventsByType": types.json,
            "eventsByUser": .object(
                JSONObject(counts.topActors.map { ($0.id, .number(JSONNumber($0.count))) })
            ),
            "eventsOfOtherUsers": .number(JSONNumber(counts.otherActors)),
            "eventsByDay": .object(days),
        ])
    }
}
