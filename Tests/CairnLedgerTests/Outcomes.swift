// SPDX-License-Identifier: Apache-2.0

import Cairn
import CairnLedger
import CairnTesting
import Testing

extension AppendOutcome {
    /// The receipt, if there is one.
    var receipt: Receipt? {
        switch self {
        case .recorded(let receipt), .known(let receipt), .conflict(let receipt),
            .contentUnavailable(let receipt):
            receipt
        case .failed: nil
        }
    }

    /// The case's name, for comparing many at once.
    var word: String {
        switch self {
        case .recorded: "recorded"
        case .known: "known"
        case .conflict: "conflict"
        case .contentUnavailable: "content unavailable"
        case .failed(let error): error.word
        }
    }
}

extension LedgerError {
    /// The case's name.
    var word: String {
        switch self {
        case .notFound: "not found"
        case .overloaded: "overloaded"
        case .contended: "contended"
        case .unavailable: "unavailable"
        case .indeterminate: "indeterminate"
        case .clockStep: "clock step"
        case .refused: "refused"
        case .corrupt: "corrupt"
        }
    }
}

extension Ledger {
    /// Appends one event and returns what became of it.
    func append(_ event: PreparedEvent) async throws -> AppendOutcome {
        let outcomes = await append([event])
        try #require(outcomes.count == 1)
        return outcomes[0]
    }

    /// Appends one event that must be recorded, and returns its receipt.
    func record(_ event: PreparedEvent) async throws -> Receipt {
        let outcome = try await append(event)
        #expect(outcome.word == "recorded")
        return try #require(outcome.receipt)
    }

    /// Waits until so many events wait for a batch.
    func waits(for count: Int) async {
        while waitingEvents < count { await Task.yield() }
    }
}

extension FaultyLedgerStore {
    /// Waits until a commit waits at the gate.
    func holdsCommit() async {
        while heldCommits == 0 { await Task.yield() }
    }
}

/// Expects store and ledger to agree, and an audit to find nothing.
func expectSound(
    _ setting: LedgerSetting,
    size: UInt64,
    sourceLocation: SourceLocation = #_sourceLocation
) async throws {
    let held = await setting.ledger.currentHead
    let durable = setting.memory.head(of: setting.tenant.ledger)
    #expect(held == durable, sourceLocation: sourceLocation)
    #expect(held.size == size, sourceLocation: sourceLocation)
    let report = try await setting.audit()
    #expect(report.faults.isEmpty, sourceLocation: sourceLocation)
    #expect(report.checked == size, sourceLocation: sourceLocation)
}
