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
    private(set) var damage: [SpoolDamage] = []
    private let folder: String

    init(folder: String, suffix: String) throws(DiskFailure) {
        self.folder = folder
        let ordinals = try DiskFolder.names(in: folder).compactMap { name in
            name.hasSuffix(suffix) ? Int(name.dropLast(suffix.count)) : nil
        }.sorted()
        for ordinal in ordinals {
            try read(ordinal, isLast: ordinal == ordinals.last)
        }
        // Under another name, a first number above 1 shows that something is not there.
        if !damage.isEmpty { nextNumber = max(nextNumber, 2) }
    }

    private mutating func read(_ ordinal: Int, isLast: Bool) throws(DiskFailure) {
        let path = SpoolFiles.path(folder, ordinal)
        let file = try DiskFile(path, creating: false)
        let bytes = try file.read(try file.size(), at: 0)
        let header = SpoolHeader(bytes[...])
        if header == nil, bytes.isEmpty || isLast && bytes.count <= SpoolHeader.bytes {
            // One that was being begun has no entries; nobody was told of any.
            return try DiskFolder.remove(path)
        }
        let scan = SpoolScan(bytes, from: header == nil ? 0 : SpoolHeader.bytes)
        let first = header?.nextNumber ?? nextNumber
        nextNumber = max(nextNumber, first, scan.nextNumber)
        let used = scan.entries.reduce(SpoolHeader.bytes) { $0 + $1.count }
        if let gap = scan.gaps.first {
            // A crash tears the last entry of the last segment, and nothing else.
            if isLast, header != nil, gap.upperBound == bytes.count,
                SpoolEntry.isTorn(bytes[gap], after: nextNumber)
            {
                // Nobody was told that it is there; a disk that is full must not keep it so.
                try? keep(bytes[gap], as: folder + "/torn")
                try file.truncate(to: used)
                try file.synchronise()
            } else {
                for gap in scan.gaps { try setAside(bytes[gap], of: path) }
                let entries = scan.entries.map { bytes[$0] }.joined()
                try write(SpoolHeader(nextNumber: first).encoded + entries, to: path)
            }
        }
        segments.append(
            SpoolFiles.Segment(ordinal: ordinal, bytes: used, entries: scan.entries.count)
        )
    }

    /// Copies what cannot be read to a file beside, for somebody to look at, and gives the source
    /// another name, so that what is missing is missed.
    private mutating func setAside(
        _ bytes: ArraySlice<UInt8>,
        of path: String
    ) throws(DiskFailure) {
        if damage.isEmpty { try SpoolSource.renew(in: folder) }
        damage.append(try SpoolDamage(bytes, of: path, in: folder))
    }

    /// Puts bytes into a file that is new.
    private func keep(_ bytes: ArraySlice<UInt8>, as path: String) throws(DiskFailure) {
        try DiskFolder.remove(path)
        let file = try DiskFile(path, creating: true)
        try file.write(Array(bytes), at: 0)
        try file.synchronise()
    }

    /// Puts bytes in the place of a file, all of them or none.
    private func write(_ bytes: [UInt8], to path: String) throws(DiskFailure) {
        try keep(bytes[...], as: path + ".new")
        try DiskFolder.rename(path + ".new", to: path)
        try DiskFolder.synchronise(folder)
    }
}

/// A part of a spool that could not be read, and where its copy is.
struct SpoolDamage {
    /// The copy; the segment itself if nothing was left of it.
    let file: String
    let bytes: Int

    /// Tells of a segment of which so many bytes are gone.
    init(gone bytes: Int, of path: String) {
        (file, self.bytes) = (path, bytes)
    }

    /// Copies what cannot be read to a file beside the segment.
    init(_ bytes: ArraySlice<UInt8>, of path: String, in folder: String) throws(DiskFailure) {
        var other = path + ".damaged"
        while DiskFolder.has(other) { other += "+" }
        let file = try DiskFile(other, creating: true)
        try file.write(Array(bytes), at: 0)
        try file.synchronise()
        try DiskFolder.synchronise(folder)
        self.init(gone: bytes.count, of: other)
    }
}
