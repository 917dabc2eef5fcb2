// SPDX-License-Identifier: Apache-2.0

/// The name of a rule for how long a record's content is kept: `[a-z0-9]{1,8}`.
///
/// It stands in the clear in every leaf, so that anyone can check later whether a pruning was
/// lawful; it must say nothing about a person.
public struct RetentionClass: Hashable, Sendable {
    /// The class of a record for which none was chosen: `std`.
    public static let standard = RetentionClass(constant: "std")

    /// The longest name, in bytes.
    public static let maximumBytes = 8

    /// The name.
    public let text: String

    /// Takes a name, or nil if it is not one to eight of `a` to `z` and `0` to `9`.
    public init?(_ text: String) {
        guard Self.isValid(text) else { return nil }
        self.text = text
    }

    /// Takes a name that stands in our own sources.
    private init(constant text: String) {
        precondition(Self.isValid(text), "not a retention class")
        self.text = text
    }

    private static func isValid(_ text: String) -> Bool {
        (1...maximumBytes).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
            }
    }
}

extension RetentionClass: Comparable, CustomStringConvertible {
    /// Whether the bytes of `left` come before those of `right`.
    public static func < (left: RetentionClass, right: RetentionClass) -> Bool {
        left.text.utf8.lexicographicallyPrecedes(right.text.utf8)
    }

    /// The same as ``text``.
    public var description: String {
        text
    }
}
