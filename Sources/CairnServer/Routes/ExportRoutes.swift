// SPDX-License-Identifier: Apache-2.0

internal import Cairn
internal import CairnAPI
internal import CairnLedger
internal import HTTPTypes
internal import Hummingbird
internal import HummingbirdCore
internal import Logging
internal import NIOCore

/// `GET /v1/exports/stream`: all records that match, at once and without end of memory.
struct ExportRoutes: Sendable {
    let configuration: ServerConfiguration
    let services: ServerServices

    var routes: [Route] {
        [Route(.get, Path.exportStream, for: .holders(.exportsRead), handler: stream)]
    }

    /// How much is written at a time, in bytes.
    private static let pieceBytes = 64 << 10

    @Sendable
    private func stream(_ request: Request, context: ServerContext) async throws -> Response {
        let principal = try context.caller()
        let parameters = try QueryParameters(request)
        let shape = try Self.shape(parameters)
        let query = try EventQuery(
            parameters.without(ExportShape.parameters),
            configuration: configuration
        )
        guard query.cursor == nil, try parameters.one("limit") == nil,
            try parameters.one("sort") == nil, try parameters.one("order") == nil
        else {
            throw Problem(
                .invalidParameter,
                "A stream has all records in order of their index: no limit, cursor, sort or order."
            )
        }
        let ledger = try await services.ledgers.ledger(of: principal.tenant)
        let scan = RecordScan(
            query.query,
            for: principal.narrowing,
            of: ledger.tenant,
            size: try await ledger.durableHead().size,
            store: services.store,
            index: services.index
        )
        let sender = Sender(
            scan: scan,
            shape: shape,
            tenant: principal.tenant,
            isAllowed: { [keys = services.keys] in keys.isGood(principal) },
            note: { [tally = services.tally] count in
                var read = AccessTally.Read(.export)
                read.parameters = parameters.pairs
                read.records = count
                read.client = context.client
                try tally.note(read, by: principal)
            },
            logger: context.logger
        )
        // What is wrong with the first records is told with a status.
        let first = try await sender.first()
        return Response(
            status: .ok,
            headers: [
                .contentType: shape.mediaType, .cacheControl: "no-store",
                .contentDisposition: "attachment; filename=\"events.\(shape.fileExtension)\"",
            ],
            body: ResponseBody { writer in
                try await sender.run(after: first, &writer)
                try await writer.finish(nil)
            }
        )
    }

    private static func shape(_ parameters: QueryParameters) throws(Problem) -> ExportShape {
        for name in ExportShape.parameters { _ = try parameters.one(name) }
        do throws(ExportShape.Invalid) {
            return try ExportShape { parameters.all($0).first }
        } catch {
            throw .parameter(error.name, error.message)
        }
    }

    // MARK: Sending

    /// Writes part after part to whoever reads it, as fast as it is read.
    private struct Sender: Sendable {
        let scan: RecordScan
        let shape: ExportShape
        let tenant: String
        let isAllowed: @Sendable () -> Bool
        let note: @Sendable (_ count: Int) throws -> Void
        let logger: Logger

        struct Beginning: Sendable {
            let scan: RecordScan
            let bytes: [UInt8]
            let count: Int
        }

        func first() async throws -> Beginning {
            var scan = scan
            let part = try await scan.part() ?? []
            return Beginning(
                scan: scan,
                bytes: try shape.beginning() + bytes(part),
                count: part.count
            )
        }

        func run(after first: Beginning, _ writer: inout any ResponseBodyWriter) async throws {
            var count = first.count
            do {
                try await write(first.bytes, &writer)
                try await first.scan.forEachPart { part in
                    // A stream lasts; a key that is revoked meanwhile shows nothing more.
                    guard isAllowed() else { throw Problem(.unauthenticated) }
                    try await write(try bytes(part), &writer)
                    count += part.count
                }
            } catch {
                // The connection ends in the middle, which is how its reader learns of it.
                logger.warning("a stream ended early", metadata: ["error": "\(error)"])
                try note(count)
                throw error
            }
            try note(count)
        }

        private func bytes(_ records: [FoundRecord]) throws(LedgerError) -> [UInt8] {
            var bodies: [RecordBody] = []
            bodies.reserveCapacity(records.count)
            for record in records { bodies.append(try RecordBody(record)) }
            return shape.bytes(bodies, tenant: tenant)
        }

        private func write(
            _ bytes: [UInt8],
            _ writer: inout any ResponseBodyWriter
        ) async throws {
            var rest = bytes[...]
            while !rest.isEmpty {
                try await writer.write(ByteBuffer(bytes: rest.prefix(ExportRoutes.pieceBytes)))
                rest = rest.dropFirst(ExportRoutes.pieceBytes)
            }
        }
    }
}
