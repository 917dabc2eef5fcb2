// SPDX-License-Identifier: Apache-2.0

internal import Cairn

/// The checkpoints an audit compares with, by size, read as the audit reaches them.
struct Expectations {
    private let tenant: Tenant
    private let store: any LedgerStore
    private let keys: [NoteVerifierKey]
    private var given: Checkpoint?
    private var isGivenCompared = false
    private var window: [(size: UInt64, note: String)] = []
    private var readUpTo: UInt64 = 0
    private var isExhausted = false

    /// Reads the caller's checkpoint and finds one that covers more than the ledger has.
    init(
        scope: AuditScope,
        tenant: Tenant,
        store: any LedgerStore,
        keys: [NoteVerifierKey],
        report: inout AuditReport,
        head: Head
    ) async throws(StoreError) {
        self.tenant = tenant
        self.store = store
        self.keys = keys
        if let note = scope.checkpoint {
            given = open(note.encoded, &report, at: 0)
        }
        // A stored checkpoint may cover more than is left; the others are read on the way.
        let beyond = try await store.checkpoints(
            in: tenant.ledger,
            from: head.size + 1,
            limit: 1
        )
        if let stored = beyond.first, let checkpoint = open(stored.note, &report, at: head.size) {
            report.trust(.ownCheckpoint)
            if checkpoint.size > head.size {
                // A ledger that is in use may have grown since its head was read.
                let grown = try await store.head(of: tenant.ledger)?.size ?? 0
                if grown < checkpoint.size {
                    report.faults.append(Expectations.truncated(head, checkpoint))
                }
            } else {
                report.faults.append(Expectations.misfiled(at: head.size))
            }
        }
        if let given, given.size > head.size {
            report.trust(.givenCheckpoint)
            report.faults.append(Expectations.truncated(head, given))
        }
    }

    private static func truncated(_ head: Head, _ checkpoint: Checkpoint) -> Fault {
        Fault(
            index: head.size,
            kind: .truncated,
            detail: "the ledger has \(head.size) records, a checkpoint \(checkpoint.size)"
        )
    }

    private static func misfiled(at index: UInt64) -> Fault {
        Fault(
            index: index,
            kind: .checkpointMismatch,
            detail: "a stored checkpoint is filed under another size"
        )
    }

    private func open(
        _ text: String,
        _ report: inout AuditReport,
        at index: UInt64
    ) -> Checkpoint? {
        do {
            let note = try SignedNote(parsing: text)
            return try Checkpoint.open(note, origin: tenant.origin, keys: keys)
        } catch {
            report.faults.append(
                Fault(
                    index: index,
                    kind: .checkpointMismatch,
                    detail: "a checkpoint cannot be trusted: \(error)"
                )
            )
            return nil
        }
    }

    /// The next size above `index` at which there is something to compare.
    mutating func nextSize(after index: UInt64) async throws(StoreError) -> UInt64? {
        window.removeAll { $0.size <= index }
        if window.isEmpty, !isExhausted {
            window = try await store.checkpoints(
                in: tenant.ledger,
                from: max(index + 1, readUpTo),
                limit: 256
            )
            isExhausted = window.isEmpty
            readUpTo = (window.last?.size ?? index) + 1
        }
        let own = window.first?.size
        guard let given, given.size > index else { return own }
        return own.map { min($0, given.size) } ?? given.size
    }

    /// The caller's checkpoint, when the records looked at did not lead to its size.
    func uncomparedGiven(upTo size: UInt64) -> Checkpoint? {
        guard let given, !isGivenCompared, given.size <= size else { return nil }
        return given
    }

    /// Compares the tree that was derived so far with the checkpoints of its size.
    mutating func compare(size: UInt64, _ frontier: Frontier, _ report: inout AuditReport) {
        var checkpoints: [Checkpoint] = []
        for stored in window where stored.size == size {
            if let checkpoint = open(stored.note, &report, at: size) {
                if checkpoint.size == size {
                    report.trust(.ownCheckpoint)
                    checkpoints.append(checkpoint)
                } else {
                    report.faults.append(Expectations.misfiled(at: size))
                }
            }
        }
        if let given, given.size == size {
            report.trust(.givenCheckpoint)
            isGivenCompared = true
            checkpoints.append(given)
        }
        for checkpoint in checkpoints where checkpoint.root != frontier.root {
            // A record that is at fault already explains another root.
            guard report.faults.isEmpty else { return }
            report.faults.append(
                Fault(
                    index: size == 0 ? 0 : size - 1,
                    kind: .forked,
                    detail: "the tree of \(size) records is not the one that was signed"
                )
            )
        }
    }
}
