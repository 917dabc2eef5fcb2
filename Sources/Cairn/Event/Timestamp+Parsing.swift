// SPDX-License-Identifier: Apache-2.0

/// Why a text is not a time that an event may carry.
public enum InvalidTimestamp: Error, Hashable, Sendable {
    /// The text is not of the form `YYYY-MM-DDTHH:MM:SS[.digits](Z|±HH:MM)`.
    case malformed
    /// The calendar or the clock has no such time, such as 30 February or 24:00.
    case noSuchTime
    /// The seconds are 60: leap seconds have no place in the count of nanoseconds.
    case leapSecond
    /// The fraction has more than nine digits, which would have to be cut.
    case tooPrecise
    /// The instant does not lie in the years 1678 to 2261.
    case outOfRange
}

extension InvalidTimestamp: CustomStringConvertible {
    /// What is wrong, for the one who sent it.
    public var description: String {
        switch self {
        case .malformed: "not an RFC 3339 time such as 2026-01-23T14:30:00.000Z"
        case .noSuchTime: "no such date or time of day"
        case .leapSecond: "a leap second (:60) cannot be kept"
        case .tooPrecise: "more than 9 fraction digits"
        case .outOfRange: "not in the years 1678 to 2261"
        }
    }
}

extension Timestamp {
    /// An instant as it was read, with the offset it was written in.
    public struct Parsed: Hashable, Sendable {
        /// The instant.
        public let timestamp: Timestamp
        /// The offset from UTC exactly as written, such as `+02:00`; nil where it was `Z` or `z`.
        ///
        /// `-00:00`, which says that the local offset is unknown (RFC 3339 4.3), is kept as such.
        public let offset: String?
    }

    /// Reads a time of RFC 3339 5.6, strictly.
    ///
    /// `t` and `z` may be lower-case. Refused are more than nine fraction digits, `:60`, instants
    /// outside the years 1678 to 2261, and every date that the calendar does not have.
    public static func parse(_ text: String) throws(InvalidTimestamp) -> Parsed {
        var text = text
        return try text.withUTF8 { utf8 -> Result<Parsed, InvalidTimestamp> in
            do throws(InvalidTimestamp) {
                return .success(try parse(UnsafeRawBufferPointer(utf8)))
            } catch {
                return .failure(error)
            }
        }.get()
    }

    /// Reads a time of RFC 3339 5.6 from its bytes, as strictly as from a text.
    public static func parse(
        _ bytes: UnsafeRawBufferPointer
    ) throws(InvalidTimestamp) -> Parsed {
        guard bytes.count >= 20,
            let date = dateFields(bytes),
            bytes[10] | 0x20 == UInt8(ascii: "t"),
            let hour = number(bytes, at: 11, digits: 2), bytes[13] == UInt8(ascii: ":"),
            let minute = number(bytes, at: 14, digits: 2), bytes[16] == UInt8(ascii: ":"),
            let second = number(bytes, at: 17, digits: 2)
        else { throw .malformed }
        var position = 19
        let fraction = try fraction(bytes, at: &position)
        let offset = try offset(bytes, at: position)
        guard Day.exists(year: date.year, month: date.month, day: date.day),
            hour < 24, minute < 60, second <= 60
        else { throw .noSuchTime }
        guard second < 60 else { throw .leapSecond }
        // A year outside may hold an instant inside, by its offset, but only a neighbour can.
        guard date.year >= Day.years.lowerBound - 1, date.year <= Day.years.upperBound + 1 else {
            throw .outOfRange
        }
        let days = Day.daysSinceEpoch(year: date.year, month: date.month, day: date.day)
        let local = Int64(days * 86_400 + hour * 3_600 + minute * 60 + second)
        let utc = local - Int64(offset.seconds)
        guard utc >= firstSecond, utc < endSecond else { throw .outOfRange }
        return Parsed(
            timestamp: Timestamp(nanoseconds: utc * 1_000_000_000 + fraction),
            offset: offset.text
        )
    }

    /// Reads one end of a range: a time as ``parse(_:)-(String)`` takes it, or a bare date.
    ///
    /// Ranges are half-open. A bare date means the start of that UTC day, or, as the end of a
    /// range, the start of the next, so that the day itself is inside.
    public static func parseBound(
        _ text: String,
        isEnd: Bool
    ) throws(InvalidTimestamp) -> Timestamp {
        guard isDate(text) else { return try parse(text).timestamp }
        guard let day = Day(parsing: text) else {
            // A date of a year outside is in the calendar all the same.
            var text = text
            let fields = text.withUTF8 { dateFields(UnsafeRawBufferPointer($0)) }
            guard let fields,
                Day.exists(year: fields.year, month: fields.month, day: fields.day)
            else { throw .noSuchTime }
            throw .outOfRange
        }
        return isEnd ? day.next.start : day.start
    }

    /// Whether a text has the form of a bare date, `YYYY-MM-DD`, whatever its digits say.
    public static func isDate(_ text: String) -> Bool {
        var text = text
        return text.utf8.count == 10
            && text.withUTF8 { dateFields(UnsafeRawBufferPointer($0)) } != nil
    }

    /// The three numbers at the start of `YYYY-MM-DD…`, or nil if it does not start so.
    static func dateFields(
        _ bytes: UnsafeRawBufferPointer
    ) -> (year: Int, month: Int, day: Int)? {
        guard bytes.count >= 10,
            let year = number(bytes, at: 0, digits: 4), bytes[4] == UInt8(ascii: "-"),
            let month = number(bytes, at: 5, digits: 2), bytes[7] == UInt8(ascii: "-"),
            let day = number(bytes, at: 8, digits: 2)
        else { return nil }
        return (year, month, day)
    }

    /// 1678-01-01T00:00:00Z in seconds since 1970.
    private static let firstSecond: Int64 = -9_214_560_000
    /// 2262-01-01T00:00:00Z in seconds since 1970.
    private static let endSecond: Int64 = 9_214_646_400

    /// The number in exactly this many digits, which the caller has found to lie in the bytes.
    private static func number(
        _ bytes: UnsafeRawBufferPointer,
        at position: Int,
        digits: Int
    ) -> Int? {
        var number = 0
        for byte in bytes[position..<position + digits] {
            let digit = byte &- UInt8(ascii: "0")
            guard digit < 10 else { return nil }
            number = number * 10 + Int(digit)
        }
        return number
    }

    /// Reads `.digits`, if it stands here, in nanoseconds, and moves behind it.
    private static func fraction(
        _ bytes: UnsafeRawBufferPointer,
        at position: inout Int
    ) throws(InvalidTimestamp) -> Int64 {
        guard bytes[position] == UInt8(ascii: ".") else { return 0 }
        var nanoseconds: Int64 = 0
        var unit: Int64 = 1_000_000_000
        position += 1
        while position < bytes.count {
            let digit = bytes[position] &- UInt8(ascii: "0")
            guard digit < 10 else { break }
            guard unit > 1 else { throw .tooPrecise }
            unit /= 10
            nanoseconds += Int64(digit) * unit
            position += 1
        }
        guard unit < 1_000_000_000 else { throw .malformed }
        return nanoseconds
    }

    /// Reads the offset, which must be all that is left.
    private static func offset(
        _ bytes: UnsafeRawBufferPointer,
        at position: Int
    ) throws(InvalidTimestamp) -> (seconds: Int, text: String?) {
        let left = bytes.count - position
        if left == 1, bytes[position] | 0x20 == UInt8(ascii: "z") {
            return (0, nil)
        }
        guard left == 6,
            bytes[position] == UInt8(ascii: "+") || bytes[position] == UInt8(ascii: "-"),
            let hours = number(bytes, at: position + 1, digits: 2),
            bytes[position + 3] == UInt8(ascii: ":"),
            let minutes = number(bytes, at: position + 4, digits: 2)
        else { throw .malformed }
        guard hours < 24, minutes < 60 else { throw .noSuchTime }
        let seconds = hours * 3_600 + minutes * 60
        let text = String(
            decoding: UnsafeRawBufferPointer(rebasing: bytes[position...]),
            as: UTF8.self
        )
        return (bytes[position] == UInt8(ascii: "-") ? -seconds : seconds, text)
    }
}
