// SPDX-License-Identifier: Apache-2.0

import Cairn
import CairnLedger
import CairnServer
import CairnTesting
import Testing

/// One event as the slow reference has it.
private struct Known {
    let id: String
    let nanoseconds: Int64
    let position: Int
    let type: String
    let user: String
    let resource: String
    let outcome: String
}

/// A family of routes, and how a test speaks to it.
private enum Family: CaseIterable {
    case orgs, logs, audit

    var path: String {
        switch self {
        case .orgs: "/v1/orgs/default/audit"
        case .logs: "/api/v1/logs"
        case .audit: "/api/v1/audit"
        }
    }

    var list: String {
        switch self {
        case .orgs: "items"
        case .logs: "logs"
        case .audit: "events"
        }
    }

    var names: (user: String, type: String, from: String, to: String, size: String, next: String) {
        switch self {
        case .orgs: ("userId", "eventType", "startDate", "endDate", "pageSize", "startAt")
        case .logs: ("user_id", "action", "start_date", "end_date", "page_size", "cursor")
        case .audit: ("user_id", "event_type", "start_date", "end_date", "page_size", "cursor")
        }
    }

    static let orgsTypes = ["AUTHORIZATION", "PERMISSION_CHANGE", "CONFIGURATION"]
    static let outcomes = ["SUCCESS", "FAILURE", "DENIED"]

    func body(_ known: Known, _ time: String) -> JSONValue {
        switch self {
        case .orgs:
            [
                "eventType": .string(known.type), "actorId": .string(known.user), "action": "a",
                "resourceType": "t", "resourceId": .string(known.resource),
                "outcome": .string(known.outcome), "timestamp": .string(time),
            ]
        case .logs:
            [
                "action": .string(known.type), "user_id": .string(known.user),
                "resource_type": "t", "resource_id": .string(known.resource),
                "timestamp": .string(time),
            ]
        case .audit:
            [
                "event_type": .string("x.\(known.type.lowercased())"),
                "user_id": .string(known.user), "resource_type": "t",
                "resource_id": .string(known.resource), "timestamp": .string(time),
            ]
        }
    }

    func type(_ known: String) -> String {
        self == .audit ? "x.\(known.lowercased())" : known
    }
}

@Suite("Pages and summaries of older services")
struct DialectPagingTests {
    /// A ledger that grows while it is read.
    private struct Growing {
        let family: Family
        let client: Client
        var generator: SeededGenerator
        var all: [Known] = []

        /// 2026-01-20T00:00:00Z.
        static let first: Int64 = 1_768_867_200_000_000_000

        mutating func append() async throws {
            // Few instants, so that many events share one; among them the ends of days.
            let day = Int64(generator.below(3)) * 86_400_000_000_000
            let offsets: [Int64] = [0, 1, 86_399_999_999_999, 43_200_000_000_000, 500_000_000]
            let time = Self.first + day + generator.pick(offsets)
            let known = Known(
                id: "",
                nanoseconds: time,
                position: all.count,
                type: generator.pick(Family.orgsTypes),
                user: "u-\(generator.below(14))",
                resource: "r-\(generator.below(3))",
                outcome: generator.pick(Family.outcomes)
            )
            let reply = try await client.post(
                family.path,
                CanonicalJSON(family.body(known, Timestamp(nanoseconds: time).text)).text
            )
            #expect(reply.status == 201, "\(reply.text)")
            all.append(
                Known(
                    id: try #require(reply.json["id"]?.string),
                    nanoseconds: time,
                    position: all.count,
                    type: known.type,
                    user: known.user,
                    resource: known.resource,
                    outcome: known.outcome
                )
            )
        }

        mutating func instant() -> (text: String, nanoseconds: Int64) {
            let day = Int64(generator.below(4)) * 86_400_000_000_000
            let time = Timestamp(
                nanoseconds: Self.first + day + generator.pick([0, 1, 43_200_000_000_000])
            )
            return (time.text, time.nanoseconds)
        }
    }

    /// Reads all pages of a question, while the ledger grows, and returns the ids.
    private func walk(
        _ growing: inout Growing,
        _ question: [String],
        size: Int,
        isNumbered: Bool
    ) async throws -> [String] {
        let (family, names) = (growing.family, growing.family.names)
        var (ids, next, snapshot, page): ([String], String?, String?, Int) = ([], nil, nil, 1)
        while true {
            var parts = question + ["\(names.size)=\(size)"]
            if isNumbered {
                parts.append("page=\(page)")
                if let snapshot { parts.append("snapshot=\(snapshot)") }
            } else if let next {
                parts.append("\(names.next)=\(next)")
            }
            let reply = try await growing.client.get(
                family.path + "?" + parts.joined(separator: "&")
            )
            #expect(reply.status == 200, "\(reply.text)")
            let items = try #require(reply.json[family.list]?.array)
            #expect(reply.json["count"]?.integer == items.count && items.count <= size)
            ids += items.compactMap { $0["id"]?.string }
            next = (reply.json["nextToken"] ?? reply.json["next_cursor"])?.string
            let hasMore = (reply.json["moreAvailable"] ?? reply.json["has_more"])?.bool
            #expect(hasMore == (next != nil), "more if and only if there is a way to it")
            guard next != nil else { return ids }
            snapshot = reply.json["snapshot"]?.integer.map(String.init)
            page += 1
            if growing.generator.oneIn(2) { try await growing.append() }
        }
    }

    @Test(
        "The pages of a question, one after another, are the reference's answer, whoever writes",
        arguments: 0..<3
    )
    func pages(_ number: Int) async throws {
        let family = Family.allCases[number]
        try await withServer { client, _ in
            var growing = Growing(
                family: family,
                client: client,
                generator: SeededGenerator(seed: UInt64(900 + number))
            )
            for _ in 0..<120 { try await growing.append() }
            for round in 0..<25 {
                let names = family.names
                var question: [String] = []
                var matches: [(Known) -> Bool] = []
                let (from, to) = (growing.instant(), growing.instant())
                if family == .orgs || growing.generator.oneIn(2) {
                    let (low, high) = from.nanoseconds <= to.nanoseconds ? (from, to) : (to, from)
                    question += ["\(names.from)=\(low.text)", "\(names.to)=\(high.text)"]
                    matches.append {
                        low.nanoseconds <= $0.nanoseconds && $0.nanoseconds < high.nanoseconds
                    }
                }
                if growing.generator.oneIn(2) {
                    let user = "u-\(growing.generator.below(15))"
                    question.append("\(names.user)=\(user)")
                    matches.append { $0.user == user }
                }
                if growing.generator.oneIn(3) {
                    let type = growing.generator.pick(Family.orgsTypes)
                    question.append("\(names.type)=\(family.type(type))")
                    matches.append { $0.type == type }
                }
                let expected = growing.all.filter { known in matches.allSatisfy { $0(known) } }
                    .sorted { ($0.nanoseconds, $0.position) > ($1.nanoseconds, $1.position) }
                let size = 1 + growing.generator.below(growing.generator.oneIn(2) ? 7 : 100)
                let found = try await walk(
                    &growing,
                    question,
                    size: size,
                    isNumbered: family != .orgs && growing.generator.oneIn(2)
                )
                #expect(
                    found == expected.map(\.id),
                    "seed \(900 + number), round \(round): \(question) by \(size)"
                )
            }
        }
    }

    @Test("A summary is what counting by hand gives, with more than ten users and empty days")
    func summary() async throws {
        try await withServer { client, _ in
            var growing = Growing(
                family: .orgs,
                client: client,
                generator: SeededGenerator(seed: 950)
            )
            for _ in 0..<150 { try await growing.append() }
            for _ in 0..<20 {
                let (one, other) = (growing.instant(), growing.instant())
                let (low, high) = one.nanoseconds <= other.nanoseconds ? (one, other) : (other, one)
                let reply = try await client.get(
                    "/v1/orgs/default/audit/summary?startDate=\(low.text)&endDate=\(high.text)"
                )
                let found = reply.json
                let events = growing.all.filter {
                    low.nanoseconds <= $0.nanoseconds && $0.nanoseconds < high.nanoseconds
                }
                func count(_ matches: (Known) -> Bool) -> JSONValue {
                    .number(JSONNumber(events.count(where: matches)))
                }
                #expect(found["totalEvents"] == count { _ in true })
                #expect(found["allowedRequests"] == count { $0.outcome == "SUCCESS" })
                #expect(found["deniedRequests"] == count { $0.outcome == "DENIED" })
                #expect(found["failedRequests"] == count { $0.outcome == "FAILURE" })
                #expect(found["authorizationEvents"] == count { $0.type == "AUTHORIZATION" })
                #expect(found["permissionChanges"] == count { $0.type == "PERMISSION_CHANGE" })
                let users = Dictionary(grouping: events, by: \.user).mapValues(\.count)
                let ranked = users.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
                let top = JSONObject(
                    ranked.prefix(10).map { ($0.key, .number(JSONNumber($0.value))) }
                )
                #expect(found["eventsByUser"] == .object(top))
                let others = ranked.dropFirst(10).reduce(0) { $0 + $1.value }
                #expect(found["eventsOfOtherUsers"]?.integer == others)
                let days = Dictionary(grouping: events) {
                    Timestamp(nanoseconds: $0.nanoseconds).day
                }
                let shown = found["eventsByDay"]?.object ?? JSONObject()
                #expect(shown.reduce(0) { $0 + ($1.value.integer ?? 0) } == events.count)
                for (day, events) in days { #expect(shown[day.text]?.integer == events.count) }
                let span = high.nanoseconds - low.nanoseconds
                #expect(shown.count >= Int(span / 86_400_000_000_000), "empty days are there")
            }
        }
    }
}
