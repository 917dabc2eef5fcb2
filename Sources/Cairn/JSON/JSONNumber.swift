// SPDX-License-Identifier: Apache-2.0

/// A JSON number with its exact decimal value.
public struct JSONNumber: Sendable, Hashable, CustomStringConvertible {
    /// The number as canonical JSON writes it.
    public let text: String

    /// Reads a number by the grammar of RFC 8259, or returns nil if `text` is none, or one that
    /// the record format cannot hold.
    public init?(parsing text: String) {
        guard let first = text.utf8.first, first == Byte.minus || 0x30...0x39 ~= first,
            let last = text.utf8.last, 0x30...0x39 ~= last
        else { return nil }
        do {
            self.text = try CanonicalJSON(parsing: text).text
        } catch {
            return nil
        }
    }

    /// Makes a whole number.
    public init(_ value: Int) {
        text = String(value)
    }

    /// Makes a whole number.
    public init(_ value: UInt64) {
        text = String(value)
    }

    /// Makes a whole number.
    public init(_ value: Int64) {
        text = String(value)
    }

    /// Takes text that the caller knows to be canonical.
    init(canonical text: String) {
        self.text = text
    }

    /// The value, if it is whole and fits.
    public var integer: Int? {
        Int(text)
    }

    /// The number as canonical JSON writes it.
    public var description: String {
        text
    }
}
