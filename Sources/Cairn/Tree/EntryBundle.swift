// SPDX-License-Identifier: Apache-2.0

/// The place of a bundle of entries in a log, and its width (C2SP tlog-tiles).
///
/// Bundle n holds the entries whose leaf hashes are in tile n of level 0.
public struct EntryBundleCoordinate: Hashable, Sendable {
    /// The number of bundles before this one.
    public let index: UInt64
    /// The number of entries, 1 to 256; 256 is a full bundle.
    public let width: Int

    /// Names a bundle, full unless a smaller width is given.
    public init(index: UInt64, width: Int = Tile.fullWidth) {
        precondition((1...Tile.fullWidth).contains(width), "a bundle has 1 to 256 entries")
        self.index = index
        self.width = width
    }

    /// Reads a path such as `tile/entries/x001/234`; nil for any text that is not a bundle's path.
    public init?(path: String) {
        guard let rest = TilePath.suffix(of: path, after: "tile/entries/"),
            let place = TilePath.place(rest)
        else { return nil }
        self.init(index: place.index, width: place.width)
    }

    /// The path below the log's prefix, such as `tile/entries/x001/234`.
    public var path: String {
        TilePath.text("tile/entries/", index: index, width: width)
    }

    /// Whether a log of `size` entries has every entry of this bundle.
    public func isCovered(byTreeOf size: UInt64) -> Bool {
        TilePath.isCovered(index: index, width: width, count: size)
    }
}

/// The bytes of a bundle of entries: each entry after its length in two bytes, big-endian.
public enum EntryBundle {
    /// The longest entry a bundle can hold, in bytes.
    public static let maximumEntryBytes = 65_535

    /// Joins at most 256 entries of at most 65 535 bytes each.
    public static func encode(_ entries: [[UInt8]]) -> [UInt8] {
        precondition(entries.count <= Tile.fullWidth, "a bundle has at most 256 entries")
        var bytes: [UInt8] = []
        bytes.reserveCapacity(entries.reduce(0) { $0 + 2 + $1.count })
        for entry in entries {
            precondition(entry.count <= maximumEntryBytes, "an entry has at most 65 535 bytes")
            bytes.append(UInt8(entry.count >> 8))
            bytes.append(UInt8(entry.count & 0xFF))
            bytes += entry
        }
        return bytes
    }

    /// Splits a bundle into its entries; nil if it is cut short or holds more than 256.
    ///
    /// The caller compares the number of entries with the width that was asked for.
    public static func decode(_ bytes: [UInt8]) -> [[UInt8]]? {
        var entries: [[UInt8]] = []
        var start = 0
        while start < bytes.count {
            guard entries.count < Tile.fullWidth, bytes.count - start >= 2 else { return nil }
            let length = Int(bytes[start]) << 8 | Int(bytes[start + 1])
            start += 2
            guard bytes.count - start >= length else { return nil }
            entries.append(Array(bytes[start..<start + length]))
            start += length
        }
        return entries
    }
}
