// SPDX-License-Identifier: Apache-2.0

internal import Cairn

/// Reads a file of evidence line by line, checks each against the ones before and against what was
/// asked, and says what the data file must hold.
struct EvidenceCheck: Sendable {
    /// How many shown records are written at a time.
    private static let batch = 256
    /// How many bytes of lines are gathered for it.
    private static let batchBytes = 4 << 20
    /// The longest line, in bytes.
    private static let lineBytes = 32 << 20

    /// What was counted.
    private(set) var counts = ExportJob.Counts()
    /// The tree so far.
    private(set) var frontier = Frontier()

    private let manifest: Manifest
    private let query: RecordQuery
    private let encoder: any RecordEncoder
    private var lines: ByteLines
    private var receivedAt: Timestamp?
    /// The chain before the next record, where the records before it are there.
    private var chain: Digest?
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
        var gathered = 0
        while shown.count < Self.batch, gathered < Self.batchBytes {
            var parsed: EvidenceLine?
            let isThere = try lines.next(limit: Self.lineBytes) { line in
                gathered += line.count
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
            chain = nil
            return nil
        case .undecidable(let index, _, let bytes):
            _ = try leaf(bytes, at: index)
            // That content went lawfully is shown by a record of its removal, and there is none yet.
            throw fault("says that content is gone, and nothing shows that it went lawfully")
        case .withheld(let index, let condition, let bytes, let items):
            let (leaf, hash) = try leaf(bytes, at: index)
            try checkWithheld(leaf, condition, bytes, items)
            chain = chain.map { Chain.next($0, leafHash: hash) }
            counts.notMatched += 1
            return nil
        case .shown(let index, let previous, let disclosure):
            let (leaf, hash) = try leaf(disclosure.leaf, at: index)
            let found = try record(leaf, hash, previous, disclosure)
            counts.matched += 1
            return found
        }
    }

    /// Checks a leaf's own form and place, and adds it to the tree.
    private mutating func leaf(
        _ bytes: [UInt8],
        at index: UInt64
    ) throws -> (leaf: Leaf, hash: Digest) {
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
        let hash = Digest.leaf(bytes)
        if index == 0 { chain = Chain.start(origin: manifest.origin) }
        frontier.append(hash)
        return (leaf, hash)
    }

    private mutating func record(
        _ leaf: Leaf,
        _ hash: Digest,
        _ previous: Digest,
        _ disclosure: Disclosure
    ) throws -> FoundRecord {
        if case .fails(_, let reason)? = Verifier.fault(in: disclosure, against: leaf) {
            throw fault(reason)
        }
        // Of what is exported nothing is withheld: nothing lawful writes it, and it would not be data.
        guard disclosure.items.allSatisfy({ if case .shown = $0.content { true } else { false } })
        else { throw fault("withholds a field of a record that it shows") }
        let fields = Fields(shown: disclosure.items)
        guard
            let occurredAt = fields.text(.occurredAt)
                .flatMap({ try? Timestamp.parse($0).timestamp })
        else { throw fault("shows a record without a time") }
        guard chain.map({ $0 == previous }) ?? true else {
            throw fault("has another chain before it than the records before it give")
        }
        let next = Chain.next(previous, leafHash: hash)
        chain = next
        let record = StoredRecord(
            index: leaf.index,
            leaf: disclosure.leaf,
            leafHash: hash,
            chain: next,
            id: leaf.id,
            occurredAt: occurredAt,
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
