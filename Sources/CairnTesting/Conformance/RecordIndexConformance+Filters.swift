// SPDX-License-Identifier: Apache-2.0

internal import Cairn
internal import CairnLedger
internal import Testing

/// A member that queries compare: a common, a rare and an absent value, and how an event gets one.
private struct FilterCase: Sendable {
    let key: FilterKey
    let common: String
    let rare: String
    let absent: String
    let set: @Sendable (inout Event, String) -> Void

    init(
        _ key: FilterKey,
        _ common: String = "common",
        _ rare: String = "rare",
        _ absent: String = "absent",
        set: @escaping @Sendable (inout Event, String) -> Void
    ) {
        self.key = key
        self.common = common
        self.rare = rare
        self.absent = absent
        self.set = set
    }

    static let all: [FilterCase] = [
        .init(.type, "x.common", "x.rare", "x.absent") { $0.type = .sample($1) },
        .init(.action) { $0.action = $1 },
        .init(.category, "zebra", "yak", "gnu") { $0.type = .sample("\($1).x") },
        .init(.outcome, "success", "denied", "error") { $0.outcome = Outcome(rawValue: $1) },
        .init(.severity, "info", "critical", "debug") { $0.severity = Severity(rawValue: $1) },
        .init(.risk, "low", "critical", "high") { $0.risk = Risk(rawValue: $1) },
        .init(.actorID) { $0.actor.id = $1 },
        .init(.actorType) { $0.actor.type = $1 },
        .init(.resourceType) { $0.resources = [.init(type: $1, id: "r")] },
        .init(.resourceID) { $0.resources = [.init(type: "t", id: $1)] },
        .init(.ip, "192.0.2.1", "2001:db8::1", "192.0.2.2") { $0.source.ip = $1 },
        .init(.requestID) { $0.source.requestID = $1 },
        .init(.sessionID) { $0.actor.sessionID = $1 },
        .init(.externalID) { $0.externalID = $1 },
        .init(.details("key")) { $0.details = JSONValue.object(["key": .string($1)]).canonical },
    ]
}

extension RecordIndexConformance {
    /// Equality of members.
    static let filters: [RecordIndexConformance] = [
        .init("Every member is found by a common, a rare and an absent value") { store in
            for (number, member) in FilterCase.all.enumerated() {
                var ledger = try await IndexedLedger(store, .numbered(UInt64(number)))
                try await ledger.commit(
                    (0..<30).map { position in
                        { member.set(&$0, position == 17 ? member.rare : member.common) }
                    }
                )
                let rare = try await ledger.find(Filter(member.key, [member.rare]))
                #expect(rare == [17], "\(member.key)")
                let common = try await ledger.find(Filter(member.key, [member.common]))
                #expect(common == (0..<30).filter { $0 != 17 }, "\(member.key)")
                let absent = try await ledger.find(Filter(member.key, [member.absent]))
                #expect(absent.isEmpty, "\(member.key)")
            }
        },
        .init("A member that a record does not have matches no value") { store in
            var ledger = try await IndexedLedger(store)
            try await ledger.commit([{ _ in }])
            for key: FilterKey in [
                .risk, .resourceType, .resourceID, .ip, .requestID, .sessionID, .externalID,
                .details("key"),
            ] {
                let found = try await ledger.find(Filter(key, ["", "null", "low"]))
                #expect(found.isEmpty, "\(key)")
            }
        },
        .init("A condition with several values is met by any of them") { store in
            var ledger = try await IndexedLedger(store)
            try await ledger.commit(
                ["a", "b", "c", "d", "b"].map { name in { $0.actor.id = name } }
            )
            let found = try await ledger.find(Filter(.actorID, ["b", "d", "nobody"]))
            #expect(found == [1, 3, 4])
            let none = try await ledger.find(Filter(.actorID, []))
            #expect(none.isEmpty)
        },
        .init("All conditions hold at once") { store in
            var ledger = try await IndexedLedger(store)
            try await ledger.commit(
                ["a", "b"].flatMap { name in
                    [Outcome.success, .denied, .error].map { outcome in
                        {
                            $0.actor.id = name
                            $0.outcome = outcome
                        }
                    }
                }
            )
            let found = try await ledger.find(
                Filter(.actorID, ["b"]),
                Filter(.outcome, ["denied", "error"])
            )
            #expect(found == [4, 5])
            let none = try await ledger.find(Filter(.actorID, ["a"]), Filter(.actorID, ["b"]))
            #expect(none.isEmpty)
        },
        .init("A type that ends in a star is the beginning of a type") { store in
            var ledger = try await IndexedLedger(store)
            let types = ["user.login", "user.logout", "userx.seen", "user", "a.user.b", "User.x"]
            try await ledger.commit(types.map { type in { $0.type = .sample(type) } })
            for (value, expected): (String, [UInt64]) in [
                ("user.*", [0, 1]), ("user*", [0, 1, 2, 3]), ("user.log*", [0, 1]),
                ("user.login*", [0]), ("*", [0, 1, 2, 3, 4, 5]), ("User.*", [5]), ("x*", []),
                ("a.user*", [4]),
            ] {
                let found = try await ledger.find(Filter(.type, [value]))
                #expect(found == expected, "\(value)")
            }
            let both = try await ledger.find(Filter(.type, ["a.*", "user", "User.x"]))
            #expect(both == [3, 4, 5])
        },
        .init("Values are compared by their bytes: case and composition matter") { store in
            var ledger = try await IndexedLedger(store)
            let names = ["ann", "Ann", "é", "e\u{301}", "a\u{0}b", "a", "ann ", "", "'; --", "%"]
                .filter { !$0.isEmpty }
            try await ledger.commit(names.map { name in { $0.actor.id = name } })
            for (position, name) in names.enumerated() {
                let found = try await ledger.find(Filter(.actorID, [name]))
                #expect(found == [UInt64(position)], "\(name.debugDescription)")
            }
            var types = try await IndexedLedger(store, .other)
            try await types.commit(
                ["User.Login", "user.login"].map { type in { $0.type = .sample(type) } }
            )
            let lower = try await types.find(Filter(.type, ["user.login"]))
            #expect(lower == [1])
            let upper = try await types.find(Filter(.type, ["User.Login"]))
            #expect(upper == [0])
        },
        .init("Resources beyond the first are found") { store in
            var ledger = try await IndexedLedger(store)
            try await ledger.commit([
                { $0.resources = [] },
                { $0.resources = [.init(type: "doc", id: "1"), .init(type: "row", id: "2")] },
                { $0.resources = (0..<32).map { .init(type: "many", id: "n\($0)") } },
                { $0.resources = [.init(type: "row", name: "1")] },
            ])
            for (filter, expected): (Filter, [UInt64]) in [
                (Filter(.resourceType, ["doc"]), [1]), (Filter(.resourceType, ["row"]), [1, 3]),
                (Filter(.resourceID, ["2"]), [1]), (Filter(.resourceID, ["n31"]), [2]),
                (Filter(.resourceID, ["1"]), [1]),
            ] {
                let found = try await ledger.find(filter)
                #expect(found == expected, "\(filter)")
            }
        },
        .init("Two ledgers with the same content are apart") { store in
            var ours = try await IndexedLedger(store)
            var theirs = try await IndexedLedger(store, .other)
            try await ours.commit([{ $0.description = "alpha" }, { $0.actor.id = "bob" }])
            try await theirs.commit([{ $0.actor.id = "bob" }])
            let found = try await ours.find(Filter(.actorID, ["bob"]))
            #expect(found == [1])
            let other = try await theirs.find(Filter(.actorID, ["bob"]))
            #expect(other == [0])
            let words = try await theirs.find(text: "alpha")
            #expect(words.isEmpty)
        },
    ]

    /// Members of `details`.
    static let details: [RecordIndexConformance] = [
        .init("Members of details are found by text, number, boolean, nested and in arrays") {
            store in
            var ledger = try await IndexedLedger(store)
            let documents = [
                #"{"k":"red"}"#, #"{"k":1.50}"#, #"{"k":true}"#, #"{"k":{"n":"red"}}"#,
                #"{"k":["red",2,["blue",false],{"n":"red"}]}"#, #"{"k.n":"red"}"#, #"{"k":null}"#,
                #"{"k":"1.5"}"#, #"{"other":"red"}"#, #"{"k":12345678901234567890}"#, #"{"k":""}"#,
                #"{"k":{"k":"red"}}"#,
            ]
            let parsed = try documents.map { try CanonicalJSON(parsing: $0) }
            try await ledger.commit(parsed.map { document in { $0.details = document } })
            for (path, value, expected): (String, String, [UInt64]) in [
                ("k", "red", [0, 4]), ("k", "1.5", [1, 7]), ("k", "1.50", []), ("k", "true", [2]),
                ("k.n", "red", [3, 4, 5]), ("k", "2", [4]), ("k", "blue", [4]),
                ("k", "false", [4]), ("k", "null", []), ("k", "12345678901234567890", [9]),
                ("k", "12345678901234567000", []), ("k", "", [10]), ("k.k", "red", [11]),
                ("", "red", []), ("k", "Red", []),
            ] {
                let found = try await ledger.find(Filter(.details(path), [value]))
                #expect(found == expected, "\(path) is \(value)")
            }
        },
        .init("Names and values in details may be any text") { store in
            var ledger = try await IndexedLedger(store)
            let texts = ["é", "e\u{301}", "a\u{0}", "\"", "\\", "\n", "東京", "a b", "{", "😀"]
            try await ledger.commit(
                texts.map { text in
                    {
                        $0.details =
                            JSONValue.object(JSONObject([(text, .string(text))])).canonical
                    }
                }
            )
            for (position, text) in texts.enumerated() {
                let found = try await ledger.find(Filter(.details(text), [text]))
                #expect(found == [UInt64(position)], "\(text.debugDescription)")
            }
        },
        .init("Members of the state before and after are no members of details") { store in
            var ledger = try await IndexedLedger(store)
            let document = try CanonicalJSON(parsing: #"{"k":"red"}"#)
            try await ledger.commit([{ $0.before = document }, { $0.after = document }])
            let found = try await ledger.find(Filter(.details("k"), ["red"]))
            #expect(found.isEmpty)
        },
    ]
}
