// SPDX-License-Identifier: Apache-2.0

/// A run of up to 256 neighbouring hashes of one level of the tree (C2SP tlog-tiles).
///
/// Tiles of level L hold nodes of level 8 L; what lies between the levels follows from them.
public struct Tile: Hashable, Sendable {
    /// The number of hashes in a full tile.
    public static let fullWidth = 256
    /// The number of levels of the tree between one level of tiles and the next.
    public static let height = 8

    /// The hashes, from left to right, 1 to 256 of them.
    public let hashes: [Digest]

    /// Creates a tile from 1 to 256 hashes.
    public init(hashes: [Digest]) {
        precondition((1...Self.fullWidth).contains(hashes.count), "a tile has 1 to 256 hashes")
        self.hashes = hashes
    }

    /// Reads a tile as it is served; nil unless there are exactly `width` hashes of 32 bytes.
    public init?(bytes: [UInt8], width: Int) {
        guard
            (1...Self.fullWidth).contains(width), bytes.count == width * Digest.byteCount
        else { return nil }
        self.hashes = bytes.withUnsafeBytes { bytes in
            (0..<width).map {
                bytes.loadUnaligned(fromByteOffset: $0 * Digest.byteCount, as: Digest.self)
            }
        }
    }

    /// The tile as it is served: the hashes one after the other.
    public var bytes: [UInt8] {
        hashes.withUnsafeBytes { Array($0) }
    }

    /// Computes the root of a complete subtree inside the tile.
    ///
    /// `level` counts from 0, the tile's own hashes, to 8, the root of a full tile; `index` counts
    /// subtrees of that level from the left edge of the tile. Nil if the tile does not hold all of
    /// the subtree.
    public func hash(level: Int, index: Int) -> Digest? {
        guard
            (0...Self.height).contains(level), index >= 0, index < hashes.count >> level
        else { return nil }
        let start = index << level
        var nodes = Array(hashes[start..<start + 1 << level])
        while nodes.count > 1 {
            for pair in 0..<nodes.count / 2 {
                nodes[pair] = .node(left: nodes[2 * pair], right: nodes[2 * pair + 1])
            }
            nodes.removeLast(nodes.count / 2)
        }
        return nodes[0]
    }
}
