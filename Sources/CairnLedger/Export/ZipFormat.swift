// SPDX-License-Identifier: Apache-2.0

/// The structures of a ZIP archive whose entries are stored as they are (APPNOTE.TXT 6.3.10).
///
/// Lengths and check sums are known beforehand, so that whoever reads an archive as a stream needs
/// nothing from its end. Entries and archives above 4 GiB have the 64-bit forms.
struct ZipFormat {
    /// A file in the archive.
    struct Entry {
        let name: String
        let bytes: UInt64
        let crc: UInt32
        fileprivate var offset: UInt64 = 0

        init(name: String, bytes: UInt64, crc: UInt32) {
            self.name = name
            self.bytes = bytes
            self.crc = crc
        }
    }

    private static let limit = UInt64(UInt32.max)
    /// 1 January 1980: what an archive of no particular time has.
    private static let date: UInt16 = 1 << 5 | 1

    private var entries: [Entry] = []
    private var offset: UInt64 = 0

    /// Begins an entry: what comes before its bytes.
    mutating func header(_ entry: Entry) -> [UInt8] {
        var entry = entry
        entry.offset = offset
        entries.append(entry)
        let isLarge = entry.bytes >= Self.limit
        var output = LittleEndian()
        output.add(UInt32(0x0403_4B50))
        add(entry, isLarge: isLarge, to: &output)
        output.add(UInt16(entry.name.utf8.count))
        output.add(UInt16(isLarge ? 20 : 0))
        output.bytes += entry.name.utf8
        if isLarge {
            output.add(UInt16(1))
            output.add(UInt16(16))
            output.add(entry.bytes)
            output.add(entry.bytes)
        }
        offset += UInt64(output.bytes.count) + entry.bytes
        return output.bytes
    }

    /// What local and central headers have in common.
    private func add(_ entry: Entry, isLarge: Bool, to output: inout LittleEndian) {
        output.add(UInt16(isLarge ? 45 : 20))
        // Names are UTF-8; nothing is compressed.
        output.add(UInt16(1 << 11))
        output.add(UInt16(0))
        output.add(UInt16(0))
        output.add(Self.date)
        output.add(entry.crc)
        let bytes = isLarge ? UInt32.max : UInt32(entry.bytes)
        output.add(bytes)
        output.add(bytes)
    }

    /// What ends the archive.
    func ending() -> [UInt8] {
        var output = LittleEndian()
        for entry in entries { addDirectory(entry, to: &output) }
        let bytes = UInt64(output.bytes.count)
        let isLarge = offset >= Self.limit || bytes >= Self.limit || entries.count >= 0xFFFF
        if isLarge {
            output.add(UInt32(0x0606_4B50))
            output.add(UInt64(44))
            output.add(UInt16(3 << 8 | 45))
            output.add(UInt16(45))
            output.add(UInt32(0))
            output.add(UInt32(0))
            output.add(UInt64(entries.count))
            output.add(UInt64(entries.count))
            output.add(bytes)
            output.add(offset)
            output.add(UInt32(0x0706_4B50))
            output.add(UInt32(0))
            output.add(offset + bytes)
            output.add(UInt32(1))
        }
        output.add(UInt32(0x0605_4B50))
        output.add(UInt16(0))
        output.add(UInt16(0))
        output.add(UInt16(clamping: entries.count))
        output.add(UInt16(clamping: entries.count))
        output.add(UInt32(clamping: bytes))
        output.add(isLarge ? UInt32.max : UInt32(offset))
        output.add(UInt16(0))
        return output.bytes
    }

    private func addDirectory(_ entry: Entry, to output: inout LittleEndian) {
        let isLarge = entry.bytes >= Self.limit
        let isFar = entry.offset >= Self.limit
        let extra: [UInt64] =
            (isLarge ? [entry.bytes, entry.bytes] : []) + (isFar ? [entry.offset] : [])
        output.add(UInt32(0x0201_4B50))
        output.add(UInt16(3 << 8 | 45))
        add(entry, isLarge: isLarge, to: &output)
        output.add(UInt16(entry.name.utf8.count))
        output.add(UInt16(extra.isEmpty ? 0 : 4 + 8 * extra.count))
        output.add(UInt16(0))
        output.add(UInt16(0))
        output.add(UInt16(0))
        // A file that its owner may write and everybody read.
        output.add(UInt32(0o100644) << 16)
        output.add(isFar ? UInt32.max : UInt32(entry.offset))
        output.bytes += entry.name.utf8
        guard !extra.isEmpty else { return }
        output.add(UInt16(1))
        output.add(UInt16(8 * extra.count))
        for value in extra { output.add(value) }
    }
}

/// Bytes while they are written, numbers with the low byte first.
private struct LittleEndian {
    var bytes: [UInt8] = []

    mutating func add<Number: FixedWidthInteger>(_ number: Number) {
        withUnsafeBytes(of: number.littleEndian) { bytes.append(contentsOf: $0) }
    }
}
