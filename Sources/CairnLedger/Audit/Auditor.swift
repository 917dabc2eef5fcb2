// SPDX-License-Identifier: Apache-2.0

package import Cairn

/// What an auditor says of a ledger.
package struct AuditReport: Sendable, Equatable {
    /// What was relied on, in the words of every output.
    package enum Trusted: String, Sendable {
        case ownHead = "own_head"
        case ownCheckpoint = "own_checkpoint"
        case givenCheckpoint = "given_checkpoint"
    }

    /// The faults, by index, the first bad one first; at most ``Auditor/faultLimit``.
    package var faults: [Fault] = []
    /// How many records were looked at.
    package var checked: UInt64 = 0
    /// How many fields are lawfully erased.
    package var erased: UInt64 = 0
    /// How many records are lawfully pruned.
    package var pruned: UInt64 = 0
    /// What the records were compared with.
    package var trusted: [Trusted] = []
    /// The size of the ledger that was audited.
    package var size: UInt64 = 0
    /// The root that the records give, when all were looked at.
    package var root: Digest?

    /// Nothing looked at, nothing found.
    package init() {}

    /// Whether there is no fault.
    package var holds: Bool { faults.isEmpty }

    /// Names what the records were compared with, once.
    mutating func trust(_ what: Trusted) {
        if !trusted.contains(what) { trusted.append(what) }
    }
}

/// What an audit looks at.
package struct AuditScope: Sendable, Equatable {
    /// The index of the first record.
    package var from: UInt64 = 0
    /// The index after the last record; the ledger's size when absent.
    package var to: UInt64?
    /// Whether contents are recomputed, or leaves, chain and root alone.
    package var contents = true
    /// A checkpoint the caller holds to be right.
    package var checkpoint: SignedNote?

    /// The whole ledger, with contents.
    package init() {}
}

/// Re-derives a ledger from its stored bytes and compares (record format, section 7).
///
/// Memory is constant: records are read a thousand at a time.
package struct Auditor: Sendable {
    /// How many faults a report names.
    package static let faultLimit = 100
    private static let chunk: UInt64 = 1024

    private let tenant: Tenant
    private let store: any LedgerStore
    private let keys: [NoteVerifierKey]

    /// Audits a tenant's ledger, trusting checkpoints signed by `keys`.
    package init(tenant: Tenant, store: any LedgerStore, keys: [NoteVerifierKey]) {
        self.tenant = tenant
        self.store = store
        self.keys = keys
    }

    /// Audits, calling `progress` with what is checked and the total; stops when cancelled.
    ///
    /// - Throws: ``StoreError`` when the store cannot be read; a fault is not an error.
    package func audit(
        _ scope: AuditScope = AuditScope(),
        progress: @Sendable (_ checked: UInt64, _ total: UInt64) -> Void = { _, _ in }
    ) async throws(StoreError) -> AuditReport {
        var report = AuditReport()
        guard let head = try await readableHead(&report) else { return report }
        report.size = head.size
        report.trusted = [.ownHead]
        let end = min(scope.to ?? head.size, head.size)
        var derivation = Derivation(tenant: tenant, contents: scope.contents)
        if scope.from > 0 {
            try await begin(&derivation, at: min(scope.from, end))
        }
        var pending = try await Expectations(
            scope: scope,
            tenant: tenant,
            store: store,
            keys: keys,
            report: &report,
            head: head
        )

        var at = min(scope.from, end)
        while at < end, !Task.isCancelled, report.faults.count < Auditor.faultLimit {
            var next = min(at + Auditor.chunk, end)
            if let size = try await pending.nextSize(after: at) { next = min(next, size) }
            guard
                let records = try await readableRecords(
                    at..<next,
                    contents: scope.contents,
                    &report
                )
            else { break }
            derivation.check(records, in: at..<next, &report)
            try await compareTiles(&derivation, &report)
            if derivation.isWhole { pending.compare(size: next, derivation.frontier, &report) }
            report.checked += next - at
            at = next
            progress(report.checked, end - min(scope.from, end))
        }
        if derivation.isWhole, at == head.size, !Task.isCancelled {
            try await finish(derivation, head, contents: scope.contents, &report)
        }
        if report.faults.isEmpty, let given = pending.uncomparedGiven(upTo: head.size) {
            try await compare(given, &report)
        }
        report.faults.sort { $0.index < $1.index }
        report.faults = Array(report.faults.prefix(Auditor.faultLimit))
        return report
    }

    /// Compares a checkpoint with the stored tree, where an audit of a part does not reach its size.
    private func compare(
        _ given: Checkpoint,
        _ report: inout AuditReport
    ) async throws(StoreError) {
        report.trust(.givenCheckpoint)
        let tree = StoredTree(store: store, ledger: tenant.ledger)
        guard try await tree.root(size: given.size) != given.root else { return }
        report.faults.append(
            Fault(
                index: given.size == 0 ? 0 : given.size - 1,
                kind: .forked,
                detail: "the tree of \(given.size) records is not the one that was signed"
            )
        )
    }

    /// The head, or nil when what is stored as the head cannot be read, which is a fault.
    private func readableHead(_ report: inout AuditReport) async throws(StoreError) -> Head? {
        do {
            if let head = try await store.head(of: tenant.ledger) { return head }
            report.faults = [
                Fault(index: 0, kind: .missing, detail: "the ledger has no stored head")
            ]
        } catch {
            guard case .corrupt(let detail) = error else { throw error }
            report.faults = [Fault(index: 0, kind: .checkpointMismatch, detail: detail)]
        }
        return nil
    }

    /// The records of a range, or nil when one of them cannot be read, which is a fault of the
    /// first such one.
    private func readableRecords(
        _ range: Range<UInt64>,
        contents: Bool,
        _ report: inout AuditReport
    ) async throws(StoreError) -> [StoredRecord]? {
        do {
            return try await store.records(in: tenant.ledger, at: range, contents: contents)
        } catch {
            guard case .corrupt(let detail) = error else { throw error }
            guard range.count > 1 else {
                report.faults.append(
                    Fault(
                        index: range.lowerBound,
                        kind: .missing,
                        detail: "the record cannot be read: \(detail)"
                    )
                )
                return nil
            }
        }
        for index in range {
            guard
                try await readableRecords(index..<index + 1, contents: contents, &report) != nil
            else { return nil }
        }
        report.faults.append(
            Fault(
                index: range.lowerBound,
                kind: .missing,
                detail: "records from here on can be read only one by one: the file is damaged"
            )
        )
        return nil
    }

    /// Takes up the derivation in the middle: chain and frontier are then the store's own.
    private func begin(
        _ derivation: inout Derivation,
        at index: UInt64
    ) async throws(StoreError) {
        let before =
            index == 0
            ? []
            : try await store.records(in: tenant.ledger, at: index - 1..<index, contents: false)
        derivation.resume(chain: before.first?.chain)
    }

    private func finish(
        _ derivation: Derivation,
        _ head: Head,
        contents: Bool,
        _ report: inout AuditReport
    ) async throws(StoreError) {
        report.root = derivation.frontier.root
        // Only a ledger whose records are all right can accuse its head.
        let isHead =
            derivation.frontier == head.frontier && derivation.chain == head.chain
            && derivation.lastReceivedAt?.milliseconds ?? 0 == head.lastReceivedAt
        if report.faults.isEmpty, !isHead {
            report.faults.append(
                Fault(
                    index: head.size,
                    kind: .checkpointMismatch,
                    detail: "the stored head is not what the records give"
                )
            )
        }
        // In this order: a ledger that is in use may grow between the two.
        if let last = try await store.lastIndex(in: tenant.ledger),
            let size = try await store.head(of: tenant.ledger)?.size, last >= size
        {
            report.faults.append(
                Fault(
                    index: head.size,
                    kind: .inserted,
                    detail: "records up to \(last) are stored beyond the head"
                )
            )
        }
        if contents, let damage = try await damage() {
            report.faults.append(
                Fault(index: head.size, kind: .columnMismatch, detail: damage)
            )
        }
    }

    /// Compares the tiles that were derived with the stored ones.
    private func compareTiles(
        _ derivation: inout Derivation,
        _ report: inout AuditReport
    ) async throws(StoreError) {
        for (coordinate, tile) in derivation.completed where report.faults.isEmpty {
            let stored = try await store.tile(coordinate, in: tenant.ledger)
            guard stored != tile else { continue }
            report.faults.append(
                Fault(
                    index: coordinate.index << UInt64(8 * (coordinate.level + 1)),
                    kind: .checkpointMismatch,
                    detail: "\(coordinate.path) is not what the records give"
                )
            )
        }
        derivation.completed.removeAll(keepingCapacity: true)
    }

    private func damage() async throws(StoreError) -> String? {
        do {
            return try await store.damage(in: tenant.ledger)
        } catch {
            guard case .corrupt(let detail) = error else { throw error }
            return detail
        }
    }
}
