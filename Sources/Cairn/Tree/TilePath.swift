// SPDX-License-Identifier: Apache-2.0

/// The part of a path that tiles and bundles of entries have in common (C2SP tlog-tiles).
///
/// The index is written in groups of three digits, all but the last with an `x` before them. A
/// partial width follows as `.p/` and the number.
enum TilePath {
    static let slash = UInt8(ascii: "/")
    private static let mark = UInt8(ascii: "x")
    private static let zero = UInt8(ascii: "0")

    static func text(_ prefix: String, index: UInt64, width: Int) -> String {
        var groups: [String] = []
        var rest = index
        repeat {
            let digits = String(rest % 1_000)
            let padded = String(repeating: "0", count: 3 - digits.utf8.count) + digits
            groups.append(groups.isEmpty ? padded : "x" + padded)
            rest /= 1_000
        } while rest > 0
        let suffix = width == Tile.fullWidth ? "" : ".p/\(width)"
        return prefix + groups.reversed().joined(separator: "/") + suffix
    }

    /// Cuts `prefix` off a path; nil if the path starts otherwise.
    static func suffix(of path: String, after prefix: String) -> ArraySlice<UInt8>? {
        let bytes = Array(path.utf8)
        guard bytes.starts(with: prefix.utf8) else { return nil }
        return bytes.dropFirst(prefix.utf8.count)
    }

    /// Reads what follows the prefix; nil unless it is what ``text(_:index:width:)`` writes.
    static func place(_ text: ArraySlice<UInt8>) -> (index: UInt64, width: Int)? {
        var rest = text
        var index: UInt64 = 0
        var isLast = false
        while !isLast {
            isLast = rest.first != mark
            let digits = isLast ? rest.prefix(3) : rest.dropFirst().prefix(3)
            guard digits.count == 3, digits.allSatisfy(isDigit) else { return nil }
            let group = digits.reduce(UInt64(0)) { $0 * 10 + UInt64($1 - zero) }
            // Only a group of zeros that stands first, and is not the last, is needless.
            guard isLast || index > 0 || group > 0 else { return nil }
            let (product, isTooLarge) = index.multipliedReportingOverflow(by: 1_000)
            let (sum, isTooLargeStill) = product.addingReportingOverflow(group)
            guard !isTooLarge, !isTooLargeStill else { return nil }
            index = sum
            rest = rest[digits.endIndex...]
            if !isLast {
                guard rest.first == slash else { return nil }
                rest = rest.dropFirst()
            }
        }
        guard !rest.isEmpty else { return (index, Tile.fullWidth) }
        guard rest.starts(with: ".p/".utf8), let width = number(rest.dropFirst(3)),
            (1..<Tile.fullWidth).contains(width)
        else { return nil }
        return (index, width)
    }

    /// Reads one to three decimal digits without a leading zero.
    static func number(_ text: ArraySlice<UInt8>) -> Int? {
        guard (1...3).contains(text.count), text.allSatisfy(isDigit),
            text.count == 1 || text.first != zero
        else { return nil }
        return text.reduce(0) { $0 * 10 + Int($1 - zero) }
    }

    /// Whether the first `count` items of a level reach to the end of the tile.
    static func isCovered(index: UInt64, width: Int, count: UInt64) -> Bool {
        if index < count >> 8 { return true }
        return index == count >> 8 && UInt64(width) <= count & 0xFF
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        byte >= zero && byte <= zero + 9
    }
}
