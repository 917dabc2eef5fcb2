// SPDX-License-Identifier: Apache-2.0

/// An instant: nanoseconds since 1970-01-01T00:00:00Z, without leap seconds, in 64 bits.
///
/// Instants are compared as numbers, never as text. Texts that are read lie in the years 1678 to
/// 2261 (see ``parse(_:)-(String)``); the 64 bits reach some months further on either side.
public struct Timestamp: Hashable, Sendable {
    /// The distance from 1970 in nanoseconds, negative before it.
    public let nanoseconds: Int64

    /// The first instant of 1970.
    public static let epoch = Timestamp(nanoseconds: 0)

    /// Creates the instant this many nanoseconds after 1970.
    public init(nanoseconds: Int64) {
        self.nanoseconds = nanoseconds
    }

    /// Creates the instant this many milliseconds after 1970; traps where 64 bits do not reach.
    public init(milliseconds: Int64) {
        nanoseconds = milliseconds * 1_000_000
    }

    /// The distance from 1970 in whole milliseconds, cut toward the past.
    public var milliseconds: Int64 {
        nanoseconds.flooredQuotient(by: 1_000_000)
    }

    /// The UTC calendar day the instant falls on.
    public var day: Day {
        Day(daysSinceEpoch: Int32(nanoseconds.flooredQuotient(by: Day.nanoseconds)))
    }

    /// The instant this many milliseconds later, or the nearest one that 64 bits can hold.
    public func advanced(byMilliseconds milliseconds: Int64) -> Timestamp {
        let (step, isStepTooLong) = milliseconds.multipliedReportingOverflow(by: 1_000_000)
        let (sum, isSumTooLarge) = nanoseconds.addingReportingOverflow(step)
        guard isStepTooLong || isSumTooLarge else { return Timestamp(nanoseconds: sum) }
        return Timestamp(nanoseconds: milliseconds < 0 ? .min : .max)
    }

    /// How long after `other` this instant lies; negative if it lies before.
    public func since(_ other: Timestamp) -> Duration {
        .nanoseconds(nanoseconds) - .nanoseconds(other.nanoseconds)
    }
}

extension Timestamp: Comparable {
    /// Whether `left` is the earlier instant.
    public static func < (left: Timestamp, right: Timestamp) -> Bool {
        left.nanoseconds < right.nanoseconds
    }
}

// MARK: - Text

extension Timestamp: CustomStringConvertible {
    /// RFC 3339 in UTC with `Z` and 3, 6 or 9 fraction digits, the fewest that hold the instant.
    public var text: String {
        String(unsafeUninitializedCapacity: Self.maximumTextLength) { buffer in
            write(into: buffer, fractionDigits: fractionDigits)
        }
    }

    /// RFC 3339 in UTC with `Z` and exactly 3 fraction digits, cut toward the past.
    ///
    /// Between the years 1678 and 2261, the order of these texts is the order of the milliseconds.
    public var millisecondsText: String {
        String(unsafeUninitializedCapacity: Self.maximumTextLength) { buffer in
            write(into: buffer, fractionDigits: 3)
        }
    }

    /// The same as ``text``.
    public var description: String {
        text
    }

    /// Appends the ASCII bytes of ``text``.
    public func appendText(to bytes: inout [UInt8]) {
        append(fractionDigits: fractionDigits, to: &bytes)
    }

    /// Appends the ASCII bytes of ``millisecondsText``.
    public func appendMilliseconds(to bytes: inout [UInt8]) {
        append(fractionDigits: 3, to: &bytes)
    }

    /// The length of `YYYY-MM-DDTHH:MM:SS.nnnnnnnnnZ`.
    private static let maximumTextLength = 30

    private var fractionDigits: Int {
        guard nanoseconds % 1_000_000 != 0 else { return 3 }
        return nanoseconds % 1_000 == 0 ? 6 : 9
    }

    private func append(fractionDigits: Int, to bytes: inout [UInt8]) {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: Self.maximumTextLength) { buffer in
            let length = write(into: buffer, fractionDigits: fractionDigits)
            bytes.append(contentsOf: UnsafeMutableBufferPointer(rebasing: buffer[..<length]))
        }
    }

    /// Writes the text from the start of the buffer and returns its length.
    private func write(
        into buffer: UnsafeMutableBufferPointer<UInt8>,
        fractionDigits: Int
    ) -> Int {
        let day = day
        let remainder = nanoseconds % Day.nanoseconds
        let time = remainder < 0 ? remainder + Day.nanoseconds : remainder
        let (year, month, dayOfMonth) = day.components
        let seconds = Int(time / 1_000_000_000)
        var fraction = Int(time % 1_000_000_000)
        for _ in fractionDigits..<9 {
            fraction /= 10
        }
        buffer.write(year, digits: 4, at: 0)
        buffer[4] = UInt8(ascii: "-")
        buffer.write(month, digits: 2, at: 5)
        buffer[7] = UInt8(ascii: "-")
        buffer.write(dayOfMonth, digits: 2, at: 8)
        buffer[10] = UInt8(ascii: "T")
        buffer.write(seconds / 3_600, digits: 2, at: 11)
        buffer[13] = UInt8(ascii: ":")
        buffer.write(seconds / 60 % 60, digits: 2, at: 14)
        buffer[16] = UInt8(ascii: ":")
        buffer.write(seconds % 60, digits: 2, at: 17)
        buffer[19] = UInt8(ascii: ".")
        buffer.write(fraction, digits: fractionDigits, at: 20)
        buffer[20 + fractionDigits] = UInt8(ascii: "Z")
        return 21 + fractionDigits
    }
}

// MARK: - Calendar

/// A day of the Gregorian calendar, in UTC.
public struct Day: Hashable, Sendable {
    /// The distance from 1970-01-01 in days, negative before it.
    public let daysSinceEpoch: Int32

    /// The length of a day.
    static let nanoseconds: Int64 = 86_400_000_000_000

    /// The years whose every instant a ``Timestamp`` can hold.
    static let years = 1678...2261

    /// Creates the day this far from 1970-01-01.
    ///
    /// The year must have four digits, so that ``text`` is defined.
    package init(daysSinceEpoch: Int32) {
        precondition((-719_162...2_932_896).contains(daysSinceEpoch), "not in years 1 to 9999")
        self.daysSinceEpoch = daysSinceEpoch
    }

    /// Creates a day, or nil if the calendar has no such day or the year is not in 1678 to 2261.
    public init?(year: Int, month: Int, day: Int) {
        guard Self.years.contains(year), Self.exists(year: year, month: month, day: day) else {
            return nil
        }
        daysSinceEpoch = Int32(Self.daysSinceEpoch(year: year, month: month, day: day))
    }

    /// Reads `YYYY-MM-DD` and nothing else; nil as for ``init(year:month:day:)``.
    public init?(parsing text: String) {
        var text = text
        let fields = text.withUTF8 { Timestamp.dateFields(UnsafeRawBufferPointer($0)) }
        guard let fields, text.utf8.count == 10 else { return nil }
        self.init(year: fields.year, month: fields.month, day: fields.day)
    }

    /// The first instant of the day, or the nearest one that a ``Timestamp`` can hold.
    public var start: Timestamp {
        let (product, isTooFar) =
            Int64(daysSinceEpoch).multipliedReportingOverflow(by: Self.nanoseconds)
        guard isTooFar else { return Timestamp(nanoseconds: product) }
        return Timestamp(nanoseconds: daysSinceEpoch < 0 ? .min : .max)
    }

    /// The day after.
    public var next: Day {
        Day(daysSinceEpoch: daysSinceEpoch + 1)
    }

    /// The day as `YYYY-MM-DD`.
    public var text: String {
        String(unsafeUninitializedCapacity: 10) { buffer in
            let (year, month, day) = components
            buffer.write(year, digits: 4, at: 0)
            buffer[4] = UInt8(ascii: "-")
            buffer.write(month, digits: 2, at: 5)
            buffer[7] = UInt8(ascii: "-")
            buffer.write(day, digits: 2, at: 8)
            return 10
        }
    }

    /// The year, the month from 1 and the day of the month from 1.
    ///
    /// Years are counted from March, in cycles of 400 years (146 097 days) that begin in the year
    /// 0, so that the leap day is the last of its year.
    package var components: (year: Int, month: Int, day: Int) {
        let shifted = Int(daysSinceEpoch) + 719_468
        let dayOfCycle = shifted % 146_097
        let yearOfCycle =
            (dayOfCycle - dayOfCycle / 1_460 + dayOfCycle / 36_524 - dayOfCycle / 146_096) / 365
        let dayOfYear = dayOfCycle - (365 * yearOfCycle + yearOfCycle / 4 - yearOfCycle / 100)
        let marchMonth = (5 * dayOfYear + 2) / 153
        let month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
        let year = shifted / 146_097 * 400 + yearOfCycle + (month <= 2 ? 1 : 0)
        return (year, month, dayOfYear - (153 * marchMonth + 2) / 5 + 1)
    }

    /// The inverse of ``components``, for a date that exists in the years 1 to 9999.
    static func daysSinceEpoch(year: Int, month: Int, day: Int) -> Int {
        let marchYear = month <= 2 ? year - 1 : year
        let yearOfCycle = marchYear % 400
        let marchMonth = month <= 2 ? month + 9 : month - 3
        let dayOfYear = (153 * marchMonth + 2) / 5 + day - 1
        let dayOfCycle = yearOfCycle * 365 + yearOfCycle / 4 - yearOfCycle / 100 + dayOfYear
        return marchYear / 400 * 146_097 + dayOfCycle - 719_468
    }

    /// Whether the calendar has the day.
    static func exists(year: Int, month: Int, day: Int) -> Bool {
        guard (1...12).contains(month), day >= 1 else { return false }
        guard month == 2 else { return day <= 30 + (month ^ month >> 3) & 1 }
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        return day <= (isLeap ? 29 : 28)
    }
}

extension Day: Comparable, CustomStringConvertible {
    /// Whether `left` is the earlier day.
    public static func < (left: Day, right: Day) -> Bool {
        left.daysSinceEpoch < right.daysSinceEpoch
    }

    /// The same as ``text``.
    public var description: String {
        text
    }
}

// MARK: - Digits

extension Int64 {
    /// The quotient rounded toward negative infinity; `divisor` is positive.
    fileprivate func flooredQuotient(by divisor: Int64) -> Int64 {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? quotient - 1 : quotient
    }
}

extension UnsafeMutableBufferPointer<UInt8> {
    /// Writes a number in decimal, with leading zeros, in exactly this many digits.
    fileprivate func write(_ number: Int, digits: Int, at position: Int) {
        var rest = number
        for place in stride(from: position + digits - 1, through: position, by: -1) {
            self[place] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        }
    }
}
