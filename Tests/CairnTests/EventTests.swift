// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Cairn

@Suite("Reading events")
struct EventTests {
    private static let smallest = #"{"type":"a.b","actor":{"id":"u"}}"#

    private static let largest = #"""
        {"id":"018f6b1e-7c2a-7000-8000-000000000001","type":"user.login","action":"Signed in",
         "outcome":"denied","severity":"critical","risk":"medium",
         "occurred_at":"2026-01-23T14:30:00.1234567+05:30",
         "actor":{"type":"service","id":"s-1","name":"N","email":"e@x","session_id":"q"},
         "resources":[{"type":"doc","id":"1","name":"One"},{"type":"doc"},{"id":"2"}],
         "source":{"ip":"AWS Internal","user_agent":"a/1","request_id":"r","traceparent":"00-1"},
         "description":"text","details":{"b":1.0,"a":[null,true]},
         "change":{"before":{"x":1},"after":{"x":2}},"external_id":"E"}
        """#

    private func failure(_ text: String, limits: Limits = Limits()) throws -> InvalidEvent? {
        do {
            _ = try Event(parsing: text, limits: limits)
            return nil
        } catch let error as InvalidEvent {
            return error
        }
    }

    /// The smallest event with another member.
    private func with(_ member: String) -> String {
        #"{"type":"a.b","actor":{"id":"u"},"# + member + "}"
    }

    @Test("An event needs a type and an actor's id, and nothing else")
    func smallestEvent() throws {
        let event = try Event(parsing: Self.smallest)
        #expect(event == Event(type: try EventType("a.b"), actor: .init(id: "u")))
    }

    @Test("Every member is read into its place")
    func everyMember() throws {
        let event = try Event(parsing: Self.largest)
        #expect(event.id == EventID("018f6b1e-7c2a-7000-8000-000000000001"))
        #expect(event.type.text == "user.login")
        #expect(event.action == "Signed in")
        #expect(event.outcome == .denied)
        #expect(event.severity == .critical)
        #expect(event.risk == .medium)
        #expect(event.occurredAt?.text == "2026-01-23T09:00:00.123456700Z")
        #expect(event.occurredOffset == "+05:30")
        #expect(
            event.actor
                == .init(type: "service", id: "s-1", name: "N", email: "e@x", sessionID: "q")
        )
        #expect(
            event.resources == [
                .init(type: "doc", id: "1", name: "One"), .init(type: "doc"), .init(id: "2"),
            ]
        )
        #expect(
            event.source
                == .init(ip: "AWS Internal", userAgent: "a/1", requestID: "r", traceparent: "00-1")
        )
        #expect(event.description == "text")
        #expect(event.details?.text == #"{"a":[null,true],"b":1}"#)
        #expect(event.before?.text == #"{"x":1}"#)
        #expect(event.after?.text == #"{"x":2}"#)
        #expect(event.externalID == "E")
    }

    @Test("Members come in any order, and white space does not count")
    func order() throws {
        let event = try Event(parsing: " { \"actor\" : { \"id\":\"u\" } ,\n\"type\":\"a.b\" } ")
        #expect(event == (try Event(parsing: Self.smallest)))
    }

    @Test(
        "What is wrong is said, with the member's path and a code",
        arguments: [
            (#"{"actor":{"id":"u"}}"#, "type", "missing"),
            (#"{"type":"a"}"#, "actor.id", "missing"),
            (#"{"type":"a","actor":{}}"#, "actor.id", "missing"),
            (#"{"type":"a","actor":{"id":""}}"#, "actor.id", "empty"),
            (#"{"type":"","actor":{"id":"u"}}"#, "type", "invalid_value"),
            (#"{"type":"a b","actor":{"id":"u"}}"#, "type", "invalid_value"),
            (#"{"type":1,"actor":{"id":"u"}}"#, "type", "wrong_type"),
            (#"{"type":null,"actor":{"id":"u"}}"#, "type", "null"),
            (#"{"type":"a","actor":"u"}"#, "actor", "wrong_type"),
            (#"{"type":"a","actor":{"id":1}}"#, "actor.id", "wrong_type"),
            (#"{"type":"a","actor":{"id":null}}"#, "actor.id", "null"),
            (#"{"type":"a","actor":{"id":"u","x":1}}"#, "actor.x", "unknown_member"),
            ("[]", "", "wrong_type"), ("\"a\"", "", "wrong_type"), ("null", "", "wrong_type"),
            ("", "", "malformed_json"), ("{", "", "malformed_json"),
            (#"{"type":"a","actor":{"id":"u"}}x"#, "", "malformed_json"),
            (#"{"type":"a","type":"b","actor":{"id":"u"}}"#, "type", "duplicate_name"),
            (#"{"type":"a","actor":{"id":"u","\u0069d":"v"}}"#, "actor.id", "duplicate_name"),
        ]
    )
    func refuses(text: String, field: String, code: String) throws {
        let error = try #require(try failure(text))
        #expect(error.code.rawValue == code)
        #expect(error.field == field || code == "malformed_json")
        #expect(error.isMalformed == (code == "malformed_json"))
        #expect(!error.message.isEmpty)
    }

    @Test(
        "Each member keeps to its type and its words",
        arguments: [
            (#""foo":1"#, "foo", "unknown_member"), (#""Type":"x""#, "Type", "unknown_member"),
            (#""id":"x""#, "id", "invalid_value"),
            (#""id":"018f6b1e-7c2a-1000-8000-000000000001""#, "id", "invalid_value"),
            (#""action":1"#, "action", "wrong_type"), (#""action":null"#, "action", "null"),
            (#""outcome":"ok""#, "outcome", "invalid_value"),
            (#""outcome":"Success""#, "outcome", "invalid_value"),
            (#""severity":"fatal""#, "severity", "invalid_value"),
            (#""risk":"none""#, "risk", "invalid_value"), (#""risk":1"#, "risk", "wrong_type"),
            (#""occurred_at":"yesterday""#, "occurred_at", "invalid_value"),
            (#""occurred_at":"2026-02-30T00:00:00Z""#, "occurred_at", "invalid_value"),
            (#""occurred_at":"2026-01-01T00:00:60Z""#, "occurred_at", "invalid_value"),
            (#""occurred_at":"2026-01-01T00:00:00""#, "occurred_at", "invalid_value"),
            (#""occurred_at":1769178600"#, "occurred_at", "wrong_type"),
            (#""resources":{}"#, "resources", "wrong_type"),
            (#""resources":null"#, "resources", "null"),
            (#""resources":["a"]"#, "resources[0]", "wrong_type"),
            (#""resources":[{"id":"a"},{}]"#, "resources[1]", "missing"),
            (#""resources":[{"name":"a"}]"#, "resources[0]", "missing"),
            (#""resources":[{"id":1}]"#, "resources[0].id", "wrong_type"),
            (#""resources":[{"id":"a","kind":1}]"#, "resources[0].kind", "unknown_member"),
            (#""source":"here""#, "source", "wrong_type"),
            (#""source":{"port":1}"#, "source.port", "unknown_member"),
            (#""source":{"ip":null}"#, "source.ip", "null"),
            (#""details":[]"#, "details", "wrong_type"),
            (#""details":"x""#, "details", "wrong_type"),
            (#""change":{"during":{}}"#, "change.during", "unknown_member"),
            (#""change":{"before":[]}"#, "change.before", "wrong_type"),
            (#""change":null"#, "change", "null"),
            (#""description":{}"#, "description", "wrong_type"),
            (#""external_id":7"#, "external_id", "wrong_type"),
            (#""description":"\ud800""#, "description", "invalid_text"),
        ]
    )
    func refusesMember(member: String, field: String, code: String) throws {
        let error = try #require(try failure(with(member)))
        #expect(error.code.rawValue == code, "\(error)")
        #expect(error.field == field)
        #expect(error.description.contains(error.message))
    }

    @Test(
        "What is wrong inside a document is named by its path",
        arguments: [
            (#"{"a":{"b":1,"b":2}}"#, "duplicate_name", "b"),
            (#"{"a":[1e999]}"#, "number_out_of_range", "a[0]"),
            (#"{"n":12345678901234567890123456789012345678901}"#, "number_out_of_range", "n"),
            (#"{"a":"\udc00"}"#, "invalid_text", "a"),
        ]
    )
    func refusesInDocument(document: String, code: String, suffix: String) throws {
        for (member, prefix) in [
            (#""details":\#(document)"#, "details"),
            (#""change":{"after":\#(document)}"#, "change.after"),
        ] {
            let error = try #require(try failure(with(member)))
            #expect(error.code.rawValue == code)
            #expect(error.field.hasPrefix(prefix), "\(error.field)")
            #expect(error.field.hasSuffix(suffix), "\(error.field)")
        }
    }

    @Test("Documents nest as deep as the limit says, each for itself, and no deeper")
    func depth() throws {
        func nested(_ depth: Int) -> String {
            String(repeating: #"{"a":"#, count: depth - 1) + "{}"
                + String(repeating: "}", count: depth - 1)
        }
        for (member, end) in [(#""details":"#, ""), (#""change":{"before":"#, "}")] {
            #expect(try failure(with(member + nested(32) + end)) == nil)
            let error = try #require(try failure(with(member + nested(33) + end)))
            #expect(error.code == .tooDeep)
        }
    }

    @Test("Every text has a limit in bytes, and the limit itself is allowed")
    func textLimits() throws {
        let limits = Limits()
        let members: [(String, String, Int, (inout Event, String) -> Void)] = [
            ("actor.id", "too_long", limits.identifierBytes, { $0.actor.id = $1 }),
            ("actor.type", "too_long", limits.identifierBytes, { $0.actor.type = $1 }),
            ("actor.name", "too_long", limits.nameBytes, { $0.actor.name = $1 }),
            ("actor.email", "too_long", limits.nameBytes, { $0.actor.email = $1 }),
            ("actor.session_id", "too_long", limits.identifierBytes, { $0.actor.sessionID = $1 }),
            ("action", "too_long", limits.actionBytes, { $0.action = $1 }),
            ("description", "too_long", limits.descriptionBytes, { $0.description = $1 }),
            ("external_id", "too_long", limits.identifierBytes, { $0.externalID = $1 }),
            ("source.ip", "too_long", limits.nameBytes, { $0.source.ip = $1 }),
            ("source.user_agent", "too_long", limits.userAgentBytes, { $0.source.userAgent = $1 }),
            ("source.request_id", "too_long", limits.identifierBytes, { $0.source.requestID = $1 }),
            (
                "source.traceparent", "too_long", limits.identifierBytes,
                { $0.source.traceparent = $1 }
            ),
            (
                "resources[0].type", "too_long", limits.identifierBytes,
                { $0.resources = [.init(type: $1)] }
            ),
            (
                "resources[0].id", "too_long", limits.identifierBytes,
                { $0.resources = [.init(id: $1)] }
            ),
            (
                "resources[0].name", "too_long", limits.nameBytes,
                { $0.resources = [.init(id: "a", name: $1)] }
            ),
        ]
        for (field, code, limit, set) in members {
            var event = try Event(parsing: Self.smallest)
            // Two bytes a letter: limits count bytes, not letters.
            set(&event, String(repeating: "é", count: limit / 2))
            #expect(throws: Never.self, "\(field)") { _ = try event.validated() }
            set(&event, String(repeating: "é", count: limit / 2) + "x")
            let error = #expect(throws: InvalidEvent.self, "\(field)") {
                _ = try event.validated()
            }
            #expect(error?.field == field)
            #expect(error?.code.rawValue == code)
        }
    }

    @Test("Documents, resources and the whole event have limits too")
    func sizeLimits() throws {
        var limits = Limits()
        limits.documentBytes = 20
        #expect(try failure(with(#""details":{"a":"123456789012"}"#), limits: limits) == nil)
        for member in [
            #""details":{"a":"123456789012345"}"#, #""change":{"before":{"a":"123456789012345"}}"#,
            #""change":{"after":{"a":"123456789012345"}}"#,
        ] {
            let error = try #require(try failure(with(member), limits: limits))
            #expect(error.code == .tooLarge)
        }
        // What counts is the canonical form: white space is free.
        #expect(
            try failure(with(#""details":{ "a" : "1234567890" , "b":1 }"#), limits: limits)?.code
                == .tooLarge
        )
        #expect(try failure(with(#""details":{ "a" :               1 }"#), limits: limits) == nil)

        limits = Limits()
        limits.resourceCount = 2
        let resource = #"{"id":"a"}"#
        #expect(
            try failure(with(#""resources":[\#(resource),\#(resource)]"#), limits: limits) == nil
        )
        let many = try failure(
            with(#""resources":[\#(resource),\#(resource),\#(resource)]"#),
            limits: limits
        )
        #expect(many?.code == .tooMany)
        var event = try Event(parsing: Self.smallest)
        event.resources = Array(repeating: .init(id: "a"), count: 3)
        let error = #expect(throws: InvalidEvent.self) { _ = try event.validated(by: limits) }
        #expect(error?.code == .tooMany)

        limits = Limits()
        limits.eventBytes = Self.smallest.utf8.count
        #expect(try failure(Self.smallest, limits: limits) == nil)
        let large = try #require(try failure(Self.smallest + " ", limits: limits))
        #expect(large.code == .tooLarge)
        #expect(large.field == "")
    }

    @Test("Empty texts, lists and objects are values, except for the actor's id")
    func emptyValues() throws {
        let event = try Event(
            parsing: with(
                #""action":"","description":"","resources":[],"details":{},"source":{},"change":{}"#
            )
        )
        #expect(event.action == "")
        #expect(event.description == "")
        #expect(event.resources == [])
        #expect(event.details?.text == "{}")
        #expect(event.source == Event.Source())
        #expect(event.before == nil)
    }

    @Test("Events are read one after the other from one reader")
    func stream() throws {
        let text = "[\(Self.smallest),\(Self.largest)]"
        var events: [Event] = []
        try text.bytes.withUnsafeBytes { bytes in
            var reader = JSONReader(bytes, limits: JSONLimits(depth: 40))
            try reader.beginArray()
            while try reader.nextElement() {
                events.append(try Event(reading: &reader))
            }
            try reader.finish()
        }
        #expect(events == [try Event(parsing: Self.smallest), try Event(parsing: Self.largest)])
    }
}
