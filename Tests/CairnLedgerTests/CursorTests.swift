// SPDX-License-Identifier: Apache-2.0

import Cairn
import CairnLedger
import CairnTesting
import Testing

@Suite("Cursors")
struct CursorTests {
    private let codec = CursorCodec(secret: Array(0..<32))
    private let ledger = Tenant.example.ledger
    private let cursor = Cursor(
        size: 123_456_789,
        place: PagePosition(
            occurredAt: Timestamp(nanoseconds: -1_234_567_890_123),
            index: 4_294_967_297
        )
    )

    @Test("A cursor is read back as it was made")
    func roundTrip() throws {
        for size: UInt64 in [0, 1, 1 << 52] {
            for nanoseconds: Int64 in [.min, -1, 0, .max] {
                let made = Cursor(
                    size: size,
                    place: PagePosition(
                        occurredAt: Timestamp(nanoseconds: nanoseconds),
                        index: size
                    )
                )
                let text = codec.encode(made, ledger: ledger, query: RecordQuery())
                let read = try codec.decode(text, ledger: ledger, query: RecordQuery())
                #expect(read == made)
            }
        }
    }

    @Test("No bit of a cursor can be changed")
    func bitFlips() throws {
        let text = codec.encode(cursor, ledger: ledger, query: RecordQuery())
        let bytes = try #require(Base64URL.decode(text))
        for bit in 0..<bytes.count * 8 {
            var forged = bytes
            forged[bit / 8] ^= 1 << (bit % 8)
            #expect(throws: Cursor.Invalid.self, "bit \(bit)") {
                _ = try codec.decode(
                    Base64URL.encode(forged),
                    ledger: ledger,
                    query: RecordQuery()
                )
            }
        }
    }

    @Test("No letter of a cursor can be changed, added or left out")
    func letters() throws {
        let text = Array(codec.encode(cursor, ledger: ledger, query: RecordQuery()).utf8)
        var forgeries: [[UInt8]] = [[], text + text, text + [0x41], [0x41] + text, text + [0x3D]]
        for position in text.indices {
            for letter in "AaZz09-_+=. \n".utf8 where letter != text[position] {
                var forged = text
                forged[position] = letter
                forgeries.append(forged)
            }
            forgeries.append(Array(text[..<position]))
        }
        for forged in forgeries {
            let written = String(decoding: forged, as: UTF8.self)
            #expect(throws: Cursor.Invalid.self, "\(written)") {
                _ = try codec.decode(written, ledger: ledger, query: RecordQuery())
            }
        }
    }

    @Test("A cursor is of one ledger and one secret")
    func bound() throws {
        let text = codec.encode(cursor, ledger: ledger, query: RecordQuery())
        #expect(throws: Cursor.Invalid.self) {
            _ = try codec.decode(text, ledger: Tenant.other.ledger, query: RecordQuery())
        }
        var secret = [UInt8](0..<32)
        secret[31] ^= 1
        let stranger = CursorCodec(secret: secret)
        #expect(throws: Cursor.Invalid.self) {
            _ = try stranger.decode(text, ledger: ledger, query: RecordQuery())
        }
    }

    @Test("A cursor is of one query: whatever is changed, it is refused")
    func boundToQuery() throws {
        let time = ManualClock.start
        let changes: [(inout RecordQuery) -> Void] = [
            { _ in },
            { $0.isDescending = false }, { $0.sort = .index },
            { $0.text = TextQuery(parsing: "a b") }, { $0.text = TextQuery(parsing: "\"a b\"") },
            { $0.text = TextQuery(parsing: "a b*") }, { $0.text = TextQuery(parsing: "a") },
            { $0.occurredFrom = time }, { $0.occurredTo = time },
            { $0.receivedFrom = time }, { $0.receivedTo = time },
            { $0.occurredFrom = Timestamp(nanoseconds: time.nanoseconds + 1) },
            { $0.indexFrom = 5 }, { $0.indexTo = 5 }, { $0.indexTo = 6 },
            { $0.filters = [Filter(.actorID, ["a"])] },
            { $0.filters = [Filter(.actorID, ["a", "b"])] },
            { $0.filters = [Filter(.actorID, ["b", "a"])] },
            { $0.filters = [Filter(.actorID, ["ab"])] },
            { $0.filters = [Filter(.actorType, ["a"])] },
            { $0.filters = [Filter(.actorID, ["a"]), Filter(.actorID, ["b"])] },
            { $0.filters = [Filter(.details("a"), ["b"])] },
            { $0.filters = [Filter(.details("a.b"), ["b"])] },
            { $0.filters = [Filter(.details("é"), ["b"])] },
            { $0.filters = [Filter(.details("e\u{301}"), ["b"])] },
            { $0.filters = [Filter(.actorID, ["é"])] },
            { $0.filters = [Filter(.actorID, ["e\u{301}"])] },
        ]
        let queries = changes.map { change in
            var query = RecordQuery()
            change(&query)
            return query
        }
        for (mine, query) in queries.enumerated() {
            let text = codec.encode(cursor, ledger: ledger, query: query)
            for (other, otherQuery) in queries.enumerated() {
                let read = try? codec.decode(text, ledger: ledger, query: otherQuery)
                #expect((read == cursor) == (mine == other), "\(mine) read as \(other)")
            }
        }
    }
}
