// SPDX-License-Identifier: Apache-2.0
import Cairn
import Foundation
import Testing

@testable import CairnCommand

@Suite("Reading logs of other systems as events")
struct LogMappingTests {
    private let key = ImportKey(Array(repeating: 7, count: 32), "test", "")

    private func lines(_ name: String) throws -> [String] {
        try CairnBinary.text("Tests/EndToEndTests/Samples/\(name)").split(separator: "\n")
            .map(String.init)
    }

    // MARK: Kubernetes

    @Test("A request of Kubernetes is one event, and the stages before its end are skipped")
    func kubernetes() throws {
        let entries = try ImportSample.read(.kubernetes, "kubernetes.ndjson")
        #expect(entries.count == 5)
        #expect(entries[0] == .skipped("requests at stage RequestReceived"))
        let event = try #require(entries[1].event)
        #expect(event.type.text == "k8s.pods_exec.create")
        #expect(event.action == "create")
        #expect(event.outcome == .success)
        #expect(event.severity == .info)
        #expect(event.occurredAt?.text == "2026-03-01T09:00:00.123456Z")
        #expect(event.actor == Event.Actor(type: "user", id: "mara@example.com"))
        #expect(
            event.resources == [
                Event.Resource(type: "pods/exec", id: "shop/web-1", name: "web-1"),
                Event.Resource(type: "impersonated_user", id: "system:admin"),
            ]
        )
        #expect(event.source == Event.Source(ip: "10.0.0.3", userAgent: "kubectl/v1.30.0"))
        #expect(event.externalID == "8c604d8d-368c-4294-9cfa-000000000001")
        #expect(
            entries[4]
                == .refused(
                    place: 5,
                    reason: "requestReceivedTimestamp is missing or no text"
                )
        )
    }

    @Test("The status of an answer says whether it was denied, failed or an error")
    func kubernetesOutcomes() throws {
        let entries = try ImportSample.read(.kubernetes, "kubernetes.ndjson")
        #expect(entries[2].event?.outcome == .denied)
        #expect(entries[2].event?.actor.type == "service_account")
        #expect(
            entries[2].event?.resources == [
                Event.Resource(type: "apps/deployments"),
                Event.Resource(type: "namespaces", id: "shop"),
            ]
        )
        #expect(entries[3].event?.outcome == .error)
        #expect(entries[3].event?.type.text == "k8s.nonresource.get")
        #expect(entries[3].event?.actor.type == "node")
        let codes: [(String, Outcome)] = [
            ("200", .success), ("302", .success), ("400", .failure), ("401", .denied),
            ("403", .denied), ("409", .failure), ("500", .error), ("503", .error),
            ("\"200\"", .unknown), ("0", .unknown),
        ]
        for (code, outcome) in codes {
            let text = """
                {"auditID":"1","stage":"ResponseComplete","verb":"get",\
                "responseStatus":{"code":\(code)},\
                "requestReceivedTimestamp":"2026-03-01T09:00:00Z"}
                """
            #expect(try ImportSample.map(text, KubernetesMapping(key)).outcome == outcome)
        }
    }

    @Test("Every stage is an event of its own where that is asked for")
    func kubernetesStages() throws {
        let line = try #require(try lines("kubernetes.ndjson").first)
        let received = try ImportSample.map(line, KubernetesMapping(key, allStages: true))
        #expect(received.outcome == .unknown)
        let last = try lines("kubernetes.ndjson")[1]
        let complete = try ImportSample.map(last, KubernetesMapping(key, allStages: true))
        #expect(complete.externalID == received.externalID)
        #expect(complete.id != received.id)
        #expect(try ImportSample.map(last, KubernetesMapping(key)) == complete)
    }

    @Test("An EventList is read item by item")
    func kubernetesList() throws {
        let entries = try ImportSample.read(.kubernetes, "kubernetes-list.json")
        #expect(entries.count == 3)
        #expect(entries[0] == .skipped("requests at stage ResponseStarted"))
        #expect(entries[1].event?.outcome == .failure)
        #expect(entries[1].event?.actor == Event.Actor(type: "unknown", id: "unknown"))
        #expect(entries[2].event?.outcome == .error)
        #expect(entries[2].event?.actor.type == "system")
    }

    // MARK: PostgreSQL

    @Test("A message of pgaudit is an event, whatever quotes and lines its statement has")
    func pgaudit() throws {
        let entries = try ImportSample.read(.pgaudit, "pgaudit.csv")
        #expect(entries.count == 7)
        #expect(entries[0] == .skipped("lines without a message of pgaudit"))
        let event = try #require(entries[1].event)
        #expect(event.type.text == "db.read.select")
        #expect(event.action == "SELECT")
        #expect(event.outcome == .unknown)
        #expect(event.severity == .info)
        #expect(event.occurredAt?.text == "2026-01-12T08:00:01.123Z")
        #expect(
            event.actor
                == Event.Actor(type: "database_user", id: "mara", sessionID: "69648e41.385")
        )
        #expect(
            event.resources == [
                Event.Resource(type: "TABLE", id: "public.account"),
                Event.Resource(type: "DATABASE", id: "shop"),
            ]
        )
        #expect(event.source.ip == "192.0.2.17")
        #expect(event.externalID == "69648e41.385/3")
        let details = try JSONValue(parsing: #require(event.details).bytes)
        #expect(
            details["audit"] == [
                "audit_type": "SESSION", "statement_id": "1", "substatement_id": "1",
                "class": "READ", "command": "SELECT", "object_type": "TABLE",
                "object_name": "public.account",
                "statement":
                    "select *\n  from account where name = 'a, b' and note = \"x\";",
                "parameter": "<not logged>",
            ]
        )
        #expect(details["log"]?.object?.count == 16)
        #expect(details["log"]?["query_id"] == "-7461232323131234567")
        #expect(details["log"]?["connection_from"] == "192.0.2.17:54321")
    }

    @Test("A log of an older version has fewer columns, and times have zones")
    func pgauditOlder() throws {
        let event = try #require(try ImportSample.read(.pgaudit, "pgaudit.csv")[2].event)
        #expect(event.type.text == "db.ddl.create_table")
        #expect(event.severity == .warning)
        #expect(event.source.ip == "[local]")
        #expect(event.occurredAt?.text == "2026-01-12T07:00:02.500Z")
        #expect(event.occurredOffset == "+01:00")
        #expect(event.resources == [Event.Resource(type: "DATABASE", id: "shop")])
    }

    @Test("Lines that cannot be told are refused by the line they begin in")
    func pgauditRefusals() throws {
        let entries = try ImportSample.read(.pgaudit, "pgaudit.csv")
        let refused = entries.compactMap { entry -> String? in
            guard case .refused(let place, let reason) = entry else { return nil }
            return "\(place): \(reason)"
        }
        #expect(refused.count == 3)
        #expect(refused[0].hasPrefix("5: log_time has the zone IST"))
        #expect(refused[1] == "6: the message of pgaudit is not 9 fields")
        #expect(refused[2].hasPrefix("7: a row of 3 cells"))
        #expect(entries[6].event?.source.ip == "2001:db8::1")
    }

    // MARK: Journal

    @Test("An entry of the journal is an event, with its sender's name as type")
    func journald() throws {
        let entries = try ImportSample.read(.journald, "journald.ndjson")
        #expect(entries.count == 5)
        let event = try #require(entries[0].event)
        #expect(event.type.text == "journal.sudo")
        #expect(event.severity == .info)
        #expect(event.outcome == .unknown)
        #expect(event.occurredAt?.text == "2026-01-05T08:00:00.123456Z")
        #expect(event.actor == Event.Actor(type: "uid", id: "1000"))
        #expect(
            event.resources == [
                Event.Resource(type: "host", id: "web-1"),
                Event.Resource(type: "unit", id: "session-3.scope"),
                Event.Resource(type: "process", id: "4242", name: "sudo"),
            ]
        )
        #expect(event.description?.hasSuffix("COMMAND=/usr/bin/id") ?? false)
        #expect(event.externalID?.hasPrefix("s=1f2e;i=3a1;") ?? false)
    }

    @Test("A message in bytes is read, and one that is no text stays in the details")
    func journaldBytes() throws {
        let entries = try ImportSample.read(.journald, "journald.ndjson")
        #expect(entries[1].event?.description == "Oöps\u{1B}")
        #expect(entries[1].event?.severity == .critical)
        #expect(entries[1].event?.actor.id == "unknown")
        let odd = try #require(entries[2].event)
        #expect(odd.type.text == "journal.my_app_worker")
        #expect(odd.description == nil)
        #expect(odd.severity == nil)
        #expect(odd.details?.text.contains(#""RAW":[255,0],"VALUE":["A","B"]"#) ?? false)
        #expect(entries[3].event?.externalID == nil)
        #expect(
            entries[4]
                == .refused(place: 5, reason: "__REALTIME_TIMESTAMP is missing or no text")
        )
    }

    @Test("The eight levels of syslog have their severities")
    func journaldLevels() throws {
        let severities: [Severity] = [
            .critical, .critical, .critical, .error, .warning, .info, .info, .debug,
        ]
        for (level, severity) in severities.enumerated() {
            let text = #"{"__REALTIME_TIMESTAMP":"1","PRIORITY":"\#(level)"}"#
            #expect(try ImportSample.map(text, JournaldMapping(key)).severity == severity)
        }
    }

    @Test("Times beyond what a record can hold are refused")
    func journaldTimes() {
        for time in ["-", "9223372036854775807", "99999999999999999999", "1.5"] {
            #expect(throws: ImportRefusal.self, "\(time)") {
                try ImportSample.map(#"{"__REALTIME_TIMESTAMP":"\#(time)"}"#, JournaldMapping(key))
            }
        }
    }

    // MARK: All of them

    @Test("The whole original is in the details of what Kubernetes and the journal say")
    func whole() throws {
        let samples: [(ImportFormat, String)] = [
            (.kubernetes, "kubernetes.ndjson"), (.journald, "journald.ndjson"),
        ]
        for (format, name) in samples {
            for (line, entry) in zip(try lines(name), try ImportSample.read(format, name)) {
                guard let event = entry.event else { continue }
                #expect(try event.details == JSONValue(parsing: line).canonical)
            }
        }
    }

    @Test("Events of one file have ids of their own, the same each time")
    func ids() throws {
        let samples: [(ImportFormat, String)] = [
            (.kubernetes, "kubernetes.ndjson"), (.pgaudit, "pgaudit.csv"),
            (.journald, "journald.ndjson"),
        ]
        for (format, name) in samples {
            let ids = try ImportSample.read(format, name).compactMap(\.event?.id)
            #expect(Set(ids).count == ids.count)
            #expect(try ImportSample.read(format, name).compactMap(\.event?.id) == ids)
            #expect(
                try ImportSample.read(format, name, from: "b").compactMap(\.event?.id) != ids
            )
        }
    }
}
