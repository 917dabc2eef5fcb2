// SPDX-License-Identifier: Apache-2.0

/// One JSON value in its canonical bytes: RFC 8785, with numbers kept exactly.
///
/// Two values are equal if, and only if, they are equal as JSON: the order of members, white space,
/// the choice of escapes and the layout of numbers do not count. Text is not normalised, and a
/// number keeps its decimal value even where RFC 8785 would round it to a double.
public struct CanonicalJSON: Hashable, Sendable, CustomStringConvertible {
    /// The canonical bytes, which are UTF-8.
    public let bytes: [UInt8]

    /// Reads bytes that hold one JSON value and nothing else.
    public init(
        parsing bytes: [UInt8],
        limits: JSONLimits = JSONLimits()
    ) throws(InvalidJSON) {
        self.bytes = try bytes.withUnsafeBufferPointer { buffer throws(InvalidJSON) in
            var reader = JSONReader(UnsafeRawBufferPointer(buffer), limits: limits)
            var output: [UInt8] = []
            output.reserveCapacity(min(buffer.count, limits.bytes))
            try reader.appendCanonical(to: &output)
            try reader.finish()
            return output
        }
    }

    /// Reads text that holds one JSON value and nothing else.
    public init(
        parsing text: String,
        limits: JSONLimits = JSONLimits()
    ) throws(InvalidJSON) {
        try self.init(parsing: Array(text.utf8), limits: limits)
    }

    /// Writes a tree.
    public init(_ value: JSONValue) {
        var output: [UInt8] = []
        value.appendCanonical(to: &output)
        bytes = output
    }

    /// Takes bytes that the caller knows to be canonical.
    package init(unchecked bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// The canonical bytes as text.
    public var text: String {
        String(decoding: bytes, as: UTF8.self)
    }

    /// The canonical bytes as text.
    public var description: String {
        text
    }
}
