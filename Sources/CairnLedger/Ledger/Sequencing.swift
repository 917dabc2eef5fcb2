// SPDX-License-Identifier: Apache-2.0

internal import Cairn

/// Events that wait to be placed, those among them that are settled already with what became of
/// them.
struct Draft: Sendable {
    /// What a draft comes to after some head.
    struct Sequenced: Sendable {
        /// The size of the ledger before it.
        let after: UInt64
        let batch: Batch
        let edge: TileEdge
        /// What became of each event, once the batch is durable.
        let outcomes: [AppendOutcome]
    }

    let tenant: Tenant
    let events: [PreparedEvent]
    let settled: [AppendOutcome?]
    let receivedAt: Int64

    /// Places the events after a head.
    func sequence(after head: Head, _ edge: TileEdge) -> Sequenced {
        var sequencing = Sequencing(
            after: head,
            edge: edge,
            tenant: tenant,
            receivedAt: max(receivedAt, head.lastReceivedAt)
        )
        var placed: [EventID: (event: PreparedEvent, receipt: Receipt)] = [:]
        var outcomes: [AppendOutcome] = []
        for (event, settled) in zip(events, settled) {
            if let settled {
                outcomes.append(settled)
            } else if let first = placed[event.id] {
                let isSame = event.isRepeat(of: first.event.fields)
                outcomes.append(isSame ? .known(first.receipt) : .conflict(first.receipt))
            } else {
                let receipt = sequencing.append(event)
                if !event.isFresh { placed[event.id] = (event, receipt) }
                outcomes.append(.recorded(receipt))
            }
        }
        let (batch, edge) = sequencing.finish()
        return Sequenced(after: head.size, batch: batch, edge: edge, outcomes: outcomes)
    }
}

/// The pure step from a head and events to a batch: index, leaf, hash, chain, frontier, tiles.
struct Sequencing {
    private(set) var records: [StoredRecord] = []
    private(set) var receipts: [Receipt] = []
    private var tiles: [(coordinate: TileCoordinate, tile: Tile)] = []
    private var frontier: Frontier
    private var chain: Digest
    private var edge: TileEdge
    private let tenant: Tenant
    private let epoch: Int64
    private let receivedAt: Timestamp
    private var lastReceivedAt: Int64

    init(after head: Head, edge: TileEdge, tenant: Tenant, receivedAt: Int64) {
        frontier = head.frontier
        chain = head.chain
        epoch = head.epoch
        lastReceivedAt = head.lastReceivedAt
        self.edge = edge
        self.tenant = tenant
        self.receivedAt = Timestamp(milliseconds: receivedAt)
    }

    mutating func append(_ event: PreparedEvent) -> Receipt {
        let index = frontier.size
        let leaf = event.leaf(origin: tenant.origin, index: index, receivedAt: receivedAt).bytes
        let hash = Digest.leaf(leaf)
        let previous = chain
        chain = Chain.next(previous, leafHash: hash)
        frontier.append(hash)
        lastReceivedAt = receivedAt.milliseconds
        tiles += edge.append(hash)
        let receipt = Receipt(
            id: event.id,
            index: index,
            receivedAt: receivedAt,
            leafHash: hash,
            previousHash: previous,
            hash: chain,
            origin: tenant.origin
        )
        records.append(StoredRecord(event, receipt, leaf: leaf))
        receipts.append(receipt)
        return receipt
    }

    func finish() -> (batch: Batch, edge: TileEdge) {
        let head = Head(
            frontier: frontier,
            chain: chain,
            lastReceivedAt: lastReceivedAt,
            epoch: epoch
        )
        return (Batch(ledger: tenant.ledger, records: records, tiles: tiles, head: head), edge)
    }
}

/// The partial tiles at the right edge, from which full tiles are made as leaves arrive.
struct TileEdge: Sendable {
    private var levels: [[Digest]] = []
    /// The number of leaves of the tree.
    private(set) var size: UInt64 = 0

    /// The edge of an empty tree.
    init() {}

    /// The edge of a tree whose partial tiles are given, from level 0 up.
    init(size: UInt64, levels: [[Digest]]) {
        self.size = size
        self.levels = levels
    }

    /// Adds a leaf's hash and returns the tiles it completes.
    mutating func append(_ hash: Digest) -> [(coordinate: TileCoordinate, tile: Tile)] {
        var completed: [(coordinate: TileCoordinate, tile: Tile)] = []
        var next = hash
        var level = 0
        size += 1
        var tileNumber = (size - 1) / 256
        while true {
            if levels.count == level { levels.append([]) }
            levels[level].append(next)
            guard levels[level].count == 256 else { return completed }
            let tile = Tile(hashes: levels[level])
            levels[level].removeAll(keepingCapacity: true)
            completed.append(
                (TileCoordinate(level: level, index: tileNumber, width: 256), tile)
            )
            next = tile.root
            level += 1
            tileNumber /= 256
        }
    }
}
