// SPDX-License-Identifier: Apache-2.0

/// How two names stand to each other.
enum NameOrder {
    case ascending
    case equal
    case descending
}

/// A member of an object in canonical text, as places in that text.
struct CanonicalMember {
    /// The bytes between the quotes of the name.
    let name: Range<Int>
    /// The first eight bytes of the name, the first highest, zero where the name is shorter.
    ///
    /// Nil for a name with escapes or with bytes from EE up: there, bytes do not order like names.
    let prefix: UInt64?
    /// Where the name's quote is in the input.
    let source: Int
    /// The end of the value.
    var end = 0

    init(name: Range<Int>, prefix: UInt64?, source: Int) {
        self.name = name
        self.prefix = prefix
        self.source = source
    }

    /// Whether the prefixes alone show that this name comes before another.
    @inline(__always)
    func isSurelyBefore(_ other: CanonicalMember) -> Bool {
        guard let prefix, let otherPrefix = other.prefix else { return false }
        return prefix < otherPrefix
    }

    /// Compares two names of one text by UTF-16 code units, as RFC 8785 section 3.2.3 orders them.
    func order(with other: CanonicalMember, in text: UnsafeRawBufferPointer) -> NameOrder {
        if let prefix, let otherPrefix = other.prefix, prefix != otherPrefix {
            return prefix < otherPrefix ? .ascending : .descending
        }
        var left = CanonicalCharacters(text, name)
        var right = CanonicalCharacters(text, other.name)
        while true {
            switch (left.next(), right.next()) {
            case (nil, nil): return .equal
            case (nil, _): return .ascending
            case (_, nil): return .descending
            case (let a?, let b?):
                if a != b {
                    return rank(a) < rank(b) ? .ascending : .descending
                }
            }
        }
    }

    /// Sorts members by name from `first` on; returns the later one of two with the same name.
    static func sort(
        _ members: inout [CanonicalMember],
        from first: Int,
        in text: UnsafeRawBufferPointer
    ) -> CanonicalMember? {
        guard members.count - first <= 24 else {
            members[first...].sort { $0.order(with: $1, in: text) == .ascending }
            for index in first + 1..<members.count
            where members[index - 1].order(with: members[index], in: text) == .equal {
                let (one, other) = (members[index - 1], members[index])
                return one.source < other.source ? other : one
            }
            return nil
        }
        for index in first + 1..<members.count {
            let member = members[index]
            var place = index
            while place > first {
                let before = members[place - 1]
                if before.isSurelyBefore(member) { break }
                if !member.isSurelyBefore(before) {
                    let order = before.order(with: member, in: text)
                    if order == .equal { return member }
                    if order == .ascending { break }
                }
                members[place] = before
                place -= 1
            }
            members[place] = member
        }
        return nil
    }
}

/// Orders bytes of UTF-8 such that the first difference of two texts decides as in UTF-16.
///
/// The two orders differ in one point: what starts with F0 or above is a pair of surrogates, D800
/// to DFFF, and so comes before what starts with EE or EF, which is E000 to FFFF.
@inline(__always)
private func rank(_ byte: UInt8) -> UInt8 {
    byte < 0xEE ? byte : byte < 0xF0 ? byte &+ 0x10 : byte &- 2
}

extension JSONText {
    /// Whether a name comes before another in canonical order; neither is escaped.
    static func precedes(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        for index in 0..<min(left.count, right.count) where left[index] != right[index] {
            return rank(left[index]) < rank(right[index])
        }
        return left.count < right.count
    }
}

/// The unescaped bytes of a canonical string, one after the other.
private struct CanonicalCharacters {
    private let text: UnsafeRawBufferPointer
    private var index: Int
    private let end: Int

    init(_ text: UnsafeRawBufferPointer, _ range: Range<Int>) {
        self.text = text
        index = range.lowerBound
        end = range.upperBound
    }

    @inline(__always)
    mutating func next() -> UInt8? {
        guard index < end else { return nil }
        let byte = text[index]
        index += 1
        return byte == Byte.backslash ? unescape() : byte
    }

    /// The byte that the escape stands for; canonical text escapes only ASCII.
    private mutating func unescape() -> UInt8 {
        let letter = text[index]
        index += 1
        switch letter {
        case 0x62: return 0x08
        case 0x66: return 0x0C
        case 0x6E: return 0x0A
        case 0x72: return 0x0D
        case 0x74: return 0x09
        case Byte.u: break
        default: return letter
        }
        let (high, low) = (text[index + 2], text[index + 3])
        index += 4
        return (high - 0x30) << 4 | (low <= 0x39 ? low - 0x30 : low - 0x57)
    }
}
