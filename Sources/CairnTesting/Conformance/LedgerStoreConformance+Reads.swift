// SPDX-License-Identifier: Apache-2.0

internal import Cairn
internal import CairnLedger
internal import Testing

extension LedgerStoreConformance {
    /// What a store answers of what it holds.
    static let reads: [LedgerStoreConformance] = [
        .init("Two ledgers are apart, even with the same ids") { store in
            var sampler = EventSampler(seed: 20)
            let events = sampler.prepared(5)
            let ours = try await commit(events, to: store)
            let theirs = try await commit(events.reversed(), to: store, .other)
            try await expect(store, holds: ours)
            try await expect(store, holds: theirs)
        },
        .init("A ledger that was never created has no records, hashes, ids or tiles") { store in
            var sampler = EventSampler(seed: 21)
            let reference = try await commit(sampler.prepared(5), to: store)
            let other = Tenant.other.ledger
            let records = try await store.records(in: other, at: 0..<9, contents: true)
            #expect(records.isEmpty)
            let hashes = try await store.leafHashes(in: other, at: 0..<9)
            #expect(hashes.isEmpty)
            let indexes = try await store.indexes(of: reference.records.map(\.id), in: other)
            #expect(indexes.isEmpty)
            let last = try await store.lastIndex(in: other)
            #expect(last == nil)
        },
        .init("A range is answered as far as it exists") { store in
            var sampler = EventSampler(seed: 22)
            let reference = try await commit(sampler.prepared(9), to: store)
            let ledger = reference.tenant.ledger
            for range: Range<UInt64> in [
                0..<0, 0..<1, 0..<9, 3..<5, 8..<9, 8..<12, 9..<12, 20..<30, 4..<4, 0..<(1 << 53),
            ] {
                let inside = range.clamped(to: 0..<9)
                let expected = reference.records[Int(inside.lowerBound)..<Int(inside.upperBound)]
                let records = try await store.records(in: ledger, at: range, contents: true)
                #expect(records == Array(expected), "\(range)")
                let hashes = try await store.leafHashes(in: ledger, at: range)
                #expect(hashes == expected.map(\.leafHash), "\(range)")
            }
        },
        .init("Records are read to the one with which they have so many bytes") { store in
            var sampler = EventSampler(seed: 42)
            var reference = try await commit(sampler.prepared(9), to: store)
            let ledger = reference.tenant.ledger
            for contents in [true, false] {
                var all = try await store.records(in: ledger, at: 1..<8, contents: contents)
                let sizes = all.map { $0.leaf.count + ($0.payload?.fields.byteCount ?? 0) }
                while let last = all.popLast() {
                    // With one byte less than those before it have, it is not needed.
                    let before = sizes.prefix(all.count).reduce(0, +)
                    for (bytes, expected) in [(before, all), (before + 1, all + [last])]
                    where bytes > 0 {
                        let read = try await store.records(
                            in: ledger,
                            at: 1..<8,
                            contents: contents,
                            upTo: bytes
                        )
                        #expect(read == expected)
                    }
                }
            }
            // Who stopped early does not go on seeing what was there then.
            for size in 9..<30 {
                for _ in 0..<8 {
                    let some = try await store.records(
                        in: ledger,
                        at: 0..<99,
                        contents: true,
                        upTo: 1
                    )
                    #expect(some.count == 1)
                    let head = try await store.head(of: ledger)
                    #expect(head?.size == UInt64(size))
                }
                let before = reference.head
                try await store.commit(reference.append(sampler.prepared(1)), expecting: before)
            }
        },
        .init("Records without contents have their leaf, hash and chain") { store in
            var sampler = EventSampler(seed: 23)
            let reference = try await commit(sampler.prepared(9), to: store)
            let records = try await store.records(
                in: reference.tenant.ledger,
                at: 2..<7,
                contents: false
            )
            let expected = reference.records[2..<7]
            #expect(records.map(\.index) == expected.map(\.index))
            #expect(records.map(\.leaf) == expected.map(\.leaf))
            #expect(records.map(\.leafHash) == expected.map(\.leafHash))
            #expect(records.map(\.chain) == expected.map(\.chain))
        },
        .init("Only ids that are recorded have an index, however many are asked for") { store in
            var sampler = EventSampler(seed: 24)
            let reference = try await commit(sampler.prepared(9), to: store)
            let ledger = reference.tenant.ledger
            let strangers = (0..<3000).map { _ in sampler.eventID() }
            let asked = strangers + [reference.records[4].id] + strangers.prefix(3)
            let found = try await store.indexes(of: asked, in: ledger)
            #expect(found == [reference.records[4].id: 4])
            let none = try await store.indexes(of: [], in: ledger)
            #expect(none.isEmpty)
            let again = try await store.indexes(
                of: [reference.records[0].id, reference.records[0].id],
                in: ledger
            )
            #expect(again == [reference.records[0].id: 0])
        },
        .init("The newest head is confirmed, and no other one") { store in
            var sampler = EventSampler(seed: 41)
            let reference = try await commit(sampler.prepared(3), to: store)
            let ledger = reference.tenant.ledger
            let newest = try await store.confirms(reference.head, of: ledger)
            let older = try await store.confirms(
                .empty(origin: reference.tenant.origin),
                of: ledger
            )
            let stranger = try await store.confirms(reference.head, of: Tenant.other.ledger)
            #expect(newest && !older && !stranger)
            let kept = try await store.head(of: ledger)
            #expect(kept == reference.head)
        },
        .init("Tiles of a range are those that are full, to the first that is not") { store in
            var sampler = EventSampler(seed: 42)
            let reference = try await commit(sampler.prepared(600), to: store)
            let ledger = reference.tenant.ledger
            let tiles = try await store.tiles(level: 0, at: 0..<5, in: ledger)
            let second = try await store.tile(TileCoordinate(level: 0, index: 1), in: ledger)
            #expect(tiles.count == 2 && tiles.last == second)
            let rest = try await store.tiles(level: 0, at: 1..<2, in: ledger)
            let none = try await store.tiles(level: 1, at: 0..<1, in: ledger)
            #expect(rest == [tiles[1]] && none.isEmpty)
        },
        .init("The last index is that of the newest record") { store in
            try await store.create(.example)
            let none = try await store.lastIndex(in: Tenant.example.ledger)
            #expect(none == nil)
            var sampler = EventSampler(seed: 25)
            let reference = try await commit(sampler.prepared(3), to: store, .other)
            let last = try await store.lastIndex(in: reference.tenant.ledger)
            #expect(last == 2)
        },
    ]

    /// Bytes, sizes and times at their edges.
    static let edges: [LedgerStoreConformance] = [
        .init("U+0000, line ends and text beyond ASCII survive in every text") { store in
            var sampler = EventSampler(seed: 26)
            let texts = ["a\u{0}b", "\u{0}", "\r\n", "é", "e\u{301}", "東京 😀", "\u{FEFF}x", "'\"\\"]
            let events = texts.map { text in
                var event = Event(type: .sample("a.b"), actor: .init(type: text, id: text))
                event.id = sampler.eventID()
                event.action = text
                event.actor.name = text
                event.actor.email = text
                event.actor.sessionID = text
                event.source = .init(ip: text, userAgent: text, requestID: text, traceparent: text)
                event.resources = [.init(type: text, id: text, name: text)]
                event.description = text
                event.externalID = text
                event.details = JSONValue.object(JSONObject([(text, .string(text))])).canonical
                event.before = event.details
                event.after = event.details
                return sampler.prepare(event)
            }
            let reference = try await commit(events, to: store)
            try await expect(store, holds: reference)
        },
        .init("A record with the largest documents survives") { store in
            var sampler = EventSampler(seed: 27)
            var event = sampler.event()
            let text = String(repeating: "x\u{0}é", count: 32_000)
            let document = JSONValue.object(["a": .string(text)]).canonical
            (event.details, event.before, event.after) = (document, document, document)
            let reference = try await commit([sampler.prepare(event)], to: store)
            try await expect(store, holds: reference)
        },
        .init("Times survive to the nanosecond, from 1678 to 2261") { store in
            var sampler = EventSampler(seed: 28)
            let times: [Int64] = [
                -9_214_560_000_000_000_000, -1, 0, 1, 999_999_999, 1_769_178_600_123_456_789,
                9_214_646_399_999_999_999,
            ]
            let events = times.map { time in
                var event = sampler.event()
                event.occurredAt = Timestamp(nanoseconds: time)
                return sampler.prepare(event)
            }
            let reference = try await commit(events, to: store)
            try await expect(store, holds: reference)
        },
        .init("Ids survive, whatever their bytes") { store in
            var sampler = EventSampler(seed: 29)
            let events = [[UInt8](repeating: 0, count: 16), [UInt8](repeating: 255, count: 16)]
                .map { bytes in
                    var event = sampler.event()
                    event.id = EventID(version4From: bytes)
                    return sampler.prepare(event)
                }
            let reference = try await commit(events, to: store)
            try await expect(store, holds: reference)
        },
        .init("A record of the ledger itself and another class are kept as they are") { store in
            var sampler = EventSampler(seed: 30)
            let event = sampler.prepared()
            let own = PreparedEvent(
                id: event.id,
                isFresh: false,
                fields: event.fields,
                seed: event.seed,
                occurredAt: event.occurredAt,
                schema: .ledger,
                retentionClass: RetentionClass("y7") ?? .standard
            )
            let reference = try await commit([own], to: store)
            try await expect(store, holds: reference)
        },
    ]
}
