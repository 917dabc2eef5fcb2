// SPDX-License-Identifier: Apache-2.0

/// The place of a tile in a log, and its width (C2SP tlog-tiles).
///
/// The width is part of the place: a partial tile of each width has a path of its own.
public struct TileCoordinate: Hashable, Sendable {
    /// How much of one level of tiles a tree of some size fills.
    public struct Extent: Hashable, Sendable {
        /// The level of the tiles.
        public let level: Int
        /// The number of full tiles, which come first.
        public let fullTiles: UInt64
        /// The number of hashes in the partial tile after them, 0 if there is none.
        public let partialWidth: Int
    }

    /// The level of the tile, 0 to 63; its hashes are nodes of level 8 times as high.
    public let level: Int
    /// The number of tiles of the same level to its left.
    public let index: UInt64
    /// The number of hashes, 1 to 256; 256 is a full tile.
    public let width: Int

    /// Names a tile, full unless a smaller width is given.
    public init(level: Int, index: UInt64, width: Int = Tile.fullWidth) {
        precondition((0...63).contains(level), "tiles have levels 0 to 63")
        precondition((1...Tile.fullWidth).contains(width), "a tile has 1 to 256 hashes")
        self.level = level
        self.index = index
        self.width = width
    }

    /// Reads a path such as `tile/0/x001/234.p/17`; nil for any text that is not a tile's path.
    public init?(path: String) {
        guard var rest = TilePath.suffix(of: path, after: "tile/"),
            let slash = rest.firstIndex(of: TilePath.slash),
            let level = TilePath.number(rest[..<slash]), level <= 63
        else { return nil }
        rest = rest[(slash + 1)...]
        guard let place = TilePath.place(rest) else { return nil }
        self.init(level: level, index: place.index, width: place.width)
    }

    /// The path below the log's prefix, such as `tile/0/x001/234.p/17`.
    public var path: String {
        TilePath.text("tile/\(level)/", index: index, width: width)
    }

    /// The path of a bundle of entries below the log's prefix.
    public static func entriesPath(index: UInt64, width: Int) -> String {
        EntryBundleCoordinate(index: index, width: width).path
    }

    /// Whether a tree of `size` leaves determines every hash of this tile.
    public func isCovered(byTreeOf size: UInt64) -> Bool {
        TilePath.isCovered(
            index: index,
            width: width,
            count: Self.hashCount(level: level, size: size)
        )
    }

    /// Lists how far a tree of `size` leaves fills each level of tiles, from level 0 up.
    public static func tiles(forSize size: UInt64) -> [Extent] {
        var extents: [Extent] = []
        var count = size
        while count > 0 {
            extents.append(
                Extent(
                    level: extents.count,
                    fullTiles: count >> 8,
                    partialWidth: Int(count & 0xFF)
                )
            )
            count >>= 8
        }
        return extents
    }

    /// Finds the tile of a tree of `size` leaves that determines the hash of `node`.
    ///
    /// The level and index are those to give to ``Tile/hash(level:index:)``. Nil if the tree does
    /// not hold all of the node.
    public static func holding(
        _ node: TreeNode,
        size: UInt64
    ) -> (tile: TileCoordinate, level: Int, index: Int)? {
        guard node.isComplete(inTreeOf: size) else { return nil }
        let (tileLevel, level) = node.level.quotientAndRemainder(dividingBy: Tile.height)
        let count = hashCount(level: tileLevel, size: size)
        let position = node.index << UInt64(level)
        let index = position >> 8
        let width = index < count >> 8 ? Tile.fullWidth : Int(count & 0xFF)
        let tile = TileCoordinate(level: tileLevel, index: index, width: width)
        return (tile, level, Int(position & 0xFF) >> level)
    }

    /// The number of hashes at one level of tiles in a tree of `size` leaves.
    private static func hashCount(level: Int, size: UInt64) -> UInt64 {
        level < 8 ? size >> UInt64(level * Tile.height) : 0
    }
}
