// SPDX-License-Identifier: Apache-2.0

internal import Cairn
internal import CairnLedger
internal import Testing

extension LedgerStoreConformance {
    /// Tiles and checkpoints.
    static let checkpoints: [LedgerStoreConformance] = [
        .init("A tile is there when, and only when, it is full") { store in
            try await store.create(.example)
            let ledger = Tenant.example.ledger
            var reference = ReferenceLedger()
            var sampler = EventSampler(seed: 40)
            for count in [255, 1, 255, 300] {
                let before = reference.head
                let batch = reference.append((0..<count).map { _ in sampler.small() })
                try await store.commit(batch, expecting: before)
                for index: UInt64 in 0..<5 {
                    let coordinate = TileCoordinate(level: 0, index: index)
                    let tile = try await store.tile(coordinate, in: ledger)
                    #expect(tile == reference.tiles[coordinate], "\(coordinate.path)")
                }
                let above = try await store.tile(TileCoordinate(level: 1, index: 0), in: ledger)
                #expect(above == nil)
            }
            let other = try await store.tile(
                TileCoordinate(level: 0, index: 0),
                in: Tenant.other.ledger
            )
            #expect(other == nil)
        },
        .init("Tiles of every level are kept as they are given") { store in
            try await store.create(.example)
            var reference = ReferenceLedger()
            var sampler = EventSampler(seed: 41)
            let before = reference.head
            let batch = reference.append([sampler.prepared()])
            let tiles = [(0, UInt64(7)), (1, 7), (2, 0), (6, 1 << 20)].map { level, index in
                (
                    coordinate: TileCoordinate(level: level, index: index),
                    tile: Tile(
                        hashes: (0..<256).map { .sha256([UInt8(level), UInt8($0)]) }
                    )
                )
            }
            try await store.commit(
                Batch(
                    ledger: batch.ledger,
                    records: batch.records,
                    tiles: tiles,
                    head: batch.head
                ),
                expecting: before
            )
            for (coordinate, tile) in tiles {
                let stored = try await store.tile(coordinate, in: batch.ledger)
                #expect(stored == tile, "\(coordinate.path)")
            }
            let none = try await store.tile(TileCoordinate(level: 2, index: 7), in: batch.ledger)
            #expect(none == nil)
        },
        .init("A refused batch leaves no tiles") { store in
            var sampler = EventSampler(seed: 42)
            let first = sampler.small()
            let reference = try await commit([first], to: store)
            var next = reference
            let batch = next.append((0..<255).map { _ in sampler.small() } + [first])
            try await expectConflict(
                batch,
                expecting: reference.head,
                in: store,
                unchanged: reference
            )
            let tile = try await store.tile(
                TileCoordinate(level: 0, index: 0),
                in: reference.tenant.ledger
            )
            #expect(tile == nil)
        },
        .init("A ledger without checkpoints has no newest one") { store in
            try await store.create(.example)
            let ledger = Tenant.example.ledger
            let newest = try await store.newestCheckpoint(in: ledger)
            #expect(newest == nil)
            let all = try await store.checkpoints(in: ledger, from: 0, limit: 9)
            #expect(all.isEmpty)
            let unknown = try await store.newestCheckpoint(in: Tenant.other.ledger)
            #expect(unknown == nil)
        },
        .init("Checkpoints are answered by size, from a size on, and so many") { store in
            try await store.create(.example)
            let ledger = Tenant.example.ledger
            for size: UInt64 in [5, 0, 300, 7, 6] {
                try await store.keep(note(size), size: size, in: ledger)
            }
            for (from, limit, expected): (UInt64, Int, [UInt64]) in [
                (0, 9, [0, 5, 6, 7, 300]), (0, 2, [0, 5]), (6, 2, [6, 7]), (6, 9, [6, 7, 300]),
                (8, 9, [300]), (301, 9, []), (1, 1, [5]),
            ] {
                let found = try await store.checkpoints(in: ledger, from: from, limit: limit)
                #expect(found.map(\.size) == expected, "from \(from), at most \(limit)")
                #expect(found.map(\.note) == expected.map { note($0).encoded })
            }
        },
        .init("The newest checkpoint is the one of the greatest size") { store in
            try await store.create(.example)
            let ledger = Tenant.example.ledger
            for (size, newest): (UInt64, UInt64) in [(2, 2), (9, 9), (4, 9), (300, 300)] {
                try await store.keep(note(size), size: size, in: ledger)
                let found = try await store.newestCheckpoint(in: ledger)
                #expect(found == note(newest))
            }
        },
        .init("A checkpoint of the same size again replaces nothing") { store in
            try await store.create(.example)
            let ledger = Tenant.example.ledger
            try await store.keep(note(4), size: 4, in: ledger)
            try await store.keep(note(4, seed: 9), size: 4, in: ledger)
            let all = try await store.checkpoints(in: ledger, from: 0, limit: 9)
            #expect(all.map(\.note) == [note(4).encoded])
            let newest = try await store.newestCheckpoint(in: ledger)
            #expect(newest == note(4))
        },
        .init("Two ledgers' checkpoints are apart") { store in
            try await store.create(.example)
            try await store.create(.other)
            try await store.keep(note(4), size: 4, in: Tenant.example.ledger)
            try await store.keep(note(5, seed: 9), size: 5, in: Tenant.other.ledger)
            let ours = try await store.checkpoints(in: Tenant.example.ledger, from: 0, limit: 9)
            #expect(ours.map(\.note) == [note(4).encoded])
            let theirs = try await store.newestCheckpoint(in: Tenant.other.ledger)
            #expect(theirs == note(5, seed: 9))
        },
    ]

    /// A signed checkpoint of some tree of a size.
    private static func note(_ size: UInt64, seed: UInt8 = 7) -> SignedNote {
        MemorySigner(seed: seed).sign(
            Checkpoint(
                origin: Tenant.example.origin,
                size: size,
                root: size == 0 ? .emptyRoot : .sha256([UInt8(size & 0xFF)])
            )
        )
    }
}
