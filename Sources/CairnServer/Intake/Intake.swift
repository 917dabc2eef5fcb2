// SPDX-License-Identifier: Apache-2.0

internal import Cairn
internal import CairnLedger

/// Appends what was read of one request, and finds the proofs if they were asked for.
struct Intake: Sendable {
    private let ledger: Ledger
    private let store: any LedgerStore
    private let metrics: RequestMetrics
    private let wantsProof: Bool

    init(
        ledger: Ledger,
        store: any LedgerStore,
        metrics: RequestMetrics,
        wantsProof: Bool
    ) {
        self.ledger = ledger
        self.store = store
        self.metrics = metrics
        self.wantsProof = wantsProof
    }

    /// Appends the events that could be read; outcomes are in order of input.
    func settle(_ read: [Result<PreparedEvent, Problem>]) async -> [Settlement] {
        let events = read.compactMap { try? $0.get() }
        var outcomes = await ledger.append(events).makeIterator()
        var settlements: [Settlement] = []
        settlements.reserveCapacity(read.count)
        for result in read {
            switch result {
            case .success:
                guard let outcome = outcomes.next() else {
                    preconditionFailure("every event has an outcome")
                }
                settlements.append(Settlement(outcome))
            case .failure(let problem):
                settlements.append(.refused(problem))
            }
        }
        for settlement in settlements { metrics.count(settlement.metric) }
        return settlements
    }

    /// Appends one event.
    func settle(_ event: PreparedEvent) async -> Settlement {
        guard let outcome = await ledger.append([event]).first else {
            preconditionFailure("every event has an outcome")
        }
        let settlement = Settlement(outcome)
        metrics.count(settlement.metric)
        return settlement
    }

    /// Counts an event that could not be read.
    func countRejected() {
        metrics.count(.rejected)
    }

    /// The proofs of accepted events, by index, if they were asked for.
    func evidence(for settlements: [Settlement]) async throws -> [UInt64: RecordProof] {
        guard wantsProof else { return [:] }
        let indexes = Set(settlements.compactMap { $0.receipt?.index }).sorted()
        guard !indexes.isEmpty else { return [:] }
        let (checkpoint, note) = try await ledger.checkpoint()
        var proofs: [UInt64: RecordProof] = [:]
        for range in Intake.runs(of: indexes) {
            let records = try await store.records(
                in: ledger.tenant.ledger,
                at: range,
                contents: true
            )
            for record in records {
                guard let payload = record.payload else { continue }
                let inclusion = try await ledger.tree.inclusion(
                    of: record.index,
                    size: checkpoint.size
                )
                proofs[record.index] = RecordProof(
                    disclosure: Disclosure(
                        leaf: record.leaf,
                        fields: payload.fields,
                        seed: payload.seed
                    ),
                    inclusion: inclusion,
                    checkpoint: note
                )
            }
        }
        return proofs
    }

    /// Joins neighbours, so that a batch is read at once.
    private static func runs(of sorted: [UInt64]) -> [Range<UInt64>] {
        var runs: [Range<UInt64>] = []
        for index in sorted {
            if let last = runs.last, last.upperBound == index, last.count < 256 {
                runs[runs.count - 1] = last.lowerBound..<index + 1
            } else {
                runs.append(index..<index + 1)
            }
        }
        return runs
    }
}
