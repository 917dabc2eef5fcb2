// SPDX-License-Identifier: Apache-2.0

internal import Cairn

/// Makes the parts of an export one after another, from where an earlier maker left off.
///
/// A part holds whole records, and the same ones in both files; no more than one is in memory.
package struct ExportPartMaker: Sendable {
    /// The bytes of a part, and how far the export is with it.
    package struct Made: Sendable {
        /// What the data file goes on with.
        package var data: [UInt8] = []
        /// What the file of evidence goes on with.
        package var evidence: [UInt8] = []
        /// The first index behind it.
        package var next: UInt64
        /// What was counted, with this part.
        package var counts: ExportJob.Counts
        /// The redaction rules that records name, with this part.
        package var redactionRules: [String]
    }

    /// How large a part becomes before it is ended, in bytes.
    package static let partBytes = 4 << 20
    /// How many names of redaction rules are told.
    private static let ruleCount = 64

    private let job: ExportJob
    private let query: RecordQuery
    private let encoder: any RecordEncoder
    private let tree: StoredTree
    private let partBytes: Int
    private var scan: RecordScan
    private var next: UInt64
    private var counts: ExportJob.Counts
    private var rules: [String]
    private var isDone: Bool
    /// Records that were read and are in no part yet.
    private var waiting: ArraySlice<FoundRecord> = []

    /// Goes on with a job behind its last part.
    ///
    /// - Throws: ``RecordQuery/Malformed`` for a filter that cannot be read.
    package init(
        _ job: ExportJob,
        of tenant: Tenant,
        encoder: any RecordEncoder,
        store: any LedgerStore,
        index: any RecordIndex,
        partBytes: Int = ExportPartMaker.partBytes
    ) throws(RecordQuery.Malformed) {
        self.job = job
        self.encoder = encoder
        self.partBytes = partBytes
        query = try job.request.query()
        tree = StoredTree(store: store, ledger: tenant.ledger)
        next = job.next
        counts = job.counts
        rules = job.redactionRules
        isDone = job.next == job.range.upperBound && job.partCount > 0
        // To account for what is left out, everything is looked at.
        var scanned = job.request.isAccounted ? RecordQuery() : query
        (scanned.indexFrom, scanned.indexTo) = (job.next, job.range.upperBound)
        scan = RecordScan(
            scanned,
            for: job.narrowing,
            of: tenant,
            size: job.size,
            store: store,
            index: index
        )
    }

    /// The next part, or nil when there is no more.
    package mutating func part() async throws -> Made? {
        guard !isDone else { return nil }
        var made = Made(next: next, counts: counts, redactionRules: rules)
        if job.partCount == 0, counts.total == 0 { made.data = encoder.beginning() }
        while made.data.count + made.evidence.count < partBytes, !isDone {
            try Task.checkCancellation()
            if let found = try await batch() {
                // While these are written, the next ones are read.
                let isDue = waiting.isEmpty && next < job.range.upperBound
                async let ahead = isDue ? scan.advanced() : (scan, [])
                try await add(found, to: &made)
                let (scan, more) = try await ahead
                if isDue { (self.scan, waiting) = (scan, (more ?? [])[...]) }
            } else if next < job.range.upperBound {
                try await addGaps([next..<job.range.upperBound], to: &made)
                counts.notMatched += job.range.upperBound - next
                next = job.range.upperBound
            }
            isDone = next == job.range.upperBound
        }
        if isDone { made.data += encoder.ending() }
        (made.next, made.counts, made.redactionRules) = (next, counts, rules)
        return made
    }

    /// The next records, no more than a part should hold; nil at the end.
    private mutating func batch() async throws -> [FoundRecord]? {
        while waiting.isEmpty {
            try Task.checkCancellation()
            guard next < job.range.upperBound, let found = try await scan.part() else { return nil }
            waiting = found[...]
        }
        var (count, bytes) = (0, 0)
        for record in waiting where count == 0 || bytes < partBytes / 4 {
            bytes += record.record.payload?.fields.byteCount ?? 0
            count += 1
        }
        defer { waiting = waiting.dropFirst(count) }
        return Array(waiting.prefix(count))
    }

    private mutating func add(_ found: [FoundRecord], to made: inout Made) async throws {
        guard !found.isEmpty else { return }
        // All hashes that a batch needs are asked for at once, so that no tile is read twice.
        let gaps = gaps(before: found)
        let hashes = try await hashes(of: gaps)
        var decisions: [Decision] = []
        for record in found { decisions.append(try decision(on: record.record)) }
        let shown = zip(found, decisions).filter { $0.1 == .matches }.map(\.0)
        // Data and evidence are written beside each other.
        let (encoder, tenant, areFirst) = (encoder, job.tenant, counts.matched == 0)
        async let data = shown.isEmpty ? [] : encoder.bytes(shown, of: tenant, areFirst: areFirst)
        for (position, record) in found.enumerated() {
            let gap = gaps[position]
            if !gap.isEmpty {
                EvidenceLine.gap(gap, hashes[position]).append(to: &made.evidence)
                counts.notMatched += UInt64(gap.count)
            }
            try append(record, decisions[position], to: &made.evidence)
            next = record.record.index + 1
        }
        made.data += try await data
        noteRules(of: shown)
    }

    private func decision(on record: StoredRecord) throws -> Decision {
        guard job.request.isAccounted else {
            return record.payload == nil ? .undecidable(.pruned) : .matches
        }
        return try query.decision(on: record)
    }

    private func gaps(before found: [FoundRecord]) -> [Range<UInt64>] {
        var start = next
        return found.map { record in
            defer { start = record.record.index + 1 }
            return start..<record.record.index
        }
    }

    /// Writes the evidence of a record and counts it.
    private mutating func append(
        _ found: FoundRecord,
        _ decision: Decision,
        to output: inout [UInt8]
    ) throws {
        let record = found.record
        switch decision {
        case .undecidable(let reason):
            switch reason {
            case .erased: counts.erased += 1
            case .pruned: counts.pruned += 1
            }
            EvidenceLine.undecidable(index: record.index, reason: reason, leaf: record.leaf)
                .append(to: &output)
        case .fails(let condition, let path):
            counts.notMatched += 1
            let items = path.flatMap { path in
                record.payload.map { payload in
                    Disclosure(leaf: [], fields: payload.fields, seed: payload.seed) {
                        $0 == path
                    }.items
                }
            }
            EvidenceLine.withheld(
                index: record.index,
                condition: condition,
                leaf: record.leaf,
                items: items
            ).append(to: &output)
        case .matches:
            guard let payload = record.payload else {
                throw StoreError.corrupt("record \(record.index) matches without content")
            }
            EvidenceLine.appendShown(
                index: record.index,
                previousHash: found.previousHash,
                leaf: record.leaf,
                fields: payload.fields,
                seed: payload.seed,
                to: &output
            )
            counts.matched += 1
        }
    }

    // MARK: Gaps

    private func addGaps(_ gaps: [Range<UInt64>], to made: inout Made) async throws {
        let hashes = try await hashes(of: gaps)
        for (gap, hashes) in zip(gaps, hashes) {
            EvidenceLine.gap(gap, hashes).append(to: &made.evidence)
        }
    }

    /// The hashes of the subtrees of each gap.
    private func hashes(of gaps: [Range<UInt64>]) async throws -> [[Digest]] {
        guard gaps.contains(where: { !$0.isEmpty }) else { return gaps.map { _ in [] } }
        return try await tree.hashes(covering: gaps, size: job.size)
    }

    private mutating func noteRules(of records: [FoundRecord]) {
        for record in records where rules.count < Self.ruleCount {
            guard let name = record.record.payload?.fields.text(.redactionRules),
                !rules.contains(name)
            else { continue }
            rules.append(name)
        }
    }
}

extension StoredTree {
    /// The hashes of ``TreeMath/cover(of:)`` of each range, in a tree of `size` leaves.
    func hashes(
        covering ranges: [Range<UInt64>],
        size: UInt64
    ) async throws(StoreError) -> [[Digest]] {
        let nodes = ranges.map { TreeMath.cover(of: $0) }
        let all = try await hashes(of: nodes.flatMap { $0 }, size: size)
        var start = 0
        return nodes.map { nodes in
            defer { start += nodes.count }
            return Array(all[start..<start + nodes.count])
        }
    }
}
