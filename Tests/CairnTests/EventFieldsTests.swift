// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Cairn

@Suite("The fields an event becomes")
struct EventFieldsTests {
    private let now = Timestamp(milliseconds: 1_769_178_600_123)

    private func fields(_ text: String, _ facts: EventFacts? = nil) throws -> [String: String] {
        let event = try Event(parsing: text)
        let fields = event.fields(facts ?? EventFacts(now: now), registry: .standard)
        #expect(Fields(encoded: fields.encoded) == fields, "paths are in order")
        return Dictionary(
            uniqueKeysWithValues: fields.map { field in
                (field.path.text, String(decoding: fields.encoded[field.range], as: UTF8.self))
            }
        )
    }

    @Test("What is absent is filled in, and listed as filled in")
    func defaults() throws {
        let found = try fields(#"{"type":"user.login_failed","actor":{"id":"u"}}"#)
        #expect(
            found == [
                "type": #""user.login_failed""#, "action": #""login_failed""#,
                "actor.id": #""u""#, "actor.type": #""user""#, "category": #""user""#,
                "occurred_at": #""2026-01-23T14:30:00.123Z""#, "outcome": #""success""#,
                "severity": #""warning""#,
                "defaulted":
                    #"["action","actor.type","id","occurred_at","outcome","severity"]"#,
            ]
        )
    }

    @Test("What is given is kept, and nothing is listed")
    func given() throws {
        let found = try fields(
            #"""
            {"id":"018f6b1e-7c2a-7000-8000-000000000001","type":"x.y","action":"a\"b",
             "outcome":"error","severity":"debug","risk":"high",
             "occurred_at":"2026-01-23T16:30:00.5+02:00",
             "actor":{"type":"t","id":"u","name":"n","email":"e","session_id":"s"},
             "resources":[{"name":"n","type":"t","id":"i"},{"id":"j"}],
             "source":{"ip":"1","user_agent":"2","request_id":"3","traceparent":"4"},
             "description":"","details":{},"change":{"before":{"a":1},"after":{}},
             "external_id":"x"}
            """#,
            EventFacts(
                now: now,
                principalID: "key-1",
                principalSubject: "svc",
                dialect: WireDialect("logs")
            )
        )
        #expect(
            found == [
                "type": #""x.y""#, "action": #""a\"b""#, "outcome": #""error""#,
                "severity": #""debug""#, "risk": #""high""#, "category": #""x""#,
                "occurred_at": #""2026-01-23T14:30:00.500Z""#, "occurred_offset": #""+02:00""#,
                "actor.type": #""t""#, "actor.id": #""u""#, "actor.name": #""n""#,
                "actor.email": #""e""#, "actor.session_id": #""s""#,
                "resources": #"[{"id":"i","name":"n","type":"t"},{"id":"j"}]"#,
                "source.ip": #""1""#, "source.user_agent": #""2""#, "source.request_id": #""3""#,
                "source.traceparent": #""4""#, "description": #""""#, "details": "{}",
                "change.before": #"{"a":1}"#, "change.after": "{}", "external_id": #""x""#,
                "principal.id": #""key-1""#, "principal.subject": #""svc""#,
                "dialect": #""logs""#,
            ]
        )
    }

    @Test("Every value is canonical, whatever the text")
    func canonical() throws {
        for text in ["", "\u{0}", "\"", "\\", "é", "e\u{301}", "\u{2028}", "\r\n", "😀", "\u{1F}"] {
            var event = Event(type: try EventType("a"), actor: .init(id: text))
            event.resources = [.init(type: text, id: text, name: text), .init(id: text)]
            event.resources?.append(.init(type: text))
            event.description = text
            let fields = event.fields(EventFacts(now: now), registry: .standard)
            for field in fields {
                let value = Array(fields.encoded[field.range])
                #expect(try CanonicalJSON(parsing: value).bytes == value, "\(field.path.text)")
            }
            #expect(fields.text(.description)?.bytes == text.bytes)
        }
    }

    @Test("What was sent is what is left without the server's own words")
    func asSent() throws {
        func sent(_ text: String, _ facts: EventFacts) throws -> Fields {
            try Event(parsing: text).fields(facts, registry: .standard).asSent
        }
        let plain = #"{"type":"x.y","actor":{"id":"u"}}"#
        let one = try sent(plain, EventFacts(now: now))
        #expect(one.map(\.path.text) == ["actor.id", "type"])
        let other = try sent(
            plain,
            EventFacts(
                now: now.advanced(byMilliseconds: 9),
                principalID: "k",
                principalSubject: "s",
                dialect: WireDialect("d")
            )
        )
        #expect(one == other)
        for member in [
            #""action":"y""#, #""outcome":"success""#, #""severity":"info""#, #""risk":"low""#,
            #""occurred_at":"2026-01-23T14:30:00.123Z""#, #""resources":[]"#, #""details":{}"#,
            #""description":"""#, #""external_id":"e""#, #""source":{"ip":"1"}"#,
            #""change":{"after":{}}"#,
        ] {
            let more = #"{"type":"x.y","actor":{"id":"u"},\#(member)}"#
            #expect(try sent(more, EventFacts(now: now)) != one, "\(member)")
        }
        let typed = #"{"type":"x.y","actor":{"id":"u","type":"user"}}"#
        #expect(try sent(typed, EventFacts(now: now)) != one)
    }

    @Test("An id that was sent is not content, for the content is found by it")
    func idIsNotContent() throws {
        let id = #""id":"018f6b1e-7c2a-7000-8000-000000000001","#
        let with = try Event(parsing: "{\(id)\"type\":\"a\",\"actor\":{\"id\":\"u\"}}")
        var without = with
        without.id = nil
        let facts = EventFacts(now: now)
        #expect(
            with.fields(facts, registry: .standard).asSent
                == without.fields(facts, registry: .standard).asSent
        )
    }
}
