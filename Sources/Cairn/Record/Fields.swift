// SPDX-License-Identifier: Apache-2.0

/// A record's fields: paths in ascending byte order, each with its canonical value.
///
/// The values lie in one buffer, in the encoding that stores keep, so that neither reading,
/// searching nor verifying parses a value it does not need. An entry of the encoding is
/// `code u8`, for code 0 `length u8 || path`, then `length varint || value`.
public struct Fields: Hashable, Sendable {
    /// One field, as a view into the buffer.
    public struct Field: Sendable {
        /// The field's path.
        public let path: FieldPath
        /// Where the value's canonical bytes lie in ``Fields/encoded``.
        package let range: Range<Int>
    }

    /// The encoding that stores keep.
    package private(set) var encoded: [UInt8]

    /// No fields.
    public init() {
        encoded = []
    }

    /// No fields yet, with room for so many bytes of encoding.
    package init(reservingCapacity capacity: Int) {
        encoded = []
        encoded.reserveCapacity(capacity)
    }

    /// Reads what a store kept, or returns nil for bytes that are no such encoding.
    package init?(encoded: [UInt8]) {
        self.encoded = encoded
        var iterator = makeIterator()
        var previous: FieldPath?
        while iterator.position < encoded.count {
            guard let field = iterator.next() else { return nil }
            if let previous, !previous.precedes(field.path) { return nil }
            previous = field.path
        }
    }

    /// Takes what a store kept without reading it; iteration stops at the first malformed entry.
    package init(unchecked encoded: [UInt8]) {
        self.encoded = encoded
    }

    /// How many bytes the fields take in a store.
    package var byteCount: Int { encoded.count }

    /// Adds a field whose path is greater than all before it.
    package mutating func append(_ path: FieldPath.Known, _ value: [UInt8]) {
        encoded.append(path.rawValue)
        appendLength(value.count)
        encoded.append(contentsOf: value)
    }

    /// Adds a text as a canonical JSON string.
    package mutating func append(_ path: FieldPath.Known, text: String) {
        encoded.append(path.rawValue)
        // A string without escapes is as long as its UTF-8 and two quotes; patch otherwise.
        let expected = text.utf8.count + 2
        let lengthStart = encoded.count
        appendLength(expected)
        let valueStart = encoded.count
        JSONText.appendString(text, to: &encoded)
        let length = encoded.count - valueStart
        if length != expected {
            let value = Array(encoded[valueStart...])
            encoded.removeSubrange(lengthStart...)
            appendLength(length)
            encoded.append(contentsOf: value)
        }
    }

    /// Adds a field of any path, which must be greater than all before it.
    package mutating func append(_ path: FieldPath, value: [UInt8]) {
        switch path {
        case .known(let known):
            append(known, value)
        case .other(let text):
            encoded.append(0)
            encoded.append(UInt8(text.utf8.count))
            encoded.append(contentsOf: text.utf8)
            appendLength(value.count)
            encoded.append(contentsOf: value)
        }
    }

    private mutating func appendLength(_ length: Int) {
        var rest = length
        while rest >= 0x80 {
            encoded.append(UInt8(rest & 0x7F) | 0x80)
            rest >>= 7
        }
        encoded.append(UInt8(rest))
    }

    /// The canonical bytes of a field's value, or nil if the record has no such field.
    public func value(_ path: FieldPath) -> [UInt8]? {
        first { $0.path == path }.map { Array(encoded[$0.range]) }
    }

    /// The text of a field whose value is a string.
    public func text(_ path: FieldPath.Known) -> String? {
        for field in self where field.path == .known(path) {
            return text(of: field)
        }
        return nil
    }

    /// The text of a field in hand, or nil if its value is no string.
    public func text(of field: Field) -> String? {
        encoded.withUnsafeBytes {
            JSONText.string(fromCanonical: UnsafeRawBufferPointer(rebasing: $0[field.range]))
        }
    }

    /// Runs `body` on the canonical bytes of a field's value, in place.
    package func withValue<Result>(
        of field: Field,
        _ body: (UnsafeRawBufferPointer) throws -> Result
    ) rethrows -> Result {
        try encoded.withUnsafeBytes { try body(UnsafeRawBufferPointer(rebasing: $0[field.range])) }
    }
}

extension Fields: Sequence {
    /// Walks the fields in order of their paths.
    public struct Iterator: IteratorProtocol {
        private let encoded: [UInt8]
        fileprivate private(set) var position = 0

        fileprivate init(_ encoded: [UInt8]) {
            self.encoded = encoded
        }

        /// The next field, or nil at the end or at bytes that are no field.
        public mutating func next() -> Field? {
            var at = position
            guard at < encoded.count, let path = readPath(&at), let length = readLength(&at),
                length <= encoded.count - at
            else { return nil }
            position = at + length
            return Field(path: path, range: at..<at + length)
        }

        private func readPath(_ at: inout Int) -> FieldPath? {
            let code = encoded[at]
            at += 1
            guard code == 0 else { return FieldPath.Known(rawValue: code).map { .known($0) } }
            guard at < encoded.count else { return nil }
            let length = Int(encoded[at])
            at += 1
            guard length <= encoded.count - at else { return nil }
            defer { at += length }
            return FieldPath(String(decoding: encoded[at..<at + length], as: UTF8.self))
        }

        private func readLength(_ at: inout Int) -> Int? {
            var value = 0
            var shift = 0
            while at < encoded.count, shift < 35 {
                let byte = encoded[at]
                at += 1
                value |= Int(byte & 0x7F) << shift
                guard byte & 0x80 != 0 else { return value }
                shift += 7
            }
            return nil
        }
    }

    /// Walks the fields in order of their paths.
    public func makeIterator() -> Iterator {
        Iterator(encoded)
    }
}
