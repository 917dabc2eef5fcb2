// SPDX-License-Identifier: Apache-2.0

/// Why a text is not the id of an event.
public enum InvalidEventID: Error, Hashable, Sendable {
    /// The text is not a UUID of the form 8-4-4-4-12 hexadecimal digits.
    case notUUID
    /// The UUID is not of version 4 or 7, the only ones that may name an event.
    case version
}

extension InvalidEventID: CustomStringConvertible {
    /// What is wrong, for the one who sent it.
    public var description: String {
        switch self {
        case .notUUID: "not a UUID such as 018f6b1e-7c2a-7000-8000-000000000001"
        case .version: "a UUID of another version than 4 or 7"
        }
    }
}

/// The name of an event for ever: a UUID of version 4 or 7 (RFC 9562).
///
/// Ids are ordered by their bytes, so those of version 7 are ordered by the time inside. That time
/// is a hint from whoever made the id, never evidence.
public struct EventID: Hashable, Sendable {
    /// Why a text is refused.
    public typealias Rejection = InvalidEventID

    /// The first eight bytes, the first of them the most significant.
    private let high: UInt64
    /// The last eight bytes, the first of them the most significant.
    private let low: UInt64

    /// Takes the 128 bits if they name version 4 or 7 and the variant of RFC 9562.
    private init?(high: UInt64, low: UInt64) {
        let version = high >> 12 & 0xF
        guard version == 4 || version == 7, low >> 62 == 0b10 else { return nil }
        self.high = high
        self.low = low
    }

    /// Reads an id, or nil where ``parse(_:)-(String)`` throws.
    public init?(_ text: String) {
        guard let id = try? Self.parse(text) else { return nil }
        self = id
    }

    /// Takes 16 bytes, or nil if their number, version or variant is another.
    public init?(bytes: some Collection<UInt8>) {
        guard let (high, low) = Self.halves(of: bytes) else { return nil }
        self.init(high: high, low: low)
    }

    /// Fills the form of version 4 from 16 bytes, such as those of a keyed hash.
    ///
    /// The same bytes give the same id; the six bits of version and variant are overwritten.
    public init(version4From bytes: some Collection<UInt8>) {
        guard let (high, low) = Self.halves(of: bytes) else {
            preconditionFailure("an id is filled from exactly 16 bytes")
        }
        self.high = high & ~0xF000 | 0x4000
        self.low = low & ~(0b11 << 62) | 0b10 << 62
    }

    /// Builds a UUID of version 7 (RFC 9562 5.7) from its three fields.
    init(version7At milliseconds: UInt64, counter: UInt16, random: UInt64) {
        high = milliseconds << 16 | 0x7000 | UInt64(counter & 0xFFF)
        low = random & ~(0b11 << 62) | 0b10 << 62
    }

    /// The version, 4 or 7.
    public var version: Int {
        Int(high >> 12 & 0xF)
    }

    /// The 16 bytes.
    public var bytes: [UInt8] {
        withUnsafeBytes { Array($0) }
    }

    /// Calls `body` with the 16 bytes, which are gone once it returns.
    public func withUnsafeBytes<Value, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Value
    ) throws(Failure) -> Value {
        try Swift.withUnsafeBytes(of: (high.bigEndian, low.bigEndian), body)
    }

    private static func halves(of bytes: some Collection<UInt8>) -> (high: UInt64, low: UInt64)? {
        guard bytes.count == 16 else { return nil }
        let halves = bytes.withContiguousStorageIfAvailable { buffer in
            let raw = UnsafeRawBufferPointer(buffer)
            return (
                high: UInt64(bigEndian: raw.loadUnaligned(as: UInt64.self)),
                low: UInt64(bigEndian: raw.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
            )
        }
        if let halves { return halves }
        var high: UInt64 = 0
        var low: UInt64 = 0
        for byte in bytes {
            high = high << 8 | low >> 56
            low = low << 8 | UInt64(byte)
        }
        return (high, low)
    }
}

extension EventID: Comparable {
    /// Whether the bytes of `left` come before those of `right`.
    public static func < (left: EventID, right: EventID) -> Bool {
        (left.high, left.low) < (right.high, right.low)
    }
}

// MARK: - Text

extension EventID: CustomStringConvertible {
    /// The form 8-4-4-4-12 in lower-case hexadecimal digits.
    public var text: String {
        String(unsafeUninitializedCapacity: Self.textLength) { write(into: $0) }
    }

    /// The same as ``text``.
    public var description: String {
        text
    }

    /// Appends the ASCII bytes of ``text``.
    public func appendText(to bytes: inout [UInt8]) {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: Self.textLength) { buffer in
            bytes.append(contentsOf: buffer[..<write(into: buffer)])
        }
    }

    /// Reads the form 8-4-4-4-12, in digits of either case, of a UUID of version 4 or 7.
    ///
    /// Braces, `urn:uuid:` and missing hyphens are refused as ``InvalidEventID/notUUID``.
    public static func parse(_ text: String) throws(InvalidEventID) -> EventID {
        var text = text
        return try text.withUTF8 { utf8 -> Result<EventID, InvalidEventID> in
            do throws(InvalidEventID) {
                return .success(try parse(UnsafeRawBufferPointer(utf8)))
            } catch {
                return .failure(error)
            }
        }.get()
    }

    /// Reads an id from the bytes of its text.
    public static func parse(_ bytes: UnsafeRawBufferPointer) throws(InvalidEventID) -> EventID {
        guard bytes.count == textLength else { throw .notUUID }
        var high: UInt64 = 0
        var low: UInt64 = 0
        for position in 0..<textLength {
            let byte = bytes[position]
            if isHyphen(position) {
                guard byte == UInt8(ascii: "-") else { throw .notUUID }
                continue
            }
            guard let digit = digit(byte) else { throw .notUUID }
            high = high << 4 | low >> 60
            low = low << 4 | digit
        }
        guard let id = EventID(high: high, low: low) else { throw .version }
        return id
    }

    private static let textLength = 36

    private static func isHyphen(_ position: Int) -> Bool {
        position == 8 || position == 13 || position == 18 || position == 23
    }

    private static func digit(_ byte: UInt8) -> UInt64? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt64(byte - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt64(byte - UInt8(ascii: "a") + 10)
        case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt64(byte - UInt8(ascii: "A") + 10)
        default: nil
        }
    }

    /// Writes the text from the start of the buffer and returns its length.
    private func write(into buffer: UnsafeMutableBufferPointer<UInt8>) -> Int {
        var (high, low) = (high, low)
        for position in 0..<Self.textLength {
            guard !Self.isHyphen(position) else {
                buffer[position] = UInt8(ascii: "-")
                continue
            }
            let digit = UInt8(high >> 60)
            buffer[position] =
                digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10
            high = high << 4 | low >> 60
            low <<= 4
        }
        return Self.textLength
    }
}
