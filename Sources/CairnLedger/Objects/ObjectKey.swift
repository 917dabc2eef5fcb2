// SPDX-License-Identifier: Apache-2.0

/// The name of an object: parts joined by `/`, each of 1 to 200 letters, digits, `-`, `_` and `.`,
/// none that begins with a point; at most 512 bytes together.
///
/// What folders and buckets both can hold, so that no name has to be changed on its way to either.
package struct ObjectKey: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The key as text.
    package let text: String

    /// Takes a name, or returns nil for one that is none.
    package init?(_ text: String) {
        guard (1...512).contains(text.utf8.count) else { return nil }
        for part in text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        {
            guard let first = part.first, first != UInt8(ascii: "."), part.count <= 200,
                part.allSatisfy(ObjectKey.isAllowed)
            else { return nil }
        }
        self.text = text
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"),
            UInt8(ascii: "."):
            true
        default: false
        }
    }

    /// The key as text.
    package var description: String { text }

    /// By bytes, as stores list them.
    package static func < (left: ObjectKey, right: ObjectKey) -> Bool {
        left.text.utf8.lexicographicallyPrecedes(right.text.utf8)
    }
}
