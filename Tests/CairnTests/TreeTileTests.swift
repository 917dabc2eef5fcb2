// SPDX-License-Identifier: Apache-2.0
import Cairn
import Foundation
import Testing

@Suite struct TreeTileTests {
    private struct Paths: Decodable {
        struct Place: Decodable {
            let level: Int?
            let index: UInt64
            let width: Int?
            let path: String
        }

        struct Extent: Decodable {
            let level: Int
            let fullTiles: UInt64
            let partialWidth: Int
        }

        let valid: [Place]
        let invalid: [String]
        let entryBundles: [Place]
        let tilesForSize: [String: [Extent]]
    }

    /// The log of 600 entries among the vectors.
    private struct Folder: TileSource {
        func tile(_ coordinate: TileCoordinate) async throws -> Tile {
            let bytes = try VectorFiles.data("tlog-tiles/log-600/\(coordinate.path)")
            return try #require(Tile(bytes: Array(bytes), width: coordinate.width))
        }
    }

    /// Serves one list of leaf hashes, counts what is asked for, and can be made to misbehave.
    private actor Counter: TileSource {
        private let table: [TreeNode: Digest]
        private let widthOffset: Int
        private(set) var asked: [TileCoordinate] = []

        init(_ table: [TreeNode: Digest], widthOffset: Int = 0) {
            self.table = table
            self.widthOffset = widthOffset
        }

        func tile(_ coordinate: TileCoordinate) async throws -> Tile {
            asked.append(coordinate)
            return Tile(
                hashes: (0..<UInt64(coordinate.width + widthOffset)).compactMap {
                    table[TreeNode(level: 8 * coordinate.level, index: coordinate.index << 8 + $0)]
                }
            )
        }
    }

    private let leafHashes: [Digest]
    private let table: [TreeNode: Digest]
    private let roots: [Digest]

    init() {
        self.leafHashes = (0..<600).map { .leaf(treeEntry($0)) }
        self.table = TableReader(leafHashes: leafHashes).table
        var frontier = Frontier()
        var roots = [frontier.root]
        for hash in leafHashes {
            frontier.append(hash)
            roots.append(frontier.root)
        }
        self.roots = roots
    }

    private static func paths() throws -> Paths {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(Paths.self, from: VectorFiles.data("tlog-tiles/paths.json"))
    }

    @Test("Paths of tiles and bundles are written and read as listed")
    func validPaths() throws {
        let paths = try Self.paths()
        #expect(paths.valid.count == 14 && paths.entryBundles.count == 3)
        for item in paths.valid {
            let tile = TileCoordinate(
                level: try #require(item.level),
                index: item.index,
                width: item.width ?? 256
            )
            #expect(tile.path == item.path)
            #expect(TileCoordinate(path: item.path) == tile)
            #expect(EntryBundleCoordinate(path: item.path) == nil)
        }
        for item in paths.entryBundles {
            let bundle = EntryBundleCoordinate(index: item.index, width: item.width ?? 256)
            #expect(bundle.path == item.path)
            #expect(TileCoordinate.entriesPath(index: item.index, width: bundle.width) == item.path)
            #expect(EntryBundleCoordinate(path: item.path) == bundle)
            #expect(TileCoordinate(path: item.path) == nil)
        }
    }

    @Test("Paths that say the same otherwise, or nothing, are refused")
    func invalidPaths() throws {
        let paths = try Self.paths()
        #expect(paths.invalid.count == 17)
        let more = [
            "", "tile", "tile/", "tile/0/", "tile//000", "/tile/0/000", "tile/0/000.p", "tile/0/x",
            "tile/0/000.p/00", "tile/0/000.p/1/", "tile/0/000.q/1", "tile/0/000.p1", "tile/0/x/000",
            "tile/0/000.p/+1", "tile/0/٠٠٠", "tile/0/x000/x001/000", "tile/0/x001/000x",
            "tile/0/x018/x446/x744/x073/x709/x551/616", "tile/0/x999/x999/x999/x999/x999/x999/999",
            "tile/100/000", "tile/ 0/000", "tile/0/000 ", "tile/0/000\n", "tile/0/x001//000",
            "tile/0/x1/000", "tile/0/x0001/000", "tile/+0/000", "TILE/0/000", "tile/0/0000",
        ]
        for path in paths.invalid + more {
            #expect(TileCoordinate(path: path) == nil, "\(path)")
            let entries = path.replacingOccurrences(of: "tile/0/", with: "tile/entries/")
            #expect(EntryBundleCoordinate(path: entries) == nil, "\(entries)")
        }
        let last = TileCoordinate(level: 0, index: .max, width: 255)
        #expect(last.path == "tile/0/x018/x446/x744/x073/x709/x551/615.p/255")
        #expect(TileCoordinate(path: last.path) == last)
    }

    @Test("The tiles of each level follow from the size as listed")
    func extents() throws {
        let sizes = try Self.paths().tilesForSize
        #expect(sizes.count == 10)
        for (size, levels) in sizes {
            let extents = TileCoordinate.tiles(forSize: try #require(UInt64(size)))
            #expect(extents.map(\.level) == levels.map(\.level), "\(size)")
            #expect(extents.map(\.fullTiles) == levels.map(\.fullTiles), "\(size)")
            #expect(extents.map(\.partialWidth) == levels.map(\.partialWidth), "\(size)")
        }
        #expect(TileCoordinate.tiles(forSize: 0) == [])
        #expect(TileCoordinate.tiles(forSize: TreeMath.maximumSize).count == 8)
    }

    @Test("A tree covers a tile if, and only if, it has every hash of it")
    func coverage() {
        for size in UInt64(0)...600 {
            for (level, hashes) in [(0, size), (1, size / 256), (2, 0), (63, 0)] {
                for (index, width) in [(0, 1), (0, 256), (1, 88), (1, 256), (2, 1), (2, 88)] {
                    let tile = TileCoordinate(level: level, index: UInt64(index), width: width)
                    let end = UInt64(index * 256 + width)
                    #expect(tile.isCovered(byTreeOf: size) == (end <= hashes), "\(tile) \(size)")
                    guard level == 0 else { continue }
                    let bundle = EntryBundleCoordinate(index: UInt64(index), width: width)
                    #expect(bundle.isCovered(byTreeOf: size) == (end <= size))
                }
            }
        }
        let last = TileCoordinate(level: 0, index: .max, width: 256)
        #expect(!last.isCovered(byTreeOf: TreeMath.maximumSize))
    }

    @Test("A log rebuilt from its entries has the same files, byte for byte")
    func rebuiltLog() throws {
        let log = "tlog-tiles/log-600/"
        var written: [String: [UInt8]] = [:]
        var hashes = leafHashes
        for extent in TileCoordinate.tiles(forSize: 600) {
            var above: [Digest] = []
            for start in stride(from: 0, to: hashes.count, by: 256) {
                let tile = Tile(hashes: Array(hashes[start..<min(start + 256, hashes.count)]))
                let coordinate = TileCoordinate(
                    level: extent.level,
                    index: UInt64(start / 256),
                    width: tile.hashes.count
                )
                written[coordinate.path] = tile.bytes
                above += [tile.hash(level: 8, index: 0)].compactMap(\.self)
            }
            #expect(UInt64(hashes.count / 256) == extent.fullTiles)
            #expect(hashes.count % 256 == extent.partialWidth)
            hashes = above
        }
        for start in stride(from: 0, to: 600, by: 256) {
            let entries = (start..<min(start + 256, 600)).map(treeEntry)
            let bundle = EntryBundleCoordinate(index: UInt64(start / 256), width: entries.count)
            written[bundle.path] = EntryBundle.encode(entries)
            let stored = Array(try VectorFiles.data(log + bundle.path))
            #expect(EntryBundle.decode(stored) == entries)
        }

        let root = VectorFiles.root.appendingPathComponent(log + "tile")
        let files = try FileManager.default.subpathsOfDirectory(atPath: root.path)
            .map { "tile/" + $0 }
            .filter { TileCoordinate(path: $0) != nil || EntryBundleCoordinate(path: $0) != nil }
        // A folder such as 002.p reads as no path, and 000 is a file.
        #expect(Set(files) == Set(written.keys))
        for (path, bytes) in written {
            #expect(Array(try VectorFiles.data(log + path)) == bytes, "\(path)")
        }
        let checkpoint = String(decoding: try VectorFiles.data(log + "checkpoint"), as: UTF8.self)
        #expect(checkpoint.split(separator: "\n")[2] == roots[600].base64)
    }

    @Test("Proofs from the files of a log hold under its checkpoint")
    func proofsFromFiles() async throws {
        let reader = TileHashReader(Folder(), size: 600)
        #expect(try await TreeMath.root(of: 600, from: reader) == roots[600])
        for index in Array(stride(from: 0, to: 600, by: 37)) + [1, 255, 256, 511, 512, 598, 599] {
            let proof = try await InclusionProof.make(
                index: UInt64(index),
                size: 600,
                from: reader
            )
            #expect(proof.holds(leafHash: leafHashes[index], root: roots[600]), "\(index)")
        }
        for old in Array(stride(from: 1, through: 600, by: 41)) + [2, 255, 256, 257, 512, 599, 600]
        {
            let proof = try await ConsistencyProof.make(from: UInt64(old), to: 600, from: reader)
            #expect(proof.holds(from: roots[old], to: roots[600]), "\(old)")
        }
    }

    @Test("A proof loads each tile it takes once, with the width its tree gives it")
    func loadsOnce() async throws {
        for size in [1, 2, 255, 256, 257, 300, 511, 512, 513, 600] {
            let counter = Counter(table)
            let reader = TileHashReader(counter, size: UInt64(size))
            let proof = try await InclusionProof.make(index: 0, size: UInt64(size), from: reader)
            #expect(proof.holds(leafHash: leafHashes[0], root: roots[size]))
            let asked = await counter.asked
            #expect(Set(asked).count == asked.count)
            #expect(asked.allSatisfy { $0.isCovered(byTreeOf: UInt64(size)) })
            for tile in asked where tile.width < 256 {
                let extent = TileCoordinate.tiles(forSize: UInt64(size))[tile.level]
                #expect(tile.index == extent.fullTiles && tile.width == extent.partialWidth)
            }
        }
        let counter = Counter(table)
        _ = try await InclusionProof.make(
            index: 0,
            size: 600,
            from: TileHashReader(counter, size: 600)
        )
        #expect(
            await Set(counter.asked) == [
                TileCoordinate(level: 0, index: 0), TileCoordinate(level: 1, index: 0, width: 2),
                TileCoordinate(level: 0, index: 2, width: 88),
            ]
        )
    }

    @Test("A wider tile serves for a partial one, and a narrower one does not")
    func otherWidths() async throws {
        let wider = TileHashReader(Counter(table, widthOffset: 100), size: 300)
        let proof = try await InclusionProof.make(index: 299, size: 300, from: wider)
        #expect(proof.holds(leafHash: leafHashes[299], root: roots[300]))

        let narrower = TileHashReader(Counter(table, widthOffset: -1), size: 300)
        await #expect(throws: TileFault.self) {
            try await InclusionProof.make(index: 299, size: 300, from: narrower)
        }
        let node = TreeNode(level: 3, index: 37)
        await #expect(throws: TileFault.outsideTree(node, size: 300)) {
            try await TileHashReader(Counter(table), size: 300).hashes(of: [node])
        }
    }

    @Test("Every complete node of a tree is found in a tile, and no other node is")
    func everyNode() async throws {
        let reader = TileHashReader(Counter(table), size: 600)
        let nodes = Array(table.keys)
        #expect(nodes.count > 1_190)
        let sample = nodes.filter { $0.level > 0 || $0.index % 13 == 0 }
        let hashes = try await reader.hashes(of: sample)
        for (node, hash) in zip(sample, hashes) {
            #expect(table[node] == hash, "\(node)")
        }
        for level in 0...63 {
            let next = TreeNode(level: level, index: 600 >> UInt64(level))
            #expect(TileCoordinate.holding(next, size: 600) == nil)
            #expect(
                TileCoordinate.holding(TreeNode(level: level, index: .max), size: 600) == nil
            )
        }
    }

    @Test("A tile is read only from whole hashes, as many as its width")
    func tileBytes() {
        let tile = Tile(hashes: Array(leafHashes[0..<5]))
        #expect(Tile(bytes: tile.bytes, width: 5) == tile)
        #expect(Tile(bytes: tile.bytes, width: 4) == nil)
        #expect(Tile(bytes: tile.bytes, width: 6) == nil)
        #expect(Tile(bytes: tile.bytes.dropLast(), width: 5) == nil)
        #expect(Tile(bytes: [], width: 0) == nil)
        #expect(Tile(bytes: [UInt8](repeating: 0, count: 257 * 32), width: 257) == nil)
        #expect(tile.hash(level: 0, index: 4) == leafHashes[4])
        #expect(tile.hash(level: 2, index: 0) == table[TreeNode(level: 2, index: 0)])
        for (level, index) in [(0, 5), (1, 2), (2, 1), (3, 0), (9, 0), (-1, 0), (0, -1)] {
            #expect(tile.hash(level: level, index: index) == nil)
        }
    }

    @Test("A bundle keeps empty and longest entries, and is refused when cut short or too full")
    func bundles() {
        let entries: [[UInt8]] = [[], [1], [UInt8](repeating: 7, count: 65_535), [2, 3]]
        let bytes = EntryBundle.encode(entries)
        #expect(EntryBundle.decode(bytes) == entries)
        #expect(EntryBundle.decode([]) == [])
        #expect(EntryBundle.decode(bytes.dropLast()) == nil)
        #expect(EntryBundle.decode(bytes + [0]) == nil)
        #expect(EntryBundle.decode(bytes + [0, 1]) == nil)
        #expect(EntryBundle.encode([[9, 8]]) == [0, 2, 9, 8])
        #expect(EntryBundle.decode([UInt8](repeating: 0, count: 512))?.count == 256)
        #expect(EntryBundle.decode([UInt8](repeating: 0, count: 514)) == nil)
    }
}
