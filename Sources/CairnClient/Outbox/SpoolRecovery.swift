// SPDX-License-Identifier: Apache-2.0

/// What a segment begins with: a mark, and the source's number when it was begun.
struct SpoolHeader {
    /// How long it is.
    static let bytes = 24
    private static let mark = Array("CAIRNSP1".utf8)

    let nextNumber: UInt64

    init(nextNumber: UInt64) {
        self.nextNumber = nextNumber
    }

    /// Reads the header of a segment; nil where there is none that is whole.
    init?(_ bytes: ArraySlice<UInt8>) {
        guard bytes.count >= SpoolHeader.bytes else { return nil }
        let number = bytes.dropFirst(8).prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
        let header = SpoolHeader(nextNumber: number)
        guard header.encoded.elementsEqual(bytes.prefix(SpoolHeader.bytes)) else { return nil }
        self = header
    }

    /// The bytes: mark, number, and the number's complement as a check.
    var encoded: [UInt8] {
        SpoolHeader.mark + SpoolEntry.bigEndian(nextNumber) + SpoolEntry.bigEndian(~nextNumber)
    }
}

/// Reads the segments of a folder after whatever happened: a tail that a crash tore is cut off, and
/// what is damaged in any other way is set aside and told.
struct SpoolRecovery {
    var segments: [SpoolFiles.Segment] = []
    private(set) var nextNumber: UInt64 = 1
    private(set) var damage: [SpoolFiles.Damage] = []
    private let folder: String

    init(folder: String, suffix: String) throws(DiskFailure) {
        self.folder = folder
        let ordinals = try DiskFolder.names(in: folder).compactMap { name in
            name.hasSuffix(suffix) ? Int(name.dropLast(suffix.count)) : nil
        }.sorted()
        for ordinal in ordinals {
            try read(ordinal, isLast: ordinal == ordinals.last)
        }
    }

    private mutating func read(_ ordinal: Int, isLast: Bool) throws(DiskFailure) {
        let path = SpoolFiles.path(folder, ordinal)
        let file = try DiskFile(path, creating: false)
        let bytes = try file.read(try file.size(), at: 0)
        guard let header = SpoolHeader(bytes[...]) else {
            // One that was being begun has no entries; nobody was told of any.
            if !isLast || bytes.count > SpoolHeader.bytes { try setAside(bytes[...], of: path) }
            return try DiskFolder.remove(path)
        }
        nextNumber = max(nextNumber, header.nextNumber)
        var segment = SpoolFiles.Segment(ordinal: ordinal, bytes: SpoolHeader.bytes, entries: 0)
        var rest = bytes.dropFirst(SpoolHeader.bytes)
        while let entry = SpoolEntry(rest) {
            nextNumber = max(nextNumber, entry.nextNumber)
            segment.entries += 1
            segment.bytes += entry.count
            rest = rest.dropFirst(entry.count)
        }
        if !rest.isEmpty {
            // A crash tears the last entry of the last segment, and nothing else.
            if !isLast || SpoolEntry.isFollowed(rest) { try setAside(rest, of: path) }
            try file.truncate(to: segment.bytes)
            try file.synchronise()
        }
        segments.append(segment)
    }

    /// Copies what cannot be read to a file beside, for somebody to look at.
    private mutating func setAside(
        _ bytes: ArraySlice<UInt8>,
        of path: String
    ) throws(DiskFailure) {
        var other = path + ".damaged"
        while DiskFolder.has(other) { other += "+" }
        let file = try DiskFile(other, creating: true)
        try file.write(Array(bytes), at: 0)
        try file.synchronise()
        try DiskFolder.synchronise(folder)
        damage.append(SpoolFiles.Damage(file: other, bytes: bytes.count))
    }
}
