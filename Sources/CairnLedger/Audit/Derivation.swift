// SPDX-License-Identifier: Apache-2.0

internal import Cairn

/// Recomputes digests, leaves, chain and tree from stored records, in order.
struct Derivation {
    /// Whether the derivation began at the first record, so that its tree means something.
    private(set) var isWhole = true
    private(set) var frontier = Frontier()
    /// The tiles that the records looked at have completed, for the auditor to compare.
    var completed: [(coordinate: TileCoordinate, tile: Tile)] = []
    private var edge = TileEdge()
    private(set) var chain: Digest
    private let tenant: Tenant
    private let contents: Bool
    private(set) var lastReceivedAt: Timestamp?
    private var chainIsKnown = true

    init(tenant: Tenant, contents: Bool) {
        self.tenant = tenant
        self.contents = contents
        chain = Chain.start(origin: tenant.origin)
    }

    /// Begins after a record whose chain hash is taken from the store.
    mutating func resume(chain: Digest?) {
        isWhole = false
        chainIsKnown = chain != nil
        if let chain { self.chain = chain }
    }

    /// Checks the records of a range, which must follow the one before.
    mutating func check(
        _ records: [StoredRecord],
        in range: Range<UInt64>,
        _ report: inout AuditReport
    ) {
        var expected = range.lowerBound
        for record in records {
            if record.index > expected {
                report.faults.append(
                    Fault(
                        index: expected,
                        kind: .missing,
                        detail: "records \(expected) to \(record.index - 1) are not there"
                    )
                )
                isWhole = false
                chainIsKnown = false
                expected = record.index
            }
            check(record, &report)
            expected += 1
        }
        if expected < range.upperBound {
            report.faults.append(
                Fault(
                    index: expected,
                    kind: .missing,
                    detail: "records \(expected) to \(range.upperBound - 1) are not there"
                )
            )
            isWhole = false
            chainIsKnown = false
        }
    }

    private mutating func check(_ record: StoredRecord, _ report: inout AuditReport) {
        let hash = Digest.leaf(record.leaf)
        frontier.append(hash)
        if isWhole { completed += edge.append(hash) }
        if let fault = leafFault(record, hash) {
            report.faults.append(fault)
            // Go on from what is stored, so that one fault is not told of every later record.
            chain = record.chain
            chainIsKnown = true
            return
        }
        chain = record.chain
        chainIsKnown = true
        if contents, let fault = contentFault(record, &report) {
            report.faults.append(fault)
        }
    }

    private var leafMemory: Leaf?

    private mutating func leafFault(_ record: StoredRecord, _ hash: Digest) -> Fault? {
        func fault(_ kind: Fault.Kind, _ detail: String) -> Fault {
            Fault(index: record.index, kind: kind, detail: detail)
        }
        let leaf: Leaf
        do throws(Leaf.Malformed) {
            leaf = try Leaf(parsing: record.leaf)
        } catch {
            return fault(.leafMismatch, "the leaf is malformed")
        }
        leafMemory = leaf
        guard leaf.origin == tenant.origin else {
            return fault(.leafMismatch, "the leaf is of another ledger")
        }
        guard leaf.index == record.index else {
            return fault(.reordered, "the leaf is that of record \(leaf.index)")
        }
        guard hash == record.leafHash else {
            return fault(.leafMismatch, "the stored leaf hash is not the leaf's")
        }
        guard !chainIsKnown || Chain.next(chain, leafHash: hash) == record.chain else {
            return fault(.leafMismatch, "the chain does not go on from the record before")
        }
        if let lastReceivedAt, leaf.receivedAt < lastReceivedAt {
            return fault(.reordered, "received before the record before it")
        }
        lastReceivedAt = leaf.receivedAt
        return nil
    }

    private func contentFault(_ record: StoredRecord, _ report: inout AuditReport) -> Fault? {
        guard let leaf = leafMemory else { return nil }
        guard let payload = record.payload else {
            return Fault(
                index: record.index,
                kind: .contentMissing,
                detail: "the content is gone and no tombstone says why"
            )
        }
        guard Fields(encoded: payload.fields.encoded) != nil,
            Commitment.record(payload.fields, seed: payload.seed) == leaf.record
        else {
            return Fault(
                index: record.index,
                kind: .contentMismatch,
                detail: "the fields do not hash to the leaf's record"
            )
        }
        guard record.id == leaf.id else {
            return Fault(
                index: record.index,
                kind: .columnMismatch,
                detail: "the id that queries use is not the leaf's"
            )
        }
        let occurred = payload.fields.text(.occurredAt).flatMap { try? Timestamp.parse($0) }
        guard occurred?.timestamp == record.occurredAt else {
            return Fault(
                index: record.index,
                kind: .columnMismatch,
                detail: "the time that queries use is not the record's"
            )
        }
        return nil
    }
}
