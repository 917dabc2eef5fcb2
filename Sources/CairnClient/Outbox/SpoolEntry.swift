// SPDX-License-Identifier: Apache-2.0

internal import Cairn
internal import Crypto

/// An event in a segment: `length (4) || number (8) || check (8) || payload`, big-endian.
///
/// The check is the first eight bytes of SHA-256 over all the rest, so that what was torn by a
/// crash, or damaged since, is told from what was written.
struct SpoolEntry: Equatable {
    /// How many bytes stand before the payload.
    static let headerBytes = 20
    /// No event is longer.
    private static let longestPayload = 4 << 20

    /// The source's next number once this entry is there.
    let nextNumber: UInt64
    /// The event's body.
    let payload: [UInt8]

    /// How many bytes it takes.
    var count: Int { SpoolEntry.headerBytes + payload.count }

    /// The bytes.
    var encoded: [UInt8] {
        let fields = SpoolEntry.bigEndian(UInt32(payload.count)) + SpoolEntry.bigEndian(nextNumber)
        return fields + SpoolEntry.check(fields, payload[...]) + payload
    }

    init(nextNumber: UInt64, payload: [UInt8]) {
        self.nextNumber = nextNumber
        self.payload = payload
    }

    /// Reads the entry at the start of bytes; nil where there is none that is whole.
    init?(_ bytes: ArraySlice<UInt8>) {
        guard let length = SpoolEntry.length(bytes) else { return nil }
        let start = bytes.startIndex
        let (fields, check) = (bytes[start..<start + 12], bytes[start + 12..<start + 20])
        let payload = bytes[start + 20..<start + 20 + length]
        guard SpoolEntry.check(Array(fields), payload).elementsEqual(check) else { return nil }
        nextNumber = SpoolEntry.number(fields.dropFirst(4))
        self.payload = Array(payload)
    }

    /// The length of the payload that an entry says it has, if so much is there.
    private static func length(_ bytes: ArraySlice<UInt8>) -> Int? {
        guard bytes.count >= headerBytes else { return nil }
        let length = Int(number(bytes.prefix(4)))
        return isPlausible(length) && bytes.count - headerBytes >= length ? length : nil
    }

    private static func isPlausible(_ length: Int) -> Bool {
        (1...longestPayload).contains(length)
    }

    /// Whether bytes may be the beginning of an entry that a crash kept from being written whole.
    ///
    /// One with a whole event in it is none: its length was damaged afterwards.
    static func isTorn(_ bytes: ArraySlice<UInt8>, after nextNumber: UInt64) -> Bool {
        guard bytes.count >= headerBytes else { return true }
        let length = Int(number(bytes.prefix(4)))
        guard isPlausible(length), bytes.count - headerBytes < length,
            number(bytes.dropFirst(4).prefix(8)) &- nextNumber <= 1
        else { return false }
        return (try? JSONValue(parsing: Array(bytes.dropFirst(headerBytes)))) == nil
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> UInt64 {
        bytes.reduce(0) { $0 << 8 | UInt64($1) }
    }

    private static func check(_ fields: [UInt8], _ payload: ArraySlice<UInt8>) -> [UInt8] {
        var hash = SHA256()
        hash.update(data: fields)
        payload.withUnsafeBytes { hash.update(bufferPointer: $0) }
        return Array(hash.finalize().prefix(8))
    }

    static func bigEndian(_ value: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: value.bigEndian) { Array($0) }
    }
}
