// SPDX-License-Identifier: Apache-2.0

internal import Cairn
internal import CairnLedger
internal import Testing

extension RecordIndexConformance {
    /// Words, phrases and prefixes.
    static let texts: [RecordIndexConformance] = [
        .init("Words are found in every text of a record, and all of them must occur") { store in
            var ledger = try await IndexedLedger(store)
            let nested = try CanonicalJSON(parsing: #"{"a":["deep",{"b":"eighth"}],"n":7}"#)
            try await ledger.commit([
                { $0.description = "first word" }, { $0.action = "second" },
                { $0.actor.name = "Third Person" }, { $0.actor.email = "fourth@example.com" },
                { $0.actor.id = "fifth" }, { $0.type = .sample("sixth.seen") },
                { $0.resources = [.init(id: "x"), .init(type: "seventh", name: "also this")] },
                { $0.details = nested }, { $0.before = nested }, { $0.after = nested },
                { $0.actor.type = "ninth" },
            ])
            for (text, expected): (String, [UInt64]) in [
                ("first", [0]), ("second", [1]), ("third", [2]), ("fourth", [3]), ("fifth", [4]),
                ("sixth", [5]), ("seventh", [6]), ("also", [6]), ("eighth", [7, 8, 9]),
                ("ninth", [10]), ("word first", [0]), ("first second", []), ("absent", []),
                ("fourth@example.com", [3]), ("deep eighth", [7, 8, 9]), ("7", []),
            ] {
                let found = try await ledger.find(text: text)
                #expect(found == expected, "\(text)")
            }
        },
        .init("Case, accents and composition do not count in words") { store in
            var ledger = try await IndexedLedger(store)
            let texts = [
                "Crème BRÛLÉE", "creme brulee", "cre\u{300}me", "ΩΜΈΓΑ", "İstanbul", "Straße",
            ]
            try await ledger.commit(texts.map { text in { $0.description = text } })
            for (text, expected): (String, [UInt64]) in [
                ("creme", [0, 1, 2]), ("CRÈME", [0, 1, 2]), ("cre\u{300}me", [0, 1, 2]),
                ("brûlée", [0, 1]), ("ωμεγα", [3]), ("istanbul", [4]), ("straße", [5]),
                ("strasse", []),
            ] {
                let found = try await ledger.find(text: text)
                #expect(found == expected, "\(text)")
            }
        },
        .init("A phrase is words in a row within one text") { store in
            var ledger = try await IndexedLedger(store)
            let split = try CanonicalJSON(parsing: #"{"a":"quick","b":"brown","c":["fox","hole"]}"#)
            try await ledger.commit([
                { $0.description = "the quick brown fox" }, { $0.description = "brown quick fox" },
                { $0.details = split },
                {
                    $0.description = "brown"
                    $0.action = "quick"
                },
                { $0.description = "Quick-BROWN, fox!" }, { $0.description = "quick brownish" },
                { $0.description = "aquick brown" },
            ])
            for (text, expected): (String, [UInt64]) in [
                (#""quick brown""#, [0, 4]), (#""quick brown fox""#, [0, 4]),
                (#""brown quick""#, [1]), (#""brown fox""#, [0, 4]), (#""fox hole""#, []),
                ("quick brown", [0, 1, 2, 3, 4, 6].filter { $0 != 6 }),
                (#""the quick" fox"#, [0]), (#""brown""#, [0, 1, 2, 3, 4, 6]),
            ] {
                let found = try await ledger.find(text: text)
                #expect(found == expected, "\(text)")
            }
        },
        .init("A word that ends in a star is the beginning of a word") { store in
            var ledger = try await IndexedLedger(store)
            let texts = ["permit", "permission granted", "PERMÍTTED", "impermeable", "per mission"]
            try await ledger.commit(texts.map { text in { $0.description = text } })
            for (text, expected): (String, [UInt64]) in [
                ("perm*", [0, 1, 2]), ("permi*", [0, 1, 2]), ("permit*", [0, 2]),
                ("per*", [0, 1, 2, 4]),
                ("permission gran*", [1]), ("zz*", []), ("p*", [0, 1, 2, 4]),
            ] {
                let found = try await ledger.find(text: text)
                #expect(found == expected, "\(text)")
            }
        },
        .init("Text and conditions hold together") { store in
            var ledger = try await IndexedLedger(store)
            try await ledger.commit(
                (0..<20).map { position in
                    {
                        $0.description = position % 2 == 0 ? "even number" : "odd number"
                        $0.actor.id = "user-\(position % 3)"
                    }
                }
            )
            let parsed = try #require(TextQuery(parsing: "even num*"))
            let found = try await ledger.find(
                .ascending {
                    $0.text = parsed
                    $0.filters = [Filter(.actorID, ["user-0"])]
                }
            )
            #expect(found == [0, 6, 12, 18])
        },
        .init("Words of U+0000 and of other scripts are found") { store in
            var ledger = try await IndexedLedger(store)
            let texts = ["left\u{0}right", "Їжак біжить", "東京 タワー", "emoji😀here", "١٢٣"]
            try await ledger.commit(texts.map { text in { $0.description = text } })
            for (text, expected): (String, [UInt64]) in [
                ("left", [0]), ("right", [0]), (#""left right""#, [0]), ("їжак", [1]),
                ("東京", [2]), ("emoji", [3]), ("here", [3]), ("١٢٣", [4]),
            ] {
                let found = try await ledger.find(text: text)
                #expect(found == expected, "\(text)")
            }
        },
        .init("A very long word is found by its beginning and by itself") { store in
            var ledger = try await IndexedLedger(store)
            let long = String(repeating: "abcdefgh", count: 20)
            try await ledger.commit([{ $0.description = "x \(long) y" }])
            for text in [long, "abcdefgh*", "\"x \(long) y\""] {
                let found = try await ledger.find(text: text)
                #expect(found == [0], "\(text)")
            }
        },
    ]
}
