// SPDX-License-Identifier: Apache-2.0

extension Tile {
    /// The root over the tile's hashes; of a full tile, a hash of the tile above it.
    public var root: Digest {
        var frontier = Frontier()
        for hash in hashes {
            frontier.append(hash)
        }
        return frontier.root
    }
}
