// SPDX-License-Identifier: Apache-2.0

internal import Crypto

/// An event in a segment: `length (4) || number (8) || check (8) || payload`, big-endian.
///
/// The check is the first eight bytes of SHA-256 over all the rest, so that what was torn by a
/// crash, or damaged since, is told from what was written.
struct SpoolEntry: Equatable {
    /// How many bytes stand before the payload.
    static let headerBytes = 20

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
        nextNumber = fields.dropFirst(4).reduce(0) { $0 << 8 | UInt64($1) }
        self.payload = Array(payload)
    }

    /// The length of the payload that an entry says it has, if so much is there.
    private static func length(_ bytes: ArraySlice<UInt8>) -> Int? {
        guard bytes.count >= headerBytes else { return nil }
        let length = bytes.prefix(4).reduce(0) { $0 << 8 | Int($1) }
        return length > 0 && bytes.count - headerBytes >= length ? length : nil
    }

    /// Whether a whole entry stands behind one that is not whole.
    static func isFollowed(_ bytes: ArraySlice<UInt8>) -> Bool {
        guard let length = length(bytes) else { return false }
        return SpoolEntry(bytes.dropFirst(headerBytes + length)) != nil
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
