// SPDX-License-Identifier: Apache-2.0
import Cairn
import Foundation
import Testing

@testable import CairnCommand

@Suite("Reading rows of other audit services as events")
struct RowMappingTests {
    private let key = ImportKey(Array(repeating: 7, count: 32), "orgs-archive", "")

    private func remainder(_ event: Event) throws -> JSONValue? {
        let details = try event.details.map { try JSONValue(parsing: $0.bytes) }
        return details?[RowMapping.remainder]
    }

    // MARK: Organisations

    @Test("An archived event's members become the event's, with dotted types and lower-case words")
    func archive() throws {
        let entries = try ImportSample.read(.orgsArchive, "orgs-archive.json")
        #expect(entries.count == 5)
        let event = try #require(entries[0].event)
        #expect(event.type.text == "authz.checked")
        #expect(event.action == "GET /sites/site-789")
        #expect(event.outcome == .denied)
        #expect(event.severity == nil)
        #expect(event.occurredAt?.text == "2026-01-23T14:30:00.123456Z")
        #expect(event.occurredOffset == nil)
        #expect(event.actor == Event.Actor(type: "user", id: "user-456", email: "ana@example.com"))
        #expect(event.resources == [Event.Resource(type: "site", id: "site-789")])
        #expect(event.source == Event.Source(ip: "192.0.2.10"))
        #expect(event.externalID == "1b4e28ba-2fa1-41d2-883f-0016d3cca427")
        let details = try #require(event.details?.text)
        #expect(details.contains(#""bytes":12345678901234567890"#))
        #expect(details.contains(#""ratio":0.1"#))
        #expect(
            try remainder(event) == [
                "eventType": "AUTHORIZATION", "timestamp": "2026-01-23T14:30:00.123456",
                "orgId": "org-123", "actorType": "USER", "outcome": "DENIED",
            ]
        )
        #expect(entries[1].event?.actor == Event.Actor(type: "system", id: "nightly"))
        #expect(entries[1].event?.occurredAt?.text == "2026-01-23T14:30:00.000Z")
    }

    @Test("Words that nobody knows survive, and details that use our own name too")
    func unknownWords() throws {
        let event = try #require(
            try ImportSample.read(.orgsArchive, "orgs-archive.json")[2].event
        )
        #expect(event.type.text == "SITE_PUBLISHED")
        #expect(event.outcome == .unknown)
        #expect(event.actor.type == "ROBOT")
        #expect(event.occurredAt?.text == "2026-01-23T12:31:00.000Z")
        #expect(event.occurredOffset == "+02:00")
        #expect(
            try remainder(event) == [
                "orgId": "org-123", "outcome": "PARTIAL", "details": ["_import": "theirs"],
            ]
        )
    }

    @Test("Who is absent is unknown, and an item without a time is refused by its place")
    func absent() throws {
        let entries = try ImportSample.read(.orgsArchive, "orgs-archive.json")
        #expect(entries[4].event?.actor == Event.Actor(type: "unknown", id: "unknown"))
        guard case .refused(let place, let reason) = entries[3] else {
            throw Unexpected("an event without a time")
        }
        #expect(place == 4)
        #expect(reason.hasPrefix("timestamp is not an RFC 3339 time"))
    }

    @Test("Each of the seven types has its dotted name")
    func types() throws {
        let names = [
            "AUTHORIZATION": "authz.checked", "PERMISSION_CHANGE": "authz.permissions_changed",
            "USER_MANAGEMENT": "user.managed", "TEAM_MEMBERSHIP": "team.membership_changed",
            "ROLE_CHANGE": "authz.role_changed", "INVITATION": "invitation.updated",
            "CONFIGURATION": "config.changed",
        ]
        for (theirs, ours) in names {
            let text = #"{"id":"1","eventType":"\#(theirs)","timestamp":"2026-01-01T00:00:00"}"#
            let event = try ImportSample.map(text, RowMapping(.orgsArchive, key))
            #expect(event.type.text == ours)
        }
    }

    @Test("A table's items are read plain and as DynamoDB exports them; others are skipped")
    func items() throws {
        let entries = try ImportSample.read(.orgsArchive, "orgs-items.ndjson")
        #expect(entries.count == 3)
        let plain = try #require(entries[0].event)
        #expect(plain.externalID == "5f0c")
        #expect(
            plain.source
                == Event.Source(ip: "192.0.2.10", userAgent: "Mozilla/5.0", requestID: "req-77")
        )
        #expect(try remainder(plain)?["ttl"] == 1_771_837_200)
        #expect(try remainder(plain)?["PK"] == "ORG#org-123#DATE#2026-01-24")
        #expect(entries[1] == .skipped("items that are no audit events"))
        let tagged = try #require(entries[2].event)
        #expect(tagged.type.text == "team.membership_changed")
        #expect(tagged.actor.type == "user")
        let details = try #require(tagged.details?.text)
        #expect(details.contains(#""memberId":"user-9","order":[1,true,null],"tags":{"SS":"#))
        #expect(try remainder(tagged)?["ttl"] == 1_771_840_800)
    }

    @Test("A CSV export is read by its header, with quotes")
    func exportTable() throws {
        let entries = try ImportSample.read(.orgsArchive, "orgs-export.csv")
        #expect(entries.count == 2)
        #expect(entries[0].event?.actor.email == "ana@example.com")
        #expect(entries[1].event?.resources?.first?.id == #"team, "seven""#)
        #expect(entries[1].event?.actor.email == nil)
    }

    // MARK: Security audit

    @Test("The 18 members of a security audit event find their fields")
    func securityAudit() throws {
        let entries = try ImportSample.read(.securityAudit, "security-audit.json")
        let event = try #require(entries[0].event)
        #expect(event.externalID == "audit_0123456789abcdef")
        #expect(event.type.text == "data.update")
        #expect(event.outcome == .success)
        #expect(event.severity == .info)
        #expect(event.occurredAt?.text == "2026-02-01T10:00:00.000001Z")
        #expect(event.actor.sessionID == "b5a6c1de-0000-4000-8000-0000000000a1")
        #expect(event.source.requestID == "b5a6c1de-0000-4000-8000-0000000000f1")
        #expect(event.description == "Due date moved")
        #expect(event.before?.text == #"{"due":"2026-02-01"}"#)
        #expect(event.after?.text == #"{"due":"2026-03-01"}"#)
        #expect(
            try remainder(event) == [
                "customer_id": "b5a6c1de-0000-4000-8000-0000000000c1",
                "timestamp": "2026-02-01T10:00:00.000001",
            ]
        )
        let odd = try #require(entries[1].event)
        #expect(odd.outcome == .unknown)
        #expect(odd.severity == nil)
        #expect(try remainder(odd)?["severity"] == "catastrophic")
        #expect(try remainder(odd)?["outcome"] == "mitigated")
        #expect(odd.actor.id == "unknown")
    }

    @Test("Rows one a line are read past one that is broken; equal ones without an id stay two")
    func securityAuditLines() throws {
        let entries = try ImportSample.read(.securityAudit, "security-audit.ndjson")
        #expect(entries.count == 4)
        #expect(entries[0].event?.occurredAt?.text == "2026-02-02T10:00:00.500Z")
        #expect(entries[0].event?.severity == .warning)
        guard case .refused(2, _) = entries[1] else { throw Unexpected("line 2 was read") }
        let twins = try [#require(entries[2].event), #require(entries[3].event)]
        #expect(twins[0].id != twins[1].id)
        #expect(twins[0].externalID == nil)
        #expect(try ImportSample.read(.securityAudit, "security-audit.ndjson") == entries)
    }

    @Test("The CSV export has 12 columns, cells of several lines, and rows that are too short")
    func securityAuditTable() throws {
        let entries = try ImportSample.read(.securityAudit, "security-audit.csv")
        #expect(entries.count == 3)
        #expect(entries[0].event?.description == "A report, in\r\ntwo lines")
        #expect(entries[1].event?.actor.id == "unknown")
        #expect(
            entries[2]
                == .refused(place: 5, reason: "a row of 2 cells; the header has 12")
        )
    }

    // MARK: Hash-chained audit service

    @Test("An export's hashes and unknown columns are kept, and numbers as ids")
    func auditService() throws {
        let entries = try ImportSample.read(.auditService, "audit-service.json")
        let first = try #require(entries[0].event)
        #expect(first.externalID == "41")
        #expect(first.risk == .low)
        #expect(first.outcome == .unknown)
        #expect(first.severity == nil)
        #expect(try remainder(first)?["id"] == 41)
        #expect(try remainder(first)?["hash"]?.string?.hasPrefix("9f86d081") ?? false)
        let second = try #require(entries[1].event)
        #expect(second.actor == Event.Actor(type: "user", id: "7"))
        #expect(second.risk == nil)
        #expect(try remainder(second)?["risk_level"] == "extreme")
        #expect(try remainder(second)?["session"] == "extra")
        #expect(second.details?.text.contains(#""score":1000"#) ?? false)
    }

    @Test("A CSV export's details are read as JSON, or kept as the text they are")
    func auditServiceTable() throws {
        let entries = try ImportSample.read(.auditService, "audit-service.csv")
        let first = try #require(entries[0].event)
        #expect(first.details?.text.contains(#""attempt":2,"login_method":"password""#) ?? false)
        #expect(first.risk == .high)
        #expect(try remainder(first)?["region"] == "eu")
        let second = try #require(entries[1].event)
        #expect(try remainder(second)?["details"] == "{'not': 'json'}")
        #expect(second.type.text == "imported.cairn.checkpoint")
        #expect(try remainder(second)?["event_type"] == "cairn.checkpoint")
    }

    // MARK: All of them

    @Test("Ids are of version 4, and differ by key, format and source")
    func ids() throws {
        let first = try ImportSample.read(.auditService, "audit-service.json").map(\.event?.id)
        #expect(first.allSatisfy { $0?.version == 4 })
        let again = try ImportSample.read(.auditService, "audit-service.json").map(\.event?.id)
        #expect(first == again)
        let sets = try [
            first,
            ImportSample.read(.auditService, "audit-service.json", key: 8).map(\.event?.id),
            ImportSample.read(.auditService, "audit-service.json", from: "eu").map(\.event?.id),
            ImportSample.read(.securityAudit, "audit-service.json").map(\.event?.id),
        ]
        #expect(Set(sets.joined()).count == 8)
    }

    @Test("Every value of a row is found again, word for word, in a field or in the details")
    func roundTrip() throws {
        let samples: [(ImportFormat, RowForm, String)] = [
            (.orgsArchive, .orgsArchive, "orgs-archive.json"),
            (.securityAudit, .securityAudit, "security-audit.json"),
            (.auditService, .auditService, "audit-service.json"),
        ]
        for (format, form, name) in samples {
            let data = try Data(contentsOf: URL(fileURLWithPath: ImportSample.path(name)))
            let rows = try #require(try JSONValue(parsing: Array(data)).array)
            let entries = try ImportSample.read(format, name)
            for (row, entry) in zip(rows, entries) {
                guard let event = entry.event else { continue }
                var members = try rest(of: event)
                for (field, value) in said(by: event, form) where members[field] == nil {
                    members[field] = value
                }
                #expect(JSONObject((row.object ?? [:]).filter { $0.value != .null }) == members)
            }
        }
    }

    /// What an event's details hold of a row.
    private func rest(of event: Event) throws -> JSONObject {
        var details = try event.details.map { try JSONValue(parsing: $0.bytes) }?.object
        var members = details?[RowMapping.remainder]?.object ?? [:]
        details?[RowMapping.remainder] = nil
        if members["details"] == nil, let details { members["details"] = .object(details) }
        return members
    }

    /// What an event's fields say, by the names that a row has for them.
    private func said(by event: Event, _ form: RowForm) -> [(String, JSONValue)] {
        let isKnown = event.actor.id != "unknown"
        let texts: [(String?, String?)] = [
            (form.id.last, event.externalID), (form.type, event.type.text),
            (form.time.first, event.occurredAt?.text), (form.action, event.action),
            (form.outcome, event.outcome == .unknown ? nil : event.outcome?.rawValue),
            (form.severity, event.severity?.rawValue), (form.risk, event.risk?.rawValue),
            (form.actorID, isKnown ? event.actor.id : nil),
            (form.actorType, isKnown ? event.actor.type : nil),
            (form.actorEmail, event.actor.email), (form.session, event.actor.sessionID),
            (form.resourceType, event.resources?.first?.type),
            (form.resourceID, event.resources?.first?.id), (form.address, event.source.ip),
            (form.userAgent, event.source.userAgent), (form.requestID, event.source.requestID),
            (form.description, event.description),
        ]
        let documents = [(form.before, event.before), (form.after, event.after)]
        return texts.compactMap { name, text in
            guard let name, let text else { return nil }
            // The offset is a field of its own.
            let isTime = form.time.first == name && event.occurredOffset != nil
            return (name, .string(isTime ? "2026-01-23T14:31:00+02:00" : text))
        }
            + documents.compactMap { name, document in
                guard let name,
                    let document = document.flatMap({ try? JSONValue(parsing: $0.bytes) })
                else { return nil }
                return (name, document)
            }
    }

    @Test("What a field cannot hold stays in the details, whole")
    func limits() throws {
        let long = String(repeating: "ä", count: 2000)
        let text = """
            {"id":"\(long)","event_type":"a b","timestamp":"2026-01-01T00:00:00","user_id":"\(long)",
            "action":"\(long)","details":[1],"old_values":"text","resource_id":{"a":1}}
            """
        let event = try ImportSample.map(text, RowMapping(.securityAudit, key))
        #expect(event.externalID == nil)
        #expect(event.action == nil)
        #expect(event.resources == nil)
        #expect(event.type.text == "a_b")
        #expect(event.actor.id == "unknown")
        #expect(
            try remainder(event) == [
                "id": .string(long), "event_type": "a b", "timestamp": "2026-01-01T00:00:00",
                "user_id": .string(long), "action": .string(long), "details": [1],
                "old_values": "text", "resource_id": ["a": 1],
            ]
        )
    }

    @Test("Times are read with and without offset, and no time is made up")
    func times() throws {
        let good = [
            "2026-01-02T03:04:05": "2026-01-02T03:04:05.000Z",
            "2026-01-02 03:04:05.5": "2026-01-02T03:04:05.500Z",
            "2026-01-02T03:04:05.123456789z": "2026-01-02T03:04:05.123456789Z",
            "2026-01-02 03:04:05+00": "2026-01-02T03:04:05+00:00",
            "2026-01-02T03:04:05-0330": "2026-01-02T03:04:05-03:30",
        ]
        for (theirs, ours) in good {
            #expect(try ImportTime.text(theirs, "t") == ours)
        }
        for bad in [
            "", "2026-01-02", "2026-13-02T03:04:05", "2026-01-02T03:04:60", "1767600000",
            "2026-01-02T03:04:05.1234567891", "0001-01-01T00:00:00", "2026-01-02T03:04:05+2",
        ] {
            #expect(throws: ImportRefusal.self, "\(bad)") { try ImportTime.text(bad, "t") }
        }
    }

    @Test("No more items without an id are remembered than the limit says")
    func nameless() throws {
        var ids = NamelessIDs(key, limit: 2)
        let first = try ids.id(of: ["a": 1])
        #expect(try ids.id(of: ["a": 2]) != first)
        #expect(try ids.id(of: ["a": 1]) != first)
        #expect(throws: ImportRefusal.self) { try ids.id(of: ["a": 3]) }
    }
}
