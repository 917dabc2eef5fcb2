// SPDX-License-Identifier: Apache-2.0

internal import Cairn
internal import CairnLedger
internal import Logging

/// Appends what was read of one request, and finds the proofs if they were asked for.
struct Intake: Sendable {
    private let ledger: Ledger
    private let store: any LedgerStore
    private let metrics: RequestMetrics
    private let wantsProof: Bool
    private let logger: Logger

    init(
        ledger: Ledger,
        store: any LedgerStore,
        metrics: RequestMetrics,
        wantsProof: Bool,
        logger: Logger
    ) {
        self.ledger = ledger
        self.store = store
        self.metrics = metrics
        self.wantsProof = wantsProof
        self.logger = logger
    }

    /// Appends the events that could be read; outcomes are in order of input.
    func settle(_ read: [Result<PreparedEvent, Problem>]) async -> [Settlement] {
        let events = read.compactMap { result in
            if case .success(let event) = result { event } else { nil as PreparedEvent? }
        }
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
    ///
    /// The events are durable by then, so a proof that cannot be made is left out: the writer must
    /// have the receipt, and can ask for the proof again.
    func evidence(for settlements: [Settlement]) async -> [UInt64: RecordProof] {
        guard wantsProof else { return [:] }
        let indexes = Set(settlements.compactMap { $0.receipt?.index }).sorted()
        guard !indexes.isEmpty else { return [:] }
        var proofs: [UInt64: RecordProof] = [:]
        do {
            let (checkpoint, note) = try await ledger.checkpoint()
            for range in Intake.runs(of: indexes) {
                let records = try await store.records(
                    in: ledger.tenant.ledger,
                    at: range,
                    contents: true
                )
                for record in records {
                    proofs[record.index] = try await proof(of: record, checkpoint, note)
                }
            }
        } catch {
            logger.error("a proof could not be made", metadata: ["error": "\(error)"])
        }
        return proofs
    }

    private func proof(
        of record: StoredRecord,
        _ checkpoint: Checkpoint,
        _ note: SignedNote
    ) async throws -> RecordProof? {
        guard let payload = record.payload else { return nil }
        let inclusion = try await ledger.tree.inclusion(of: record.index, size: checkpoint.size)
        return RecordProof(
            disclosure: Disclosure(
                leaf: record.leaf,
                fields: payload.fields,
                seed: payload.seed
            ),
            inclusion: inclusion,
            checkpoint: note
        )
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
