// SPDX-License-Identifier: Apache-2.0

internal import Cairn
internal import CairnAPI
internal import CairnLedger
internal import Hummingbird

/// What a ledger says of itself: its head, its checkpoint, and that it only grew.
struct LedgerRoutes: Sendable {
    let services: ServerServices

    var routes: [Route] {
        [
            Route(.get, Path.ledger, for: .members, handler: show),
            Route(.get, Path.checkpoint, for: .holders(.ledgerVerify), handler: checkpoint),
            Route(
                .get,
                Path.consistency,
                for: .holders(.ledgerVerify),
                isWhole: true,
                handler: consistency
            ),
        ]
    }

    private func ledger(_ context: ServerContext) async throws -> Ledger {
        try await services.ledgers.ledger(of: try context.caller().tenant)
    }

    @Sendable
    private func show(_ request: Request, context: ServerContext) async throws -> Response {
        try QueryParameters(request).allow(only: [])
        let ledger = try await ledger(context)
        let head = try await ledger.durableHead()
        var output = JSONOutput()
        output.beginObject()
        output.member("origin", ledger.tenant.origin)
        output.member("size", head.size)
        output.member("root", head.frontier.root)
        output.member("hash", head.chain)
        output.member("public_key", ledger.verifierKey.description)
        output.endObject()
        return Response(output)
    }

    @Sendable
    private func checkpoint(_ request: Request, context: ServerContext) async throws -> Response {
        try QueryParameters(request).allow(only: [])
        let ledger = try await ledger(context)
        return Response(text: try await ledger.checkpoint().note.encoded)
    }

    @Sendable
    private func consistency(
        _ request: Request,
        context: ServerContext
    ) async throws -> Response {
        let parameters = try QueryParameters(request)
        try parameters.allow(only: ["from", "to"])
        let ledger = try await ledger(context)
        let size = try await ledger.durableHead().size
        guard let from = try parameters.number("from") else {
            throw Problem.parameter("from", "is required")
        }
        let to = try parameters.number("to") ?? size
        guard to <= size else {
            throw Problem.parameter("to", "is more than the ledger's \(size) records")
        }
        guard from > 0 else {
            throw Problem.parameter("from", "must be at least 1: every ledger began empty")
        }
        guard from <= to else { throw Problem.parameter("from", "is more than to") }
        let proof = try await ledger.tree.consistency(from: from, to: to)
        var output = JSONOutput()
        output.beginObject()
        output.member("from", from)
        output.member("to", to)
        output.name("proof")
        output.beginArray()
        for hash in proof.path { output.value(hash) }
        output.endArray()
        output.endObject()
        return Response(output)
    }
}
