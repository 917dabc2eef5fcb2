// SPDX-License-Identifier: Apache-2.0
import CairnArchive
import CairnLedger
import CairnServer
import CairnSpreadsheet

/// What exports are packed with: zlib, libzstd and libxlsxwriter.
struct ExportToolbox: ExportTools {
    /// Where workbooks are while they are written.
    let folder: String

    func encoder(for request: ExportRequest) throws(RecordQuery.Malformed) -> any RecordEncoder {
        try ExportEncoder(request)
    }

    func compressed(
        _ bytes: [UInt8],
        as compression: ExportCompression
    ) throws(StoreError) -> [UInt8] {
        switch compression {
        case .none: bytes
        case .gzip: try Gzip.compressed(bytes)
        case .zstd: try Zstandard.compressed(bytes)
        }
    }

    func decompressor(of compression: ExportCompression) -> any ExportDecompressor {
        compression == .zstd ? UnzstdReader() : GunzipReader()
    }

    func crc32(_ bytes: [UInt8], after crc: UInt32) -> UInt32 {
        Gzip.crc32(bytes, after: crc)
    }

    func crc32(_ first: UInt32, then second: UInt32, of bytes: UInt64) -> UInt32 {
        Gzip.crc32(first, then: second, of: bytes)
    }

    func workbook(
        of request: ExportRequest,
        facts: [(name: String, value: String)],
        rows: ObjectBytes
    ) async throws -> ObjectBytes {
        try await WorkbookMaker.make(in: folder, facts: facts, rows: rows)
    }
}
