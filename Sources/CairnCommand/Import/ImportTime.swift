// SPDX-License-Identifier: Apache-2.0
import Cairn

/// Reads the times that other systems write.
enum ImportTime {
    /// A time as the ledger takes it: one without an offset is in UTC.
    ///
    /// A space may stand for the `T`, and an offset may be `+02` or `+0200`.
    static func text(_ text: String, _ name: String) throws(ImportRefusal) -> String {
        let text = normal(text)
        do {
            let time = try Timestamp.parse(text)
            // An offset that was written is kept.
            return time.offset == nil ? time.timestamp.text : text
        } catch {
            throw ImportRefusal(description: "\(name) is \(error)")
        }
    }

    /// The time in the form of RFC 3339, if it is near to that.
    private static func normal(_ text: String) -> String {
        var bytes = Array(text.utf8)
        guard bytes.count >= 19, bytes.count <= 64 else { return text }
        if bytes[10] == UInt8(ascii: " ") { bytes[10] = UInt8(ascii: "T") }
        let isSign = { (byte: UInt8) in byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-") }
        if let sign = bytes[19...].firstIndex(where: isSign) {
            switch bytes.count - sign {
            case 3: bytes += ":00".utf8
            case 5: bytes.insert(UInt8(ascii: ":"), at: sign + 3)
            default: break
            }
        } else if bytes.last.map({ $0 | 0x20 }) != UInt8(ascii: "z") {
            bytes.append(UInt8(ascii: "Z"))
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// A count of microseconds since 1970 as the ledger takes a time.
    static func text(microseconds: String, _ name: String) throws(ImportRefusal) -> String {
        guard let count = Int64(microseconds),
            case let (value, isOver) =
                count.multipliedReportingOverflow(by: 1000), !isOver
        else { throw ImportRefusal(description: "\(name) is no count of microseconds") }
        return try text(Timestamp(nanoseconds: value).text, name)
    }

    /// A time as PostgreSQL logs it: `2026-01-12 08:00:01.123 UTC`.
    ///
    /// Of the abbreviations only those are known that mean one offset everywhere: a wrong time in a
    /// record is worse than a refusal.
    static func logText(_ text: String) throws(ImportRefusal) -> String {
        let parts = text.split(separator: " ", maxSplits: 2)
        guard parts.count == 3 else {
            throw ImportRefusal(description: "log_time is no time with a zone")
        }
        let zone = String(parts[2])
        let isNumeric = zone.hasPrefix("+") || zone.hasPrefix("-")
        guard let offset = isNumeric ? zone : zones[zone] else {
            throw ImportRefusal(
                description:
                    "log_time has the zone \(zone.prefix(32)), which is not known or has several "
                    + "meanings; log in UTC (log_timezone)"
            )
        }
        return try self.text("\(parts[0])T\(parts[1])\(offset)", "log_time")
    }

    private static let zones: [String: String] = [
        "UTC": "Z", "GMT": "Z", "UCT": "Z", "Z": "Z", "WET": "Z", "WEST": "+01:00",
        "CET": "+01:00", "CEST": "+02:00", "EET": "+02:00", "EEST": "+03:00", "MSK": "+03:00",
        "SAST": "+02:00", "CAT": "+02:00", "EAT": "+03:00", "WAT": "+01:00", "PKT": "+05:00",
        "WIB": "+07:00", "WITA": "+08:00", "WIT": "+09:00", "HKT": "+08:00", "JST": "+09:00",
        "KST": "+09:00", "ACST": "+09:30", "ACDT": "+10:30", "AWST": "+08:00", "AEST": "+10:00",
        "AEDT": "+11:00", "NZST": "+12:00", "NZDT": "+13:00", "NST": "-03:30", "NDT": "-02:30",
        "EDT": "-04:00", "MDT": "-06:00", "PDT": "-07:00", "AKST": "-09:00", "AKDT": "-08:00",
        "HST": "-10:00",
    ]
}
