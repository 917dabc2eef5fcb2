// SPDX-License-Identifier: Apache-2.0

internal import Cairn

/// Reads a file of evidence line by line, checks each against the ones before and against what was
/// asked, and says what the data file must hold.
struct EvidenceCheck: Sendable {
    /// How many shown records are written at a time.
    private static let batch = 256
    /// The longest line, in bytes.
    private static let lineBytes = 64 << 20

    /// What was counted.
    private(set) var counts = ExportJob.Counts()
    /// The tree so far.
    private(set) var frontier = Frontier()

    private let manifest: Manifest
    private let query: RecordQuery
    private let encoder: any RecordEncoder
    private var lines: ByteLines
    private var receivedAt: Timestamp?
    private var isBegun = false
    private var isDone = false

    /// Begins behind the left edge.
    init(
        _ manifest: Manifest,
        edges: RangeEdges,
        lines: ByteLines,
        encoder: any RecordEncoder
    ) throws(ExportFault) {
        self.manifest = manifest
        self.lines = lines
        self.encoder = encoder
        do {
            query = try manifest.request.query()
        } catch {
            throw ExportFault(Manifest.name, "`filter` cannot be read")
        }
        guard frontier.append(0..<edges.range.lowerBound, hashes: edges.left) else {
            throw ExportFault(Manifest.proofName, "`left` is not the edge of the range")
        }
    }

    /// What the data file goes on with, or nil at the end.
    mutating func next() throws -> [UInt8]? {
        guard !isDone else { return nil }
        var expected: [UInt8] = isBegun ? [] : encoder.beginning()
        isBegun = true
        let areFirst = counts.matched == 0
        var shown: [FoundRecord] = []
        while shown.count < Self.batch {
            var parsed: EvidenceLine?
            let isThere = try lines.next(limit: Self.lineBytes) { line in
                parsed = try? EvidenceLine(parsing: line)
            }
            guard isThere else {
                isDone = true
                break
            }
            guard let parsed else { throw fault("is no line of evidence") }
            if let record = try take(parsed) { shown.append(record) }
        }
        if !shown.isEmpty {
            expected += try encoder.bytes(shown, of: manifest.tenant, areFirst: areFirst)
        }
        if isDone {
            guard frontier.size == manifest.range.upperBound else {
                throw ExportFault(lines.name, "ends before the range does")
            }
            expected += encoder.ending()
        }
        return expected
    }

    private func fault(_ detail: String) -> ExportFault {
        ExportFault(lines.name, "line \(lines.number) \(detail)")
    }

    private mutating func take(_ line: EvidenceLine) throws -> FoundRecord? {
        switch line {
        case .gap(let range, let hashes):
            guard !manifest.request.isAccounted else {
                throw fault("leaves records out, and all were to be accounted for")
            }
            guard range.upperBound <= manifest.range.upperBound,
                frontier.append(range, hashes: hashes)
            else { throw fault("does not follow the one before") }
            counts.notMatched += UInt64(range.count)
            return nil
        case .undecidable(let index, let reason, let bytes):
            _ = try leaf(bytes, at: index)
            switch reason {
            case .erased: counts.erased += 1
            case .pruned: counts.pruned += 1
            }
            return nil
        case .withheld(let index, let condition, let bytes, let items):
            try checkWithheld(try leaf(bytes, at: index), condition, bytes, items)
            counts.notMatched += 1
            return nil
        case .shown(let index, let previous, let disclosure):
            let leaf = try leaf(disclosure.leaf, at: index)
            let found = try record(leaf, previous, disclosure)
            counts.matched += 1
            return found
        }
    }

    /// Checks a leaf's own form and place, and adds it to the tree.
    private mutating func leaf(_ bytes: [UInt8], at index: UInt64) throws -> Leaf {
        guard index == frontier.size, index < manifest.range.upperBound else {
            throw fault("does not follow the one before")
        }
        let leaf: Leaf
        do {
            leaf = try Leaf(parsing: bytes)
        } catch {
            throw fault("holds a malformed leaf, or one of a version not known here")
        }
        guard leaf.index == index else { throw fault("holds the leaf of another index") }
        guard leaf.origin == manifest.origin else {
            throw fault("holds the leaf of another ledger")
        }
        if let receivedAt, leaf.receivedAt < receivedAt {
            throw fault("was received before the one before: the log misbehaved")
        }
        receivedAt = leaf.receivedAt
        frontier.append(Digest.leaf(bytes))
        return leaf
    }

    private func record(
        _ leaf: Leaf,
        _ previous: Digest,
        _ disclosure: Disclosure
    ) throws -> FoundRecord {
        if case .fails(_, let reason)? = Verifier.fault(in: disclosure, against: leaf) {
            throw fault(reason)
        }
        let fields = Fields(shown: disclosure.items)
        let hash = Digest.leaf(disclosure.leaf)
        let occurredAt = fields.text(.occurredAt).flatMap { try? Timestamp.parse($0).timestamp }
        let record = StoredRecord(
            index: leaf.index,
            leaf: disclosure.leaf,
            leafHash: hash,
            chain: Chain.next(previous, leafHash: hash),
            id: leaf.id,
            occurredAt: occurredAt ?? .epoch,
            payload: Payload(seed: .unknown, fields: fields)
        )
        guard query.matches(record), manifest.narrowing.admits(record) else {
            throw fault("shows a record that was not asked for")
        }
        return FoundRecord(record: record, previousHash: previous)
    }

    private func checkWithheld(
        _ leaf: Leaf,
        _ condition: String,
        _ bytes: [UInt8],
        _ items: [Disclosure.Item]?
    ) throws {
        guard manifest.request.isAccounted else {
            throw fault("withholds a record where none is accounted for")
        }
        var fields: Fields?
        if let items {
            let disclosure = Disclosure(leaf: bytes, items: items)
            if case .fails(_, let reason)? = Verifier.fault(in: disclosure, against: leaf) {
                throw fault(reason)
            }
            guard let path = query.path(of: condition) else { throw fault("names no condition") }
            if case .withheld? = items.first(where: { $0.path == path })?.content {
                throw fault("does not show the field that the condition is about")
            }
            fields = Fields(shown: items)
        }
        guard query.fails(condition, leaf: leaf, fields: fields) else {
            throw fault("withholds a record that does not fail the condition `\(condition)`")
        }
    }
}

extension Fields {
    /// The fields whose values are shown.
    fileprivate init(shown items: [Disclosure.Item]) {
        self.init(reservingCapacity: 1024)
        for item in items {
            if case .shown(_, let value) = item.content { append(item.path, value: value) }
        }
    }
}
