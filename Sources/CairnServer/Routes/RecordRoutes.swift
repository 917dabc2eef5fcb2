// SPDX-License-Identifier: Apache-2.0

internal import Cairn
internal import CairnAPI
internal import CairnLedger
internal import Hummingbird

/// `GET /v1/events`: pages of records, one record, and its proof.
struct RecordRoutes: Sendable {
    let configuration: ServerConfiguration
    let services: ServerServices

    private var reader: RecordReader {
        RecordReader(configuration: configuration, services: services)
    }

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
        let parameters = try QueryParameters(request)
        let asked = try EventQuery(parameters, configuration: configuration)
        let page = try await reader.page(
            LedgerReader.Request(query: asked.query, limit: asked.limit, cursor: asked.cursor),
            parameters,
            for: context
        )
        var output = JSONOutput(reservingCapacity: 128 + page.records.count * 1024)
        output.beginObject()
        output.name("events")
        output.beginArray()
        for found in page.records {
            try RecordBody(found).append(to: &output)
        }
        output.endArray()
        output.member("next_cursor", ifPresent: page.next)
        output.member("size", page.size)
        output.endObject()
        return Response(output)
    }

    // MARK: One record

    @Sendable
    private func show(_ request: Request, context: ServerContext) async throws -> Response {
        try QueryParameters(request).allow(only: [])
        let (found, _) = try await reader.record(context.part("id"), for: context)
        try reader.note(.show, of: found, for: context)
        var output = JSONOutput(reservingCapacity: 2048)
        try RecordBody(found).append(to: &output)
        return Response(output)
    }

    // MARK: Proof

    @Sendable
    private func prove(_ request: Request, context: ServerContext) async throws -> Response {
        let parameters = try QueryParameters(request)
        try parameters.allow(only: ["size"])
        let size = try parameters.number("size")
        let (found, ledger) = try await reader.record(context.part("id"), for: context)
        let record = found.record
        let (covered, note) = try await checkpoint(of: size, covering: record.index, in: ledger)
        let inclusion = try await ledger.tree.inclusion(of: record.index, size: covered)
        try reader.note(.prove, of: found, for: context)
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

extension RecordBody {
    /// The record as the API shows it.
    ///
    /// - Throws: ``LedgerError/corrupt(_:)`` when the stored leaf is none.
    init(_ found: FoundRecord) throws(LedgerError) {
        let record = found.record
        do throws(Leaf.Malformed) {
            try self.init(
                leaf: record.leaf,
                fields: record.payload?.fields,
                leafHash: record.leafHash,
                previousHash: found.previousHash,
                hash: record.chain
            )
        } catch {
            throw .corrupt("the leaf of record \(record.index) is malformed")
        }
    }
}
