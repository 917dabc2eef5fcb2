// SPDX-License-Identifier: Apache-2.0

/// Where tiles come from: a store, a folder of files, a server.
public protocol TileSource: Sendable {
    /// Returns the tile at `coordinate`.
    ///
    /// A source that no longer has a partial tile may return a wider one of the same index.
    func tile(_ coordinate: TileCoordinate) async throws -> Tile
}

/// What is wrong with a tile, or with the question it should answer.
public enum TileFault: Error, Equatable, Sendable {
    /// The tree of `size` leaves does not hold all of the node.
    case outsideTree(TreeNode, size: UInt64)
    /// The source returned a tile with fewer hashes than asked for.
    case tooNarrow(TileCoordinate, found: Int)
}

/// Answers for nodes of the tree of a given size from its tiles.
///
/// Nothing is checked against a root here. Whoever does not trust the source checks the proof that
/// is made of the answers.
public struct TileHashReader<Source: TileSource>: HashReader {
    private let source: Source
    private let size: UInt64

    /// Reads the tiles of the tree of the first `size` leaves.
    public init(_ source: Source, size: UInt64) {
        self.source = source
        self.size = size
    }

    /// Returns the hash of each node, and loads each tile that takes no more than once.
    ///
    /// Throws ``TileFault``, or what the source throws.
    public func hashes(of nodes: [TreeNode]) async throws -> [Digest] {
        var tiles: [TileCoordinate: Tile] = [:]
        var hashes: [Digest] = []
        hashes.reserveCapacity(nodes.count)
        for node in nodes {
            guard let place = TileCoordinate.holding(node, size: size) else {
                throw TileFault.outsideTree(node, size: size)
            }
            let tile: Tile
            if let loaded = tiles[place.tile] {
                tile = loaded
            } else {
                tile = try await source.tile(place.tile)
                tiles[place.tile] = tile
            }
            guard tile.hashes.count >= place.tile.width,
                let hash = tile.hash(level: place.level, index: place.index)
            else {
                throw TileFault.tooNarrow(place.tile, found: tile.hashes.count)
            }
            hashes.append(hash)
        }
        return hashes
    }
}
