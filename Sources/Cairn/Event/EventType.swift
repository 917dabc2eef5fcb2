// SPDX-License-Identifier: Apache-2.0

/// Why a text is not a type of event.
public enum InvalidEventType: Error, Hashable, Sendable {
    /// The text is empty.
    case empty
    /// The text is longer than ``EventType/maximumBytes``.
    case tooLong
    /// The byte at this position is none of `A` to `Z`, `a` to `z`, `0` to `9`, `_`, `.`, `:`, `-`.
    case character(position: Int)
}

extension InvalidEventType: CustomStringConvertible {
    /// What is wrong, for the one who sent it.
    public var description: String {
        switch self {
        case .empty: "must not be empty"
        case .tooLong: "longer than \(EventType.maximumBytes) bytes"
        case .character(let position):
            "byte \(position) is not one of A-Z, a-z, 0-9, '_', '.', ':', '-'"
        }
    }
}

/// What kind of event it is: `[A-Za-z0-9_.:-]{1,128}`, by custom dotted, as in `user.login`.
public struct EventType: Hashable, Sendable {
    /// The longest type, in bytes.
    public static let maximumBytes = 128

    /// What the types begin with that only the server itself may record.
    public static let reservedPrefix = "cairn."

    /// The type as it was given; its case matters.
    public let text: String

    /// Takes a type, or says what keeps it from being one.
    public init(_ text: String) throws(InvalidEventType) {
        guard !text.isEmpty else { throw .empty }
        guard text.utf8.count <= Self.maximumBytes else { throw .tooLong }
        var position = 0
        for byte in text.utf8 {
            guard Self.isAllowed(byte) else { throw .character(position: position) }
            position += 1
        }
        self.text = text
    }

    /// Takes a type that stands in our own sources.
    package init(constant text: String) {
        precondition(
            (1...Self.maximumBytes).contains(text.utf8.count)
                && text.utf8.allSatisfy(Self.isAllowed),
            "not a type of event"
        )
        self.text = text
    }

    /// Whether only the server itself may record it.
    public var isReserved: Bool {
        text.utf8.starts(with: Self.reservedPrefix.utf8)
    }

    /// What stands behind the last dot: `login` in `user.login`.
    ///
    /// It is never empty: dots at the end are passed over, and dots alone are their own last part.
    public var lastPart: String {
        let utf8 = text.utf8
        var end = utf8.endIndex
        while end > utf8.startIndex, utf8[utf8.index(before: end)] == Self.dot {
            end = utf8.index(before: end)
        }
        guard end > utf8.startIndex else { return text }
        let start = utf8[..<end].lastIndex(of: Self.dot).map(utf8.index(after:))
        return String(text[(start ?? utf8.startIndex)..<end])
    }

    /// What stands before the first dot: `user` in `user.login`.
    ///
    /// It is never empty: dots at the start are passed over, and dots alone are their own first
    /// part.
    public var firstPart: String {
        let part = text.utf8.drop { $0 == Self.dot }.prefix { $0 != Self.dot }
        return part.isEmpty ? text : String(Substring(part))
    }

    private static let dot = UInt8(ascii: ".")

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: ":"), UInt8(ascii: "_"), UInt8(ascii: "."),
            UInt8(ascii: "-"):
            true
        default:
            false
        }
    }
}

extension EventType: Comparable, CustomStringConvertible {
    /// Whether the bytes of `left` come before those of `right`.
    public static func < (left: EventType, right: EventType) -> Bool {
        left.text.utf8.lexicographicallyPrecedes(right.text.utf8)
    }

    /// The same as ``text``.
    public var description: String {
        text
    }
}
