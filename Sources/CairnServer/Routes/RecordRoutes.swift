// SPDX-License-Identifier: Apache-2.0

internal import Cairn
internal import CairnAPI
internal import CairnLedger
internal import Hummingbird

/// `GET /v1/events`: pages of records, one record, and its proof.
struct RecordRoutes: Sendable {
    let configuration: ServerConfiguration
    let services: ServerServices

    var routes: [Route] {
        [
            Route(.get, Path.events, for: .holders(.eventsRead), handler: list),
            Route(.get, Path.event, for: .holders(.eventsRead), handler: show),
            Route(.get, Path.proof, for: .holders(.eventsRead), handler: prove),
        ]
    }

    // MARK: Pages

    @Sendable
    private func list(_ request: Request, context: ServerContext) async throws -> Response {
        let principal = try context.caller()
        let parameters = try QueryParameters(request)
        var asked = try EventQuery(parameters, configuration: configuration)
        asked.query.filters += principal.narrowing.filters
        let ledger = try await services.ledgers.ledger(of: principal.tenant)
        let id = ledger.tenant.ledger
        var size = try await ledger.durableHead().size
        var place: PagePosition?
        if let text = asked.cursor {
            let cursor: Cursor
            do throws(Cursor.Invalid) {
                cursor = try services.cursors.decode(text, ledger: id, query: asked.query)
            } catch {
                throw Problem(.invalidCursor, "Begin again without a cursor.")
            }
            guard cursor.size <= size else { throw Problem(.invalidCursor) }
            (size, place) = (cursor.size, cursor.place)
        }
        let (records, end) = try await page(
            asked,
            of: principal.narrowing,
            in: id,
            size: size,
            after: place
        )
        let next = end.map {
            services.cursors.encode(
                Cursor(size: size, place: $0),
                ledger: id,
                query: asked.query
            )
        }
        var read = AccessTally.Read(.list)
        read.parameters = parameters.pairs
        read.records = records.count
        read.client = context.client
        if !asked.isOfLedgerItself(records) { try services.tally.note(read, by: principal) }
        var output = JSONOutput(reservingCapacity: 128 + records.count * 1024)
        output.beginObject()
        output.name("events")
        output.beginArray()
        for found in records {
            try RecordBody(found).append(to: &output)
        }
        output.endArray()
        output.member("next_cursor", ifPresent: next)
        output.member("size", size)
        output.endObject()
        return Response(output)
    }

    /// The records of one page that a caller is shown, and where it ended if there is more.
    ///
    /// A page ends early where its records are large, so that no answer outgrows memory.
    private func page(
        _ asked: EventQuery,
        of narrowing: Narrowing,
        in ledger: LedgerID,
        size: UInt64,
        after place: PagePosition?
    ) async throws(StoreError) -> (records: [FoundRecord], end: PagePosition?) {
        var records: [FoundRecord] = []
        var place = place
        var bytes = 0
        while records.count <= asked.limit, bytes < configuration.pageBytes {
            let wanted = min(64, asked.limit + 1 - records.count)
            let part = try await services.index.page(
                asked.query,
                in: ledger,
                size: size,
                after: place,
                limit: wanted
            )
            records += part.filter { narrowing.admits($0.record) }
            guard part.count == wanted, let last = part.last else { return (records, nil) }
            place = last.place
            bytes += part.reduce(0) { $0 + ($1.record.payload?.fields.byteCount ?? 0) }
        }
        // The last shows that there is more; where there is no other, what was looked through ends.
        guard records.count > 1 else { return (records, place) }
        records.removeLast()
        return (records, records.last?.place)
    }

    // MARK: One record

    @Sendable
    private func show(_ request: Request, context: ServerContext) async throws -> Response {
        let principal = try context.caller()
        try QueryParameters(request).allow(only: [])
        let ledger = try await services.ledgers.ledger(of: principal.tenant)
        let found = try await record(context.part("id"), in: ledger, for: principal)
        try noteReading(.show, found, by: principal, context)
        var output = JSONOutput(reservingCapacity: 2048)
        try RecordBody(found).append(to: &output)
        return Response(output)
    }

    /// Notes that a caller is shown a record or its proof.
    private func noteReading(
        _ operation: AccessTally.Read.Operation,
        _ found: FoundRecord,
        by principal: Principal,
        _ context: ServerContext
    ) throws(LedgerError) {
        guard let leaf = try? Leaf(parsing: found.record.leaf), leaf.schema != .ledger else {
            return
        }
        var read = AccessTally.Read(operation)
        read.event = leaf.id
        read.records = 1
        read.client = context.client
        try services.tally.note(read, by: principal)
    }

    private func record(
        _ text: String,
        in ledger: Ledger,
        for principal: Principal
    ) async throws -> FoundRecord {
        guard let id = EventID(text) else { throw Problem(.notFound) }
        let ledgerID = ledger.tenant.ledger
        // A record of a commit that is not settled yet is nobody's to see.
        guard let index = try await services.store.indexes(of: [id], in: ledgerID)[id],
            try await index < ledger.durableHead().size
        else { throw Problem(.notFound) }
        let first = index == 0 ? 0 : index - 1
        let records = try await services.store.records(
            in: ledgerID,
            at: first..<index + 1,
            contents: true
        )
        guard let record = records.last, record.index == index, records.first?.index == first
        else { throw StoreError.corrupt("record \(index) is not in the store") }
        guard principal.narrowing.admits(record) else { throw Problem(.notFound) }
        return FoundRecord(
            record: record,
            previousHash: index == 0
                ? Chain.start(origin: ledger.tenant.origin) : records[0].chain
        )
    }

    // MARK: Proof

    @Sendable
    private func prove(_ request: Request, context: ServerContext) async throws -> Response {
        let principal = try context.caller()
        let parameters = try QueryParameters(request)
        try parameters.allow(only: ["size"])
        let size = try parameters.number("size")
        let ledger = try await services.ledgers.ledger(of: principal.tenant)
        let found = try await record(context.part("id"), in: ledger, for: principal)
        let record = found.record
        let (covered, note) = try await checkpoint(of: size, covering: record.index, in: ledger)
        let inclusion = try await ledger.tree.inclusion(of: record.index, size: covered)
        try noteReading(.prove, found, by: principal, context)
        if request.prefersText {
            let proof = TLogProof(
                extra: nil,
                index: record.index,
                path: inclusion.path,
                checkpoint: note
            )
            return Response(text: proof.encoded)
        }
        guard let payload = record.payload else {
            throw Problem(.notFound, "The content of the record is gone; ask for text/plain.")
        }
        let proof = RecordProof(
            disclosure: Disclosure(
                leaf: record.leaf,
                fields: payload.fields,
                seed: payload.seed
            ),
            inclusion: inclusion,
            checkpoint: note
        )
        return Response(proof.encoded, type: MediaType.json)
    }

    /// The signed checkpoint of a size, the newest one if none is named.
    private func checkpoint(
        of size: UInt64?,
        covering index: UInt64,
        in ledger: Ledger
    ) async throws -> (size: UInt64, note: SignedNote) {
        let head = try await ledger.durableHead().size
        if let size {
            guard size <= head else {
                throw Problem.parameter("size", "is more than the ledger's \(head) records")
            }
            guard size > index else {
                throw Problem.parameter("size", "does not reach record \(index)")
            }
        }
        if size == nil || size == head {
            let (checkpoint, note) = try await ledger.checkpoint()
            if size == nil || size == checkpoint.size { return (checkpoint.size, note) }
        }
        let wanted = size ?? head
        let stored = try await services.store.checkpoints(
            in: ledger.tenant.ledger,
            from: wanted,
            limit: 1
        )
        guard let found = stored.first, found.size == wanted else {
            throw Problem(.checkpointNotFound, "No checkpoint of \(wanted) records was signed.")
        }
        do throws(MalformedNote) {
            return (wanted, try SignedNote(parsing: found.note))
        } catch {
            throw StoreError.corrupt("the checkpoint of \(wanted) records is no signed note")
        }
    }
}

extension FoundRecord {
    /// The record's place in the order of queries.
    fileprivate var place: PagePosition {
        PagePosition(occurredAt: record.occurredAt, index: record.index)
    }
}

extension EventQuery {
    /// Whether nothing was asked or shown but records of the ledger about itself.
    fileprivate func isOfLedgerItself(_ records: [FoundRecord]) -> Bool {
        guard records.isEmpty else {
            return records.allSatisfy {
                (try? Leaf(parsing: $0.record.leaf))?.schema == .ledger
            }
        }
        let types = query.filters.first { $0.key == .type }?.values ?? []
        return !types.isEmpty && types.allSatisfy { $0.hasPrefix(EventType.reservedPrefix) }
    }
}

extension RecordBody {
    /// The record as the API shows it.
    ///
    /// - Throws: ``LedgerError/corrupt(_:)`` when the stored leaf is none.
    init(_ found: FoundRecord) throws(LedgerError) {
        let record = found.record
        let leaf: Leaf
        do throws(Leaf.Malformed) {
            leaf = try Leaf(parsing: record.leaf)
        } catch {
            throw .corrupt("the leaf of record \(record.index) is malformed")
        }
        self.init(
            id: leaf.id,
            index: record.index,
            receivedAt: leaf.receivedAt,
            retentionClass: leaf.retentionClass,
            fields: record.payload?.fields,
            leafHash: record.leafHash,
            previousHash: found.previousHash,
            hash: record.chain
        )
    }
}
