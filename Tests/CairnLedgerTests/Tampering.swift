// SPDX-License-Identifier: Apache-2.0

import Cairn
import CairnLedger
import CairnTesting
import Testing

/// One way to tamper with a ledger of 300 records that has checkpoints at 0, 100, 256 and 300,
/// and what an audit must say of it.
struct Tampering: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let kind: Fault.Kind
    let index: UInt64
    let change: @Sendable (inout MemoryStore.Contents) -> Void

    init(
        _ testDescription: String,
        _ kind: Fault.Kind,
        at index: UInt64,
        change: @escaping @Sendable (inout MemoryStore.Contents) -> Void
    ) {
        self.testDescription = testDescription
        self.kind = kind
        self.index = index
        self.change = change
    }

    /// A ledger as a server leaves it.
    static func contents() async throws -> MemoryStore.Contents {
        try await withLedger { setting in
            var sampler = EventSampler(seed: 80)
            _ = try await setting.ledger.checkpoint()
            for count in [60, 40, 156, 44] {
                _ = await setting.ledger.append((0..<count).map { _ in sampler.small() })
                setting.clock.advance(milliseconds: 40)
                if count != 60 { _ = try await setting.ledger.checkpoint() }
            }
            return try #require(setting.memory.contents(of: setting.tenant.ledger))
        }
    }

    private static func record(
        _ index: UInt64,
        _ change: @escaping @Sendable (StoredRecord) -> StoredRecord
    ) -> @Sendable (inout MemoryStore.Contents) -> Void {
        { $0.records[index] = $0.records[index].map(change) }
    }

    static func leaf(_ record: StoredRecord) -> Leaf {
        do throws(Leaf.Malformed) {
            return try Leaf(parsing: record.leaf)
        } catch {
            preconditionFailure("the leaf was written by the ledger: \(error)")
        }
    }

    private static func note(
        _ origin: String,
        _ size: UInt64,
        _ root: Digest,
        seed: UInt8 = 7
    )
        -> String
    {
        MemorySigner(seed: seed).sign(Checkpoint(origin: origin, size: size, root: root)).encoded
    }

    static let all: [Tampering] =
        leaves + fields + columns + whole + rewritten + heads

    static let leaves: [Tampering] = [
        .init(
            "a leaf of another record digest",
            .leafMismatch,
            at: 17,
            change: record(17) { record in
                let old = leaf(record)
                let new = Leaf(
                    origin: old.origin,
                    index: old.index,
                    id: old.id,
                    receivedAt: old.receivedAt,
                    schema: old.schema,
                    retentionClass: old.retentionClass,
                    record: .emptyRoot
                )
                return record.replacing(leaf: new.bytes)
            }
        ),
        .init(
            "a leaf that is none",
            .leafMismatch,
            at: 17,
            change: record(17) { $0.replacing(leaf: Array($0.leaf.dropLast())) }
        ),
        .init(
            "a leaf and its hash, but not the chain",
            .leafMismatch,
            at: 17,
            change: record(17) { record in
                let old = leaf(record)
                let new = Leaf(
                    origin: old.origin,
                    index: old.index,
                    id: old.id,
                    receivedAt: old.receivedAt,
                    schema: .ledger,
                    retentionClass: old.retentionClass,
                    record: old.record
                )
                return record.replacing(leaf: new.bytes, leafHash: .leaf(new.bytes))
            }
        ),
        .init(
            "a leaf of another ledger, with all hashes after it",
            .leafMismatch,
            at: 17,
            change: rewrite(from: 17) { leaf in
                Leaf(
                    origin: Tenant.other.origin,
                    index: leaf.index,
                    id: leaf.id,
                    receivedAt: leaf.receivedAt,
                    schema: leaf.schema,
                    retentionClass: leaf.retentionClass,
                    record: leaf.record
                )
            }
        ),
        .init(
            "a leaf hash",
            .leafMismatch,
            at: 17,
            change: record(17) { $0.replacing(leafHash: .emptyRoot) }
        ),
        .init(
            "a chain hash",
            .leafMismatch,
            at: 17,
            change: record(17) { $0.replacing(chain: .emptyRoot) }
        ),
        .init(
            "the last chain hash",
            .leafMismatch,
            at: 299,
            change: record(299) { $0.replacing(chain: .emptyRoot) }
        ),
    ]

    static let fields: [Tampering] = [
        .init(
            "the value of a field",
            .contentMismatch,
            at: 17,
            change: record(17) { record in
                record.replacing(
                    payload: record.payload.map { payload in
                        var encoded = payload.fields.encoded
                        encoded[encoded.count - 2] ^= 1
                        return Payload(seed: payload.seed, fields: Fields(unchecked: encoded))
                    }
                )
            }
        ),
        .init(
            "a field that was not there",
            .contentMismatch,
            at: 17,
            change: record(17) { record in
                record.replacing(
                    payload: record.payload.map { payload in
                        var fields = payload.fields
                        fields.append(.other("zzz"), value: Array("1".utf8))
                        return Payload(seed: payload.seed, fields: fields)
                    }
                )
            }
        ),
        .init(
            "a field left out",
            .contentMismatch,
            at: 17,
            change: record(17) { record in
                record.replacing(
                    payload: record.payload.map { payload in
                        var fields = Fields()
                        for field in payload.fields where field.path != .known(.action) {
                            fields.append(
                                field.path,
                                value: Array(payload.fields.encoded[field.range])
                            )
                        }
                        return Payload(seed: payload.seed, fields: fields)
                    }
                )
            }
        ),
        .init(
            "the seed",
            .contentMismatch,
            at: 17,
            change: record(17) { record in
                record.replacing(
                    payload: record.payload.map { payload in
                        var bytes = payload.seed.bytes
                        bytes[31] ^= 0x80
                        return Payload(seed: Seed(bytes) ?? payload.seed, fields: payload.fields)
                    }
                )
            }
        ),
        .init(
            "the content, which is gone without a tombstone",
            .contentMissing,
            at: 17,
            change: record(17) { $0.replacing(payload: .some(nil)) }
        ),
        .init(
            "the contents of two records, exchanged",
            .contentMismatch,
            at: 17,
            change: { contents in
                let (a, b) = (contents.records[17]?.payload, contents.records[19]?.payload)
                contents.records[17] = contents.records[17]?.replacing(payload: .some(b))
                contents.records[19] = contents.records[19]?.replacing(payload: .some(a))
            }
        ),
    ]

    static let columns: [Tampering] = [
        .init(
            "the id that queries use",
            .columnMismatch,
            at: 17,
            change: record(17) { record in
                var sampler = EventSampler(seed: 81)
                return record.replacing(id: sampler.eventID())
            }
        ),
        .init(
            "the time that queries use, by a nanosecond",
            .columnMismatch,
            at: 17,
            change: record(17) {
                $0.replacing(
                    occurredAt: Timestamp(nanoseconds: $0.occurredAt.nanoseconds + 1)
                )
            }
        ),
    ]

    static let whole: [Tampering] = [
        .init("a record that is removed", .missing, at: 17) { $0.records[17] = nil },
        .init("the first record, removed", .missing, at: 0) { $0.records[0] = nil },
        .init("the last record, removed", .missing, at: 299) { $0.records[299] = nil },
        .init("many records, removed", .missing, at: 17) { contents in
            for index: UInt64 in 17..<290 { contents.records[index] = nil }
        },
        .init("all records, removed", .missing, at: 0) { $0.records = [:] },
        .init("a record beyond the head", .inserted, at: 300) { contents in
            contents.records[300] = contents.records[299]?.replacing(index: 300)
        },
        .init("two neighbours, exchanged", .reordered, at: 17) { contents in
            let (a, b) = (contents.records[17], contents.records[18])
            contents.records[17] = b?.replacing(index: 17)
            contents.records[18] = a?.replacing(index: 18)
        },
        .init("a record put in the place of another", .reordered, at: 17) { contents in
            contents.records[17] = contents.records[200]?.replacing(index: 17)
        },
        .init("the tail, removed with its head", .truncated, at: 250) { truncate(&$0, to: 250) },
        .init("everything, removed with its head", .truncated, at: 0) { truncate(&$0, to: 0) },
        .init("the head alone, set back", .truncated, at: 250) { contents in
            let records = contents.records
            truncate(&contents, to: 250)
            contents.records = records
        },
    ]

    static let rewritten: [Tampering] = [
        .init(
            "history rewritten before the first checkpoint, with a new head",
            .forked,
            at: 99,
            change: rewrite(from: 17) { $0.replacing(schema: .ledger) }
        ),
        .init(
            "history rewritten between checkpoints, with a new head",
            .forked,
            at: 255,
            change: rewrite(from: 100) { $0.replacing(schema: .ledger) }
        ),
        .init(
            "history rewritten after all checkpoints but the last",
            .forked,
            at: 299,
            change: rewrite(from: 299) { $0.replacing(schema: .ledger) }
        ),
        .init(
            "a time of receipt that falls, with a new head",
            .reordered,
            at: 17,
            change: rewrite(from: 17) {
                $0.replacing(receivedAt: $0.receivedAt.advanced(byMilliseconds: -1))
            }
        ),
    ]

    static let heads: [Tampering] = [
        .init("a tile", .checkpointMismatch, at: 0) { contents in
            let coordinate = TileCoordinate(level: 0, index: 0)
            var hashes = contents.tiles[coordinate]?.hashes ?? []
            hashes[255] = .emptyRoot
            contents.tiles[coordinate] = Tile(hashes: hashes)
        },
        .init("a tile that is gone", .checkpointMismatch, at: 0) { $0.tiles = [:] },
        .init("a stored checkpoint, by a letter", .checkpointMismatch, at: 100) { contents in
            contents.checkpoints[100] = contents.checkpoints[100]?.replacing("100", with: "101")
        },
        .init("the newest stored checkpoint", .checkpointMismatch, at: 300) { contents in
            contents.checkpoints[300] = "nothing of the kind"
        },
        .init("a stored checkpoint, filed under another size", .checkpointMismatch, at: 120) {
            $0.checkpoints[120] = $0.checkpoints[100]
        },
        .init("a stored checkpoint, filed beyond the head", .checkpointMismatch, at: 300) {
            $0.checkpoints[400] = $0.checkpoints[100]
        },
        .init("a stored checkpoint by another key", .checkpointMismatch, at: 100) { contents in
            contents.checkpoints[100] = note(
                contents.tenant.origin,
                100,
                .emptyRoot,
                seed: 99
            )
        },
        .init("a stored checkpoint of another ledger", .checkpointMismatch, at: 100) { contents in
            contents.checkpoints[100] = note(Tenant.other.origin, 100, .emptyRoot)
        },
        .init("a stored checkpoint of another tree, well signed", .forked, at: 99) { contents in
            contents.checkpoints[100] = note(contents.tenant.origin, 100, .emptyRoot)
        },
        .init("the head's chain", .checkpointMismatch, at: 300) {
            $0.head = $0.head.replacing(chain: .emptyRoot)
        },
        .init("the head's right edge", .checkpointMismatch, at: 300) { contents in
            var peaks = contents.head.frontier.peaks
            peaks[peaks.count - 1] = .emptyRoot
            contents.head = contents.head.replacing(
                frontier: Frontier(size: 300, peaks: peaks) ?? Frontier()
            )
        },
        .init("the head's newest stamp", .checkpointMismatch, at: 300) {
            $0.head = $0.head.replacing(lastReceivedAt: $0.head.lastReceivedAt + 1)
        },
        .init("the head, set ahead", .missing, at: 300) { contents in
            var frontier = contents.head.frontier
            frontier.append(.emptyRoot)
            contents.head = contents.head.replacing(frontier: frontier)
        },
    ]
}

extension String {
    fileprivate func replacing(_ part: String, with other: String) -> String {
        split(separator: part, omittingEmptySubsequences: false).joined(separator: other)
    }
}
