// SPDX-License-Identifier: Apache-2.0
import Cairn
import Foundation
import Testing

private struct TimeVectors: Decodable {
    struct Accepted: Decodable {
        let input: String
        let epoch_ns: String
        let utc_ms: String
        let utc_us: String
    }
    struct Input: Decodable {
        let input: String
    }
    struct Lenient: Decodable {
        let input: String
        let epoch_ns: String
    }
    struct Rendered: Decodable {
        let epoch_ms: Int64
        let rfc3339_ms: String
    }
    let accept: [Accepted]
    let leap_seconds: [Input]
    let reject: [Input]
    let lenient_query_forms: [Lenient]
    let render: [Rendered]

    static func load() throws -> TimeVectors {
        try VectorFiles.json("timestamps/rfc3339.json", as: TimeVectors.self)
    }
}

/// The cases whose vectors allow what the record format refuses.
private let refusedByTheFormat: [String: InvalidTimestamp] = [
    "2026-01-02T03:04:05.123456789012Z": .tooPrecise,
    "9999-12-31T23:59:59.999Z": .outOfRange,
    "0001-01-01T00:00:00Z": .outOfRange,
]

@Suite("Timestamp")
struct TimestampTests {
    @Test("Every acceptable time of the vectors is the instant they say, and prints as they say")
    func acceptsVectors() throws {
        let vectors = try TimeVectors.load().accept
        #expect(vectors.count == 21)
        for vector in vectors where refusedByTheFormat[vector.input] == nil {
            let time = try Timestamp.parse(vector.input).timestamp
            #expect(String(time.nanoseconds) == vector.epoch_ns, "\(vector.input)")
            #expect(time.millisecondsText == vector.utc_ms, "\(vector.input)")
            let cut = time.nanoseconds - (time.nanoseconds % 1_000 + 1_000) % 1_000
            let micro = Timestamp(nanoseconds: cut).text
            #expect(vector.utc_us == micro || vector.utc_us == micro.dropLast() + "000Z")
        }
    }

    @Test("A tenth fraction digit and a year outside 1678 to 2261 are refused by the format")
    func refusesWhatTheFormatRefuses() throws {
        let inputs = Set(try TimeVectors.load().accept.map(\.input))
        for (input, reason) in refusedByTheFormat {
            #expect(inputs.contains(input))
            #expect(throws: reason) { try Timestamp.parse(input) }
        }
    }

    @Test("Every bad time of the vectors is refused")
    func rejectsVectors() throws {
        let vectors = try TimeVectors.load().reject
        #expect(vectors.count == 38)
        for vector in vectors {
            #expect(throws: InvalidTimestamp.self, "\(vector.input)") {
                try Timestamp.parse(vector.input)
            }
        }
    }

    @Test("A leap second is refused as one")
    func refusesLeapSeconds() throws {
        let vectors = try TimeVectors.load().leap_seconds
        #expect(vectors.count == 2)
        for vector in vectors {
            #expect(throws: InvalidTimestamp.leapSecond) { try Timestamp.parse(vector.input) }
        }
    }

    @Test("Milliseconds print as the vectors say")
    func rendersVectors() throws {
        let vectors = try TimeVectors.load().render
        #expect(vectors.count == 7)
        for vector in vectors where vector.rfc3339_ms < "2262" {
            let time = Timestamp(milliseconds: vector.epoch_ms)
            #expect(time.text == vector.rfc3339_ms)
            #expect(time.millisecondsText == vector.rfc3339_ms)
            #expect(time.milliseconds == vector.epoch_ms)
        }
    }

    @Test(
        "Each fault has its own reason",
        arguments: [
            ("2026-01-02T03:04:05", InvalidTimestamp.malformed),
            ("2026-01-02T03:04:05.Z", .malformed),
            ("2026-01-02T03:04:05.1", .malformed),
            ("2026-01-02T03:04:05+0100Z", .malformed),
            ("2026-01-02T03:04:05Z[UTC]", .malformed),
            ("2026-01-02T03:04:05\u{0}Z", .malformed),
            ("2026-01-02T24:00:00Z", .noSuchTime),
            ("2026-02-30T00:00:00Z", .noSuchTime),
            ("2026-01-02T03:04:61Z", .noSuchTime),
            ("2026-01-02T03:04:05+24:00", .noSuchTime),
            ("2026-01-02T03:04:60Z", .leapSecond),
            ("2026-01-02T03:04:05.0000000000Z", .tooPrecise),
            ("1677-12-31T23:59:59.999999999Z", .outOfRange),
            ("1678-01-01T00:59:59+01:00", .outOfRange),
            ("2262-01-01T00:00:00Z", .outOfRange),
            ("2261-12-31T23:59:59-00:01", .outOfRange),
        ]
    )
    func namesTheFault(text: String, reason: InvalidTimestamp) {
        #expect(throws: reason, "\(text)") { try Timestamp.parse(text) }
    }

    @Test("The range is of instants: an offset may carry a neighbouring year inside")
    func countsInstantsNotYears() throws {
        let first = try Timestamp.parse("1677-12-31T23:00:00-01:00").timestamp
        #expect(first.text == "1678-01-01T00:00:00.000Z")
        let last = try Timestamp.parse("2262-01-01T00:59:59.999999999+01:00").timestamp
        #expect(last.text == "2261-12-31T23:59:59.999999999Z")
    }

    @Test(
        "The offset is kept exactly as written, and none for Z",
        arguments: [
            ("2026-01-02T03:04:05Z", nil), ("2026-01-02t03:04:05z", nil),
            ("2026-01-02T03:04:05+02:00", "+02:00"), ("2026-01-02T03:04:05.5-00:00", "-00:00"),
            ("2026-01-02T03:04:05+00:00", "+00:00"), ("2026-01-02T03:04:05-23:59", "-23:59"),
        ] as [(String, String?)]
    )
    func keepsOffset(text: String, offset: String?) throws {
        #expect(try Timestamp.parse(text).offset == offset)
    }

    @Test("A text has the fewest of 3, 6 and 9 fraction digits that hold the instant")
    func printsFewestDigits() throws {
        for (fraction, printed) in [
            ("", ".000"), (".1", ".100"), (".12", ".120"), (".123000", ".123"),
            (".1234", ".123400"), (".000001", ".000001"), (".1234567", ".123456700"),
            (".000000001", ".000000001"),
        ] {
            let time = try Timestamp.parse("1969-12-31T23:59:59\(fraction)Z").timestamp
            #expect(time.text == "1969-12-31T23:59:59\(printed)Z")
        }
    }

    @Test("Milliseconds are cut toward the past, before 1970 too")
    func cutsTowardThePast() {
        #expect(Timestamp(nanoseconds: -1).millisecondsText == "1969-12-31T23:59:59.999Z")
        #expect(Timestamp(nanoseconds: -1).milliseconds == -1)
        #expect(Timestamp(nanoseconds: 999_999).milliseconds == 0)
        #expect(Timestamp(nanoseconds: -1_000_000).milliseconds == -1)
        #expect(Timestamp(nanoseconds: -1_000_001).milliseconds == -2)
    }

    @Test("Every random instant prints to a text that reads back as itself, in both ways to print")
    func roundTrips() throws {
        let seed: UInt64 = 0xCA1B_0001
        var generator = SeededGenerator(seed: seed)
        let range = Int64(-9_214_560_000_000_000_000)..<9_214_646_400_000_000_000
        for round in 0..<20_000 {
            var nanoseconds = Int64.random(in: range, using: &generator)
            if round % 3 == 1 { nanoseconds -= nanoseconds % 1_000 }
            if round % 3 == 2 { nanoseconds -= nanoseconds % 1_000_000 }
            let time = Timestamp(nanoseconds: nanoseconds)
            let parsed = try Timestamp.parse(time.text)
            var bytes: [UInt8] = []
            time.appendText(to: &bytes)
            time.appendMilliseconds(to: &bytes)
            guard parsed.timestamp == time, parsed.offset == nil,
                bytes == Array((time.text + time.millisecondsText).utf8)
            else {
                Issue.record("seed \(seed), round \(round): \(nanoseconds) as \(time.text)")
                return
            }
        }
    }

    @Test("No text made of the letters of a time crashes the reader, and what it reads it prints")
    func survivesNoise() {
        let seed: UInt64 = 0xCA1B_0002
        var generator = SeededGenerator(seed: seed)
        let alphabet = Array("0123456789-:.TZtz+ \u{0}é".utf8)
        for round in 0..<50_000 {
            var bytes = Array("2026-02-28T23:59:59.123456789+01:30".utf8)
            for _ in 0..<Int.random(in: 0...4, using: &generator) {
                let place = Int.random(in: 0..<bytes.count, using: &generator)
                bytes[place] = alphabet[Int.random(in: 0..<alphabet.count, using: &generator)]
            }
            bytes.removeLast(Int.random(in: 0...bytes.count, using: &generator) / 2)
            let parsed = bytes.withUnsafeBytes { try? Timestamp.parse($0) }
            guard let parsed else { continue }
            let again = try? Timestamp.parse(parsed.timestamp.text)
            #expect(again?.timestamp == parsed.timestamp, "seed \(seed), round \(round)")
        }
    }

    @Test("Instants are ordered as numbers, whatever their texts")
    func ordersByInstant() throws {
        let early = try Timestamp.parse("2026-01-02T23:00:00+02:00").timestamp
        let late = try Timestamp.parse("2026-01-02T21:00:00.000000001Z").timestamp
        #expect(early < late)
        #expect(late.since(early) == .nanoseconds(1))
        #expect(early.since(late) == .nanoseconds(-1))
        let ends = Timestamp(nanoseconds: .max).since(Timestamp(nanoseconds: .min))
        #expect(ends == .nanoseconds(Int64.max) + .nanoseconds(Int64.max) + .nanoseconds(1))
    }

    @Test("Moving an instant past what 64 bits hold stops at the nearest instant they do")
    func advancesWithinRange() {
        #expect(Timestamp.epoch.advanced(byMilliseconds: -5).nanoseconds == -5_000_000)
        #expect(Timestamp.epoch.advanced(byMilliseconds: .max).nanoseconds == .max)
        #expect(Timestamp.epoch.advanced(byMilliseconds: .min).nanoseconds == .min)
        let late = Timestamp(nanoseconds: .max - 1)
        #expect(late.advanced(byMilliseconds: 1).nanoseconds == .max)
        let early = Timestamp(nanoseconds: .min + 1)
        #expect(early.advanced(byMilliseconds: -1).nanoseconds == .min)
    }

    @Test("The outermost instants print and have a day")
    func printsTheEnds() {
        let first = Timestamp(nanoseconds: .min)
        let last = Timestamp(nanoseconds: .max)
        #expect(first.text == "1677-09-21T00:12:43.145224192Z")
        #expect(last.text == "2262-04-11T23:47:16.854775807Z")
        #expect(first.day.start == first)
        #expect(last.day.next.start == last)
    }
}

@Suite("Day")
struct DayTests {
    @Test("Every day from 1678 to 2261 agrees with a calendar counted day by day")
    func agreesWithACountedCalendar() throws {
        let lengths = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        var counted = -106_650
        var expected = try #require(Day(year: 1678, month: 1, day: 1))
        for year in 1678...2261 {
            for month in 1...12 {
                let isLeap = year.isMultiple(of: 400) || year % 4 == 0 && year % 100 != 0
                let length = lengths[month - 1] + (month == 2 && isLeap ? 1 : 0)
                for day in 1...length {
                    let text =
                        "\(year)-\(month < 10 ? "0" : "")\(month)-\(day < 10 ? "0" : "")\(day)"
                    let made = Day(year: year, month: month, day: day)
                    guard let made, made == expected, made.daysSinceEpoch == counted,
                        made.text == text, Day(parsing: text) == made, made.start.day == made,
                        made.start.text == text + "T00:00:00.000Z"
                    else {
                        Issue.record("\(text) is day \(counted)")
                        return
                    }
                    counted += 1
                    expected = expected.next
                }
                #expect(Day(year: year, month: month, day: length + 1) == nil)
                #expect(Day(year: year, month: month, day: 0) == nil)
            }
        }
        #expect(expected.text == "2262-01-01")
        let epoch = try #require(Day(year: 1970, month: 1, day: 1))
        #expect(epoch.daysSinceEpoch == 0)
        #expect(epoch.start == .epoch)
    }

    @Test("29 February is there in leap years only: 2000 and 2024, not 1900 or 2026")
    func knowsLeapYears() {
        #expect(Day(parsing: "2000-02-29") != nil)
        #expect(Day(parsing: "2024-02-29") != nil)
        #expect(Day(parsing: "1900-02-29") == nil)
        #expect(Day(parsing: "2026-02-29") == nil)
    }

    @Test(
        "Nothing but YYYY-MM-DD is a day",
        arguments: [
            "", "2026-1-02", "2026-01-2", "2026-01-02 ", " 2026-01-02", "2026/01/02", "20260102",
            "2026-13-01", "2026-00-01", "2026-01-32", "1677-12-31", "2262-01-01",
            "2026-01-02T00:00:00Z",
        ]
    )
    func refusesOtherForms(text: String) {
        #expect(Day(parsing: text) == nil)
    }

    @Test("An instant belongs to the UTC day it falls on, before 1970 too")
    func belongsToItsDay() {
        #expect(Timestamp(nanoseconds: -1).day.text == "1969-12-31")
        #expect(Timestamp.epoch.day.text == "1970-01-01")
        #expect(Timestamp(nanoseconds: 86_399_999_999_999).day.text == "1970-01-01")
        #expect(Timestamp(nanoseconds: 86_400_000_000_000).day.text == "1970-01-02")
    }
}

@Suite("Bounds of a range")
struct TimestampBoundTests {
    @Test("A bare date as the end of a range means the end of that UTC day")
    func endsWithTheDay() throws {
        #expect(
            try Timestamp.parseBound("2026-01-31", isEnd: true).text == "2026-02-01T00:00:00.000Z"
        )
        #expect(
            try Timestamp.parseBound("2261-12-31", isEnd: true).text == "2262-01-01T00:00:00.000Z"
        )
    }

    @Test("A bare date as the start of a range means the start of that UTC day")
    func startsWithTheDay() throws {
        let vectors = try TimeVectors.load().lenient_query_forms
        let date = try #require(vectors.first { $0.input.utf8.count == 10 })
        let start = try Timestamp.parseBound(date.input, isEnd: false)
        #expect(String(start.nanoseconds) == date.epoch_ns)
    }

    @Test("A time as a bound is that instant, at either end")
    func takesTimes() throws {
        let text = "2026-01-31T01:00:00+01:00"
        for isEnd in [false, true] {
            let bound = try Timestamp.parseBound(text, isEnd: isEnd)
            #expect(bound.text == "2026-01-31T00:00:00.000Z")
        }
        #expect(!Timestamp.isDate(text))
        #expect(Timestamp.isDate("2026-01-31"))
    }

    @Test(
        "A bound that is neither a time nor a date is refused with its reason",
        arguments: [
            ("2026-02-30", InvalidTimestamp.noSuchTime), ("2300-01-01", .outOfRange),
            ("yesterday", .malformed), ("2024-01-01T00:00:00", .malformed), ("", .malformed),
            ("2026-01-3x", .malformed),
        ]
    )
    func refusesOthers(text: String, reason: InvalidTimestamp) {
        #expect(throws: reason) { try Timestamp.parseBound(text, isEnd: true) }
    }
}
