// SPDX-License-Identifier: Apache-2.0

internal import Cairn
internal import CairnAPI
internal import CairnLedger
internal import Hummingbird

/// The ledger as C2SP tlog-tiles serves it: a checkpoint, tiles of hashes, bundles of leaves.
struct TileRoutes: Sendable {
    let services: ServerServices

    var routes: [Route] {
        [
            Route(
                .get,
                Path.logCheckpoint,
                for: .holders(.ledgerVerify),
                isWhole: true,
                handler: checkpoint
            ),
            Route(.get, Path.tile, for: .holders(.ledgerVerify), isWhole: true, handler: tile),
        ]
    }

    /// The caller's ledger, if it is the one the path names.
    private func ledger(_ context: ServerContext) async throws -> Ledger {
        let ledger = try await services.ledgers.ledger(of: try context.caller().tenant)
        guard ledger.tenant.ledger.text == context.part("ledger") else {
            throw Problem(.notFound)
        }
        return ledger
    }

    @Sendable
    private func checkpoint(_ request: Request, context: ServerContext) async throws -> Response {
        let ledger = try await ledger(context)
        return Response(text: try await ledger.checkpoint().note.encoded)
    }

    @Sendable
    private func tile(_ request: Request, context: ServerContext) async throws -> Response {
        let ledger = try await ledger(context)
        let size = try await ledger.durableHead().size
        let prefix = "/tlog/\(ledger.tenant.ledger.text)/"
        guard request.uri.path.hasPrefix(prefix) else { throw Problem(.notFound) }
        let path = String(request.uri.path.dropFirst(prefix.count))
        let bytes: [UInt8]
        if let bundle = EntryBundleCoordinate(path: path) {
            guard bundle.isCovered(byTreeOf: size) else { throw Problem(.notFound) }
            bytes = try await entries(bundle, in: ledger)
        } else if let tile = TileCoordinate(path: path) {
            guard tile.isCovered(byTreeOf: size) else { throw Problem(.notFound) }
            bytes = try await ledger.tree.tile(tile).bytes
        } else {
            throw Problem(.notFound)
        }
        // What a path names never changes; who may read it does, unless everybody may.
        let isPublic = try context.caller().id == nil
        return Response(
            bytes,
            type: MediaType.octets,
            caching: "\(isPublic ? "public" : "private"), max-age=31536000, immutable"
        )
    }

    private func entries(
        _ bundle: EntryBundleCoordinate,
        in ledger: Ledger
    ) async throws -> [UInt8] {
        let first = bundle.index * UInt64(Tile.fullWidth)
        let records = try await services.store.records(
            in: ledger.tenant.ledger,
            at: first..<first + UInt64(bundle.width),
            contents: false
        )
        guard records.count == bundle.width else {
            throw StoreError.corrupt("\(bundle.path) is not in the store")
        }
        return EntryBundle.encode(records.map(\.leaf))
    }
}
