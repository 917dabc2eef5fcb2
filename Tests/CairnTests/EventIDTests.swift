// SPDX-License-Identifier: Apache-2.0
import Cairn
import Foundation
import Testing

private struct UUIDVectors: Decodable {
    struct Example: Decodable {
        let version: Int
        let uuid: String
    }
    struct Generated: Decodable {
        let uuid: String
        let unix_ts_ms: UInt64
        let rand_a_hex: String
        let rand_b_hex: String
    }
    let rfc9562: [Example]
    let generated_v7: [Generated]
    let byte_order_sorted_v7: [String]
    let parse_accept: [String]
    let parse_reject: [String]

    static func load() throws -> UUIDVectors {
        try VectorFiles.json("uuid/uuid.json", as: UUIDVectors.self)
    }
}

/// The fields of a UUID of version 7, by RFC 9562 5.7 and from its bytes alone.
private struct VersionSeven {
    let milliseconds: UInt64
    let randA: UInt64
    let randB: UInt64

    init(_ id: EventID) {
        let bytes = id.bytes
        milliseconds = bytes[0..<6].reduce(0) { $0 << 8 | UInt64($1) }
        randA = bytes[6..<8].reduce(0) { $0 << 8 | UInt64($1) } & 0xFFF
        randB = bytes[8..<16].reduce(0) { $0 << 8 | UInt64($1) } & 0x3FFF_FFFF_FFFF_FFFF
    }
}

/// A generator that always draws the same number.
private struct ConstantGenerator: RandomNumberGenerator {
    let value: UInt64

    mutating func next() -> UInt64 { value }
}

@Suite("EventID")
struct EventIDTests {
    @Test("Of the examples of RFC 9562, those of version 4 and 7 are ids and no others")
    func takesVersions4And7() throws {
        let vectors = try UUIDVectors.load().rfc9562
        #expect(vectors.map(\.version) == [1, 3, 4, 5, 6, 7])
        for vector in vectors {
            if vector.version == 4 || vector.version == 7 {
                let id = try EventID.parse(vector.uuid)
                #expect(id.version == vector.version)
                #expect(id.text == vector.uuid)
            } else {
                #expect(throws: InvalidEventID.version) { try EventID.parse(vector.uuid) }
                #expect(EventID(vector.uuid) == nil)
            }
        }
    }

    @Test("Digits of either case are read, and printed in lower case")
    func readsEitherCase() throws {
        let vectors = try UUIDVectors.load().parse_accept
        #expect(vectors.count == 3)
        let id = try EventID.parse(vectors[0])
        #expect(id.text == vectors[0].lowercased())
        #expect(id == EventID(vectors[0].lowercased()))
        // UUIDs all the same, but of no version: nil and max (RFC 9562 5.9 and 5.10).
        for text in vectors.dropFirst() {
            #expect(throws: InvalidEventID.version) { try EventID.parse(text) }
        }
    }

    @Test("What is not a UUID in its plain form is refused as that")
    func refusesOtherForms() throws {
        let vectors = try UUIDVectors.load().parse_reject
        #expect(vectors.count == 9)
        for text in vectors + ["017f22e2-79b0-7cc3-98c4-dc0c0c07398\u{0}"] {
            #expect(throws: InvalidEventID.notUUID, "\(text)") { try EventID.parse(text) }
        }
    }

    @Test("A variant that is not RFC 9562's is refused", arguments: ["0", "7", "c", "f"])
    func refusesOtherVariants(digit: String) {
        let text = "017f22e2-79b0-7cc3-\(digit)8c4-dc0c0c07398f"
        #expect(throws: InvalidEventID.version) { try EventID.parse(text) }
    }

    @Test("The fields of version 7 are where RFC 9562 puts them")
    func laysOutVersion7() throws {
        let vectors = try UUIDVectors.load().generated_v7
        #expect(vectors.count == 6)
        for vector in vectors {
            let id = try EventID.parse(vector.uuid)
            let fields = VersionSeven(id)
            #expect(fields.milliseconds == vector.unix_ts_ms)
            #expect(fields.randA == UInt64(vector.rand_a_hex, radix: 16))
            #expect(fields.randB == UInt64(vector.rand_b_hex, radix: 16))
        }
    }

    @Test("Ids are ordered by their bytes")
    func ordersByBytes() throws {
        let sorted = try UUIDVectors.load().byte_order_sorted_v7
        let ids = try sorted.map { try EventID.parse($0) }
        #expect(ids.reversed().sorted().map(\.text) == sorted)
    }

    @Test("Text, bytes and id lead to each other, for random ids")
    func roundTrips() throws {
        let seed: UInt64 = 0xCA1B_0003
        var generator = SeededGenerator(seed: seed)
        for round in 0..<2_000 {
            let bytes = (0..<16).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
            let id = EventID(version4From: bytes)
            var text: [UInt8] = []
            id.appendText(to: &text)
            #expect(String(decoding: text, as: UTF8.self) == id.text)
            #expect(UUID(uuidString: id.text)?.uuidString.lowercased() == id.text)
            guard EventID(id.text) == id, EventID(bytes: id.bytes) == id, id.version == 4 else {
                Issue.record("seed \(seed), round \(round): \(id)")
                return
            }
        }
    }

    @Test("Version 4 from given bytes keeps all but the six bits of version and variant")
    func fillsVersion4() {
        let zero = EventID(version4From: [UInt8](repeating: 0, count: 16))
        #expect(zero.text == "00000000-0000-4000-8000-000000000000")
        let ones = EventID(version4From: [UInt8](repeating: 0xFF, count: 16))
        #expect(ones.text == "ffffffff-ffff-4fff-bfff-ffffffffffff")
    }

    @Test("Bytes of another number or version are no id")
    func refusesOtherBytes() {
        #expect(EventID(bytes: [UInt8](repeating: 0, count: 16)) == nil)
        let bytes = EventID(version4From: [UInt8](repeating: 7, count: 16)).bytes
        #expect(EventID(bytes: bytes) != nil)
        #expect(EventID(bytes: bytes.dropLast()) == nil)
        #expect(EventID(bytes: bytes + [0]) == nil)
    }
}

@Suite("EventIDGenerator")
struct EventIDGeneratorTests {
    @Test("Ids rise without end while the clock stands, jumps and goes back")
    func risesAlways() {
        let seed: UInt64 = 0xCA1B_0004
        var random = SeededGenerator(seed: seed)
        var generator = EventIDGenerator()
        var clock: Int64 = 1_767_323_045_678
        var last: EventID?
        for round in 0..<50_000 {
            switch random.next() % 100 {
            case 0: clock += 1
            case 1: clock -= Int64(random.next() % 5_000)
            case 2: clock += Int64(random.next() % 5_000)
            default: break
            }
            let id = generator.next(milliseconds: clock, using: &random)
            guard id.version == 7, EventID(id.text) == id, last.map({ $0 < id }) ?? true else {
                Issue.record(
                    "seed \(seed), round \(round): \(id) after \(String(describing: last))"
                )
                return
            }
            last = id
        }
    }

    @Test("An id carries the time it was made, and the counter starts in its lower half")
    func carriesTheTime() {
        var random = ConstantGenerator(value: .max)
        var generator = EventIDGenerator()
        let id = generator.next(milliseconds: 1_645_557_742_000, using: &random)
        #expect(id.text == "017f22e2-79b0-77ff-bfff-ffffffffffff")
    }

    @Test("When the counter overflows, the ids go on in the next millisecond")
    func overflowsIntoTheNextMillisecond() {
        var random = ConstantGenerator(value: 0)
        var generator = EventIDGenerator()
        var ids: [VersionSeven] = []
        for _ in 0..<4_098 {
            ids.append(VersionSeven(generator.next(milliseconds: 1_000, using: &random)))
        }
        #expect(ids[4_095].milliseconds == 1_000)
        #expect(ids[4_095].randA == 0xFFF)
        #expect(ids[4_096].milliseconds == 1_001)
        #expect(ids[4_096].randA == 0)
        // The clock has not caught up, so the borrowed millisecond is used on.
        #expect(ids[4_097].milliseconds == 1_001)
        #expect(ids[4_097].randA == 1)
    }

    @Test("When the clock goes back, the last time is kept")
    func keepsTheLastTime() {
        var random = ConstantGenerator(value: 0)
        var generator = EventIDGenerator()
        let first = VersionSeven(generator.next(milliseconds: 5_000, using: &random))
        let second = VersionSeven(generator.next(milliseconds: 1, using: &random))
        #expect(second.milliseconds == first.milliseconds)
        #expect(second.randA == first.randA + 1)
        let third = VersionSeven(generator.next(milliseconds: 5_001, using: &random))
        #expect(third.milliseconds == 5_001)
        #expect(third.randA == 0)
    }

    @Test("A clock before 1970 counts as 1970")
    func survivesAWrongClock() {
        var random = ConstantGenerator(value: 0)
        var generator = EventIDGenerator()
        #expect(VersionSeven(generator.next(milliseconds: -1, using: &random)).milliseconds == 0)
    }
}
