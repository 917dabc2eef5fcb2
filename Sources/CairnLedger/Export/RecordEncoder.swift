// SPDX-License-Identifier: Apache-2.0

internal import Cairn

/// Writes records as the bytes of a data file, a part at a time; parts follow each other.
package protocol RecordEncoder: Sendable {
    /// What comes before the first record.
    func beginning() -> [UInt8]
    /// Some records of a tenant, the first ones of the file or later ones.
    ///
    /// - Throws: ``LedgerError`` for a record that is damaged.
    func bytes(
        _ records: [FoundRecord],
        of tenant: String,
        areFirst: Bool
    ) throws(LedgerError) -> [UInt8]
    /// What comes behind the last record.
    func ending() -> [UInt8]
}

/// What the packaging of exports needs that others do better: compression and check sums.
package protocol ExportTools: Sendable {
    /// The encoder of a request, before compression; of a workbook, that of its rows.
    ///
    /// - Throws: ``RecordQuery/Malformed`` for a set of columns that there is not.
    func encoder(for request: ExportRequest) throws(RecordQuery.Malformed) -> any RecordEncoder
    /// Bytes as a whole member or frame; those of several parts may follow each other in a file.
    func compressed(
        _ bytes: [UInt8],
        as compression: ExportCompression
    ) throws(StoreError) -> [UInt8]
    /// Begins to read what was compressed so.
    func decompressor(of compression: ExportCompression) -> any ExportDecompressor
    /// The CRC-32 of what an earlier one is of, with bytes behind it.
    func crc32(_ bytes: [UInt8], after crc: UInt32) -> UInt32
    /// The CRC-32 of two texts together, of which the second has so many bytes.
    func crc32(_ first: UInt32, then second: UInt32, of bytes: UInt64) -> UInt32
    /// Makes a workbook of rows, as the encoder of its request wrote them.
    func workbook(
        of request: ExportRequest,
        facts: [(name: String, value: String)],
        rows: ObjectBytes
    ) async throws -> ObjectBytes
}

/// Undoes compression, piece by piece.
package protocol ExportDecompressor: Sendable {
    /// The next part of what bytes stand for, and how many of them it took; no part is longer than 256
    /// KiB, however small the bytes are. What is not taken is given again; none are given to ask whether
    /// there is more of what was.
    ///
    /// - Throws: ``StoreError/corrupt(_:)`` for bytes that no compressor wrote.
    func next(
        _ bytes: ArraySlice<UInt8>
    ) throws(StoreError) -> (output: [UInt8], consumed: Int)
    /// Whether what was read so far ends with a whole member or frame.
    var isComplete: Bool { get }
}
