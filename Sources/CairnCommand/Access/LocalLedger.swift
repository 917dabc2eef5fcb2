// SPDX-License-Identifier: Apache-2.0
import Cairn
import CairnAPI
import CairnLedger

/// A ledger in a store on disk, in this process.
struct LocalLedger: LedgerAccess {
    let open: Composition.OpenStore
    let ledgers: Ledgers
    let ledger: Ledger
    let local: LocalExports
    private let preparer: Preparer
    private let reader: LedgerReader

    /// Opens a tenant's ledger.
    init(
        _ open: Composition.OpenStore,
        tenant: String,
        redaction: RedactionPolicy
    ) async throws {
        self.open = open
        ledgers = Ledgers(
            directory: open.store,
            store: open.store,
            signer: open.signer,
            vault: open.vault,
            clock: open.clock
        )
        do throws(LedgerError) {
            ledger = try await ledgers.ledger(of: tenant)
        } catch .notFound {
            throw CommandFailure.badInput("there is no tenant \(tenant)")
        }
        local = LocalExports(open, ledgers)
        preparer = Composition.preparer(redaction: redaction)
        reader = LedgerReader(
            store: open.store,
            index: open.store,
            cursors: CursorCodec(secret: open.secret("cairn cursor"))
        )
    }

    func close() async throws {
        try await local.close()
        try await open.close()
    }

    func facts() async throws -> LedgerFacts {
        let head = try await ledger.durableHead()
        return LedgerFacts(
            origin: ledger.tenant.origin,
            size: head.size,
            root: head.frontier.root,
            hash: head.chain,
            publicKey: ledger.verifierKey.description
        )
    }

    func importKey() async throws -> [UInt8] {
        open.secret("cairn import key\n\(ledger.tenant.origin)")
    }

    // MARK: Appending

    func append(
        _ batches: any EventBatches,
        each: @escaping @Sendable (AppendResult) async throws -> Void
    ) async throws {
        // While one batch is committed, the next is read and prepared.
        var line = 0
        var running: Task<[AppendResult], Never>?
        while let batch = try await batches.next() {
            let first = line + 1
            let prepared = batch.map { prepare($0) }
            line += batch.count
            for result in await running?.value ?? [] { try await each(result) }
            running = Task { await append(prepared, from: first) }
        }
        for result in await running?.value ?? [] { try await each(result) }
        // As a server would, so that a store that goes back is noticed.
        if await ledger.refusalReason == nil { try await ledger.publish() }
    }

    private func prepare(_ bytes: [UInt8]) -> Result<PreparedEvent, InvalidEvent> {
        bytes.withUnsafeBytes { bytes in
            do throws(InvalidEvent) {
                return .success(
                    try preparer.prepare(
                        Event(parsing: bytes, limits: preparer.limits),
                        of: ledger.tenant.name
                    )
                )
            } catch {
                return .failure(error)
            }
        }
    }

    private func append(
        _ prepared: [Result<PreparedEvent, InvalidEvent>],
        from first: Int
    ) async -> [AppendResult] {
        var outcomes = await ledger.append(prepared.compactMap { try? $0.get() })[...]
        var results: [AppendResult] = []
        for (offset, item) in prepared.enumerated() {
            switch item {
            case .failure(let invalid):
                results.append(AppendResult(invalid, line: first + offset))
            case .success:
                guard let outcome = outcomes.popFirst() else {
                    preconditionFailure("an event has one outcome")
                }
                results.append(AppendResult(outcome, line: first + offset))
            }
        }
        return results
    }

    // MARK: Reading

    func export(
        _ parameters: [QueryParameter],
        _ shape: @Sendable (_ name: String) -> String?,
        _ write: @Sendable ([UInt8]) throws -> Void
    ) async throws {
        let shape = try ExportShape(shape)
        let scan = RecordScan(
            try LocalQuery(parameters).query,
            for: Narrowing(),
            of: ledger.tenant,
            size: try await ledger.durableHead().size,
            store: open.store,
            index: open.store
        )
        try write(shape.beginning())
        try await scan.forEachPart { part in
            try write(shape.bytes(try part.map(body), tenant: ledger.tenant.name))
        }
    }

    func record(_ id: EventID) async throws -> JSONValue {
        let found = try await stored(id)
        return try json(of: found)
    }

    func proof(of id: EventID) async throws -> RecordProof {
        let found = try await stored(id)
        guard let payload = found.record.payload else {
            throw CommandFailure.badInput("the content of \(id) is gone")
        }
        let (checkpoint, note) = try await ledger.checkpoint()
        let inclusion = try await ledger.tree.inclusion(
            of: found.record.index,
            size: checkpoint.size
        )
        return RecordProof(
            disclosure: Disclosure(
                leaf: found.record.leaf,
                fields: payload.fields,
                seed: payload.seed
            ),
            inclusion: inclusion,
            checkpoint: note
        )
    }

    private func stored(_ id: EventID) async throws -> FoundRecord {
        guard let found = try await reader.record(id, in: ledger) else {
            throw CommandFailure.badInput("there is no record \(id)")
        }
        return found
    }

    private func body(_ found: FoundRecord) throws -> RecordBody {
        do throws(Leaf.Malformed) {
            return try RecordBody(
                leaf: found.record.leaf,
                fields: found.record.payload?.fields,
                leafHash: found.record.leafHash,
                previousHash: found.previousHash,
                hash: found.record.chain
            )
        } catch {
            throw StoreError.corrupt("the leaf of record \(found.record.index) is malformed")
        }
    }

    // The optimiser stumbles over it inside a function that waits.
    @inline(never)
    private func json(of found: FoundRecord) throws -> JSONValue {
        try body(found).json()
    }

    func page(_ parameters: [QueryParameter]) async throws -> RecordPage {
        let asked = try LocalQuery(parameters)
        let page = try await read(asked)
        return RecordPage(
            records: try page.records.map { try json(of: $0) },
            nextCursor: page.next,
            size: page.size
        )
    }

    private func read(_ asked: LocalQuery) async throws -> LedgerReader.Page {
        do {
            return try await reader.page(
                LedgerReader.Request(query: asked.query, limit: asked.limit, cursor: asked.cursor),
                in: ledger
            )
        } catch is LedgerReader.Refusal {
            throw CommandFailure.badInput("cursor: is not one of this query")
        }
    }

    // MARK: Verifying

    func verify(
        _ verification: VerificationRequest,
        progress: @escaping @Sendable (UInt64, UInt64) -> Void
    ) async throws -> VerificationSummary {
        let auditor = Auditor(
            tenant: ledger.tenant,
            store: open.store,
            keys: [ledger.verifierKey]
        )
        var report = try await auditor.audit(verification.scope, progress: progress)
        let isWhole = verification.from == nil && verification.to == nil && verification.contents
        if isWhole, report.holds,
            let fault = try await open.store.check(in: ledger.tenant.ledger, progress: { _ in })
        {
            report.faults.append(fault)
        }
        if report.holds, let fault = await ledger.refusalFault { report.faults.append(fault) }
        return VerificationSummary(report)
    }
}
