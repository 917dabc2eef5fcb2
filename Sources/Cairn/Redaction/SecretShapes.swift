// SPDX-License-Identifier: Apache-2.0

/// How secrets look that show in any text.
///
/// Each function takes a place where one may begin and says where it ends, or nil for none.
enum Shape {
    private typealias Bytes = UnsafeRawBufferPointer

    // MARK: Numbers

    /// How long the numbers of an issuer are that begin with some digits (ISO/IEC 7812-1 and the
    /// issuers' own ranges).
    private static let issuers: [(low: Int, high: Int, digits: Int, lengths: Set<Int>)] = [
        (4, 4, 1, [16, 19]), (51, 55, 2, [16]), (2221, 2720, 4, [16]), (34, 34, 2, [15]),
        (37, 37, 2, [15]), (6011, 6011, 4, [16, 19]), (644, 649, 3, [16, 19]),
        (65, 65, 2, [16, 19]), (3528, 3589, 4, [16, 19]), (300, 305, 3, [14]), (36, 36, 2, [14]),
        (38, 39, 2, [14]), (62, 62, 2, [16, 17, 18, 19]),
    ]

    /// A payment card's number, in one piece or in the groups in which it is printed; what follows
    /// it, such as a date, does not belong to it.
    static func paymentCard(_ text: UnsafeRawBufferPointer, _ at: Int) -> Int? {
        var digits: [UInt8] = []
        var groups: [Int] = [0]
        var separator: UInt8?
        // Where each group ends, with the digits until there.
        var ends: [(end: Int, digits: Int, groups: Int)] = []
        var end = at
        while end < text.count, digits.count <= 19 {
            let byte = text[end]
            if isDigit(byte) {
                digits.append(byte - UInt8(ascii: "0"))
                groups[groups.count - 1] += 1
                end += 1
                continue
            }
            guard !isWordByte(text, end) else { break }
            ends.append((end, digits.count, groups.count))
            let isSeparator =
                byte == UInt8(ascii: " ") || byte == dash || byte == UInt8(ascii: ".")
            guard isSeparator, separator ?? byte == byte, end + 1 < text.count,
                isDigit(text[end + 1])
            else { break }
            separator = byte
            groups.append(0)
            end += 1
        }
        if end == text.count { ends.append((end, digits.count, groups.count)) }
        return ends.last { part in
            (14...19).contains(part.digits) && isPrinted(Array(groups.prefix(part.groups)))
                && isCard(digits.prefix(part.digits))
        }?.end
    }

    private static func isCard(_ digits: ArraySlice<UInt8>) -> Bool {
        let isIssued = issuers.contains { issuer in
            let first = digits.prefix(issuer.digits).reduce(0) { $0 * 10 + Int($1) }
            return (issuer.low...issuer.high).contains(first)
                && issuer.lengths.contains(digits.count)
        }
        return isIssued && hasLuhnDigit(Array(digits))
    }

    /// Whether digits are grouped as on a card: not at all, by fours, or 4-6-5 and 4-6-4.
    private static func isPrinted(_ groups: [Int]) -> Bool {
        if groups.count == 1 || groups == [4, 6, 5] || groups == [4, 6, 4] { return true }
        return groups.dropLast().allSatisfy { $0 == 4 } && (1...4).contains(groups.last ?? 0)
    }

    /// Whether the last digit is the check digit of the others (ISO/IEC 7812-1, annex B).
    private static func hasLuhnDigit(_ digits: [UInt8]) -> Bool {
        let sum = digits.reversed().enumerated().reduce(0) { sum, digit in
            let value = Int(digit.element) * (digit.offset.isMultiple(of: 2) ? 1 : 2)
            return sum + (value > 9 ? value - 9 : value)
        }
        return sum.isMultiple(of: 10)
    }

    /// A social security number: three, two and four digits that were ever given out.
    static func usSSN(_ text: UnsafeRawBufferPointer, _ at: Int) -> Int? {
        let end = at + 11
        guard end <= text.count, !isWordByte(text, end), at == 0 || text[at - 1] != dash,
            end == text.count || text[end] != dash || end + 1 == text.count
                || !isDigit(text[end + 1])
        else { return nil }
        var value = 0
        for offset in 0..<11 {
            let byte = text[at + offset]
            if offset == 3 || offset == 6 {
                guard byte == dash else { return nil }
            } else {
                guard isDigit(byte) else { return nil }
                value = value * 10 + Int(byte - UInt8(ascii: "0"))
            }
        }
        let (area, group, serial) = (value / 1_000_000, value / 10_000 % 100, value % 10_000)
        return area != 0 && area != 666 && area < 900 && group != 0 && serial != 0 ? end : nil
    }

    // MARK: Tokens

    /// A JSON Web Token, signed or encrypted: three parts and more in base64url, the first an object.
    ///
    /// Where it is none, none begins before the end that is returned either.
    static func jwt(_ text: UnsafeRawBufferPointer, _ at: Int) -> (end: Int, isToken: Bool) {
        guard starts(text, at, "eyJ") else { return (at, false) }
        var (dots, end, lengths) = (0, at, [0])
        while end < text.count {
            if text[end] == UInt8(ascii: ".") {
                guard dots < 4, end + 1 < text.count,
                    isBase64URL(text[end + 1]) || text[end + 1] == UInt8(ascii: ".")
                else { break }
                dots += 1
                lengths.append(0)
            } else if isBase64URL(text[end]) {
                lengths[dots] += 1
            } else {
                break
            }
            end += 1
        }
        let isEncrypted = dots == 4 && lengths[4] >= 2
        return (end, dots >= 2 && lengths[0] >= 10 && (lengths[1] >= 2 || isEncrypted))
    }

    /// Credentials after `Bearer` or `Basic`; a word of a sentence is none.
    static func authorization(_ text: UnsafeRawBufferPointer, _ at: Int) -> Int? {
        let isBearer = starts(text, at, "bearer", ignoringCase: true)
        guard isBearer || starts(text, at, "basic", ignoringCase: true) else { return nil }
        var start = at + (isBearer ? 6 : 5)
        let blank = start
        while start < text.count, text[start] == UInt8(ascii: " ") { start += 1 }
        guard start > blank else { return nil }
        var end = start
        var (hasDigit, hasLower, hasUpper) = (false, false, false)
        while end < text.count, isToken68(text[end]) {
            hasDigit = hasDigit || isDigit(text[end])
            hasLower = hasLower || UInt8(ascii: "a")...UInt8(ascii: "z") ~= text[end]
            hasUpper = hasUpper || UInt8(ascii: "A")...UInt8(ascii: "Z") ~= text[end]
            end += 1
        }
        let token = UnsafeRawBufferPointer(rebasing: text[start..<end])
        if isBearer {
            let isMixed = hasDigit || hasLower && hasUpper && token.count >= 16
            return token.count >= 8 && isMixed ? end : nil
        }
        let pair = Base64.decode(utf8: token)
        return pair?.contains(UInt8(ascii: ":")) == true ? end : nil
    }

    /// A private key in PEM, to its end or to that of the text.
    static func privateKey(_ text: UnsafeRawBufferPointer, _ at: Int) -> Int? {
        guard starts(text, at, "-----BEGIN ") else { return nil }
        let label = at + 11
        guard let mark = find(text, "-----", from: label, within: 64) else { return nil }
        guard mark >= label + 11, starts(text, mark - 11, "PRIVATE KEY") else { return nil }
        guard let last = find(text, "-----END ", from: mark, within: text.count),
            let close = find(text, "-----", from: last + 9, within: 64)
        else { return text.count }
        return close + 5
    }

    /// The password in `scheme://user:password@host`.
    static func urlPassword(_ text: UnsafeRawBufferPointer, _ at: Int) -> Range<Int>? {
        guard at > 0, text[at - 1] == UInt8(ascii: ":"), starts(text, at, "//") else { return nil }
        var (colon, mark, end) = (nil as Int?, nil as Int?, at + 2)
        scan: while end < text.count, end - at < 512 {
            switch text[end] {
            // A password may hold one that was not encoded; the host does not.
            case UInt8(ascii: "@"): mark = end
            case UInt8(ascii: ":"): colon = colon ?? end
            case UInt8(ascii: "/"), UInt8(ascii: "?"), UInt8(ascii: "#"), UInt8(ascii: "\""),
                0...0x20:
                break scan
            default: break
            }
            end += 1
        }
        guard let colon, let mark, colon + 1 < mark,
            !text[colon + 1..<mark].elementsEqual(Redactor.mark.utf8)
        else { return nil }
        return colon + 1..<mark
    }

    // MARK: Accounts

    /// How long the numbers of a country are (ISO 13616, the registry's release 99).
    private static let ibanLengths: [String: Int] = [
        "AD": 24, "AE": 23, "AL": 28, "AT": 20, "AZ": 28, "BA": 20, "BE": 16, "BG": 22, "BH": 22,
        "BI": 27, "BR": 29, "BY": 28, "CH": 21, "CR": 22, "CY": 28, "CZ": 24, "DE": 22, "DJ": 27,
        "DK": 18, "DO": 28, "EE": 20, "EG": 29, "ES": 24, "FI": 18, "FK": 18, "FO": 18, "FR": 27,
        "GB": 22, "GE": 22, "GI": 23, "GL": 18, "GR": 27, "GT": 28, "HN": 28, "HR": 21, "HU": 28,
        "IE": 22, "IL": 23, "IQ": 23, "IS": 26, "IT": 27, "JO": 30, "KW": 30, "KZ": 20, "LB": 28,
        "LC": 32, "LI": 21, "LT": 20, "LU": 20, "LV": 21, "LY": 25, "MC": 27, "MD": 24, "ME": 22,
        "MK": 19, "MN": 20, "MR": 27, "MT": 31, "MU": 30, "NI": 28, "NL": 18, "NO": 15, "OM": 23,
        "PK": 24, "PL": 28, "PS": 29, "PT": 25, "QA": 29, "RO": 24, "RS": 22, "RU": 33, "SA": 24,
        "SC": 31, "SD": 18, "SE": 24, "SI": 19, "SK": 24, "SM": 27, "SO": 23, "ST": 25, "SV": 28,
        "TL": 23, "TN": 24, "TR": 26, "UA": 29, "VA": 22, "VG": 24, "XK": 20, "YE": 30,
    ]

    /// An international bank account number, in one piece or by fours.
    static func iban(_ text: UnsafeRawBufferPointer, _ at: Int) -> Int? {
        guard at + 4 <= text.count, isUpper(text[at]), isUpper(text[at + 1]),
            isDigit(text[at + 2]), isDigit(text[at + 3]),
            let length = ibanLengths[String(decoding: text[at..<at + 2], as: UTF8.self)]
        else { return nil }
        var (characters, end) = ([UInt8](), at)
        while end < text.count, characters.count < length {
            let byte = text[end]
            if isUpper(byte) || isDigit(byte) {
                characters.append(byte)
            } else {
                guard byte == UInt8(ascii: " "), characters.count.isMultiple(of: 4) else {
                    return nil
                }
            }
            end += 1
        }
        guard characters.count == length, !isWordByte(text, end) else { return nil }
        // Letters count from A = 10; the first four come last; the whole is 1 modulo 97.
        let rest = (characters[4...] + characters[..<4]).reduce(0) { rest, byte in
            isDigit(byte)
                ? (rest * 10 + Int(byte - UInt8(ascii: "0"))) % 97
                : (rest * 100 + Int(byte - UInt8(ascii: "A")) + 10) % 97
        }
        return rest == 1 ? end : nil
    }

    // MARK: Bytes

    private static let dash = UInt8(ascii: "-")

    private static func isDigit(_ byte: UInt8) -> Bool {
        UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
    }

    private static func isUpper(_ byte: UInt8) -> Bool {
        UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte
    }

    private static func isWordByte(_ text: UnsafeRawBufferPointer, _ at: Int) -> Bool {
        at < text.count && SecretScanner.isWord(text[at])
    }

    static func isBase64URL(_ byte: UInt8) -> Bool {
        SecretScanner.isWord(byte) || byte == dash || byte == UInt8(ascii: "_")
    }

    private static func isToken68(_ byte: UInt8) -> Bool {
        isBase64URL(byte) || [0x2E, 0x7E, 0x2B, 0x2F, 0x3D].contains(byte)
    }

    /// Whether a text has some ASCII at a place.
    static func starts(
        _ text: UnsafeRawBufferPointer,
        _ at: Int,
        _ ascii: StaticString,
        ignoringCase: Bool = false
    ) -> Bool {
        let count = ascii.utf8CodeUnitCount
        guard at >= 0, at + count <= text.count else { return false }
        for offset in 0..<count {
            let byte = text[at + offset]
            guard (ignoringCase ? byte | 0x20 : byte) == ascii.utf8Start[offset] else {
                return false
            }
        }
        return true
    }

    private static func find(
        _ text: UnsafeRawBufferPointer,
        _ ascii: StaticString,
        from start: Int,
        within limit: Int
    ) -> Int? {
        (start..<min(text.count, start + limit)).first { starts(text, $0, ascii) }
    }
}

/// Keys and tokens that their makers mark, so that they are recognised wherever they turn up.
enum ServiceKeys {
    private struct Mark: Sendable {
        let prefix: StaticString
        /// How many characters follow at least.
        let count: Int
    }

    /// How many characters of a key may go by without a digit.
    private static let plainLimit = 64

    /// By their first byte: what it takes to be one.
    private static let marks: [[Mark]] = {
        let all: [(StaticString, Int)] = [
            ("AKIA", 16), ("ASIA", 16), ("ABIA", 16), ("ACCA", 16), ("AIza", 35), ("ya29.", 20),
            ("ghp_", 36), ("gho_", 36), ("ghu_", 36), ("ghs_", 36), ("ghr_", 36),
            ("github_pat_", 22), ("glpat-", 20), ("xoxb-", 10), ("xoxp-", 10), ("xoxa-", 10),
            ("xoxr-", 10), ("xoxs-", 10), ("xapp-", 10), ("sk_live_", 16), ("sk_test_", 16),
            ("rk_live_", 16), ("rk_test_", 16), ("whsec_", 16), ("sk-ant-", 20), ("sk-proj-", 20),
            ("sk-", 32), ("SG.", 22), ("npm_", 36), ("pypi-", 32), ("dop_v1_", 64), ("hf_", 30),
            ("shpat_", 32), ("hvs.", 24), ("cairn_", 40),
        ]
        var marks = [[Mark]](repeating: [], count: 256)
        for (prefix, count) in all {
            marks[Int(prefix.utf8Start[0])].append(Mark(prefix: prefix, count: count))
        }
        return marks
    }()

    /// Where a key ends that begins at a place; nil if none does.
    static func end(_ text: UnsafeRawBufferPointer, _ at: Int) -> Int? {
        for mark in marks[Int(text[at])] where Shape.starts(text, at, mark.prefix) {
            let start = at + mark.prefix.utf8CodeUnitCount
            let hasDots =
                mark.prefix.utf8Start[mark.prefix.utf8CodeUnitCount - 1] == UInt8(ascii: ".")
            var (end, hasDigit) = (start, false)
            while end < text.count, hasDigit || end - start < Self.plainLimit,
                Shape.isBase64URL(text[end]) || hasDots && text[end] == UInt8(ascii: ".")
            {
                hasDigit = hasDigit || UInt8(ascii: "0")...UInt8(ascii: "9") ~= text[end]
                end += 1
            }
            // Words joined by hyphens are none: what is random has digits.
            if end - start >= mark.count, hasDigit { return end }
        }
        return nil
    }
}
