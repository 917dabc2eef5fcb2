// SPDX-License-Identifier: Apache-2.0

internal import Cairn
internal import CairnAPI
internal import CairnLedger
internal import Hummingbird

/// Exports in the shapes of older services, over the one way in which exports are made.
struct DialectExports: Sendable {
    let jobs: ExportJobRoutes

    init(_ configuration: ServerConfiguration, _ services: ServerServices) {
        jobs = ExportJobRoutes(configuration: configuration, services: services)
    }

    /// Queues an export of what matches.
    ///
    /// - Throws: ``Problem`` as for an export of the API's own.
    func begin(
        _ query: RecordQuery,
        words: String? = nil,
        name: String? = nil,
        format: ExportFormat,
        columns: String? = nil,
        for context: ServerContext
    ) async throws -> ExportJob {
        var query = query
        // Older services know nothing of what a ledger records of itself.
        query.schema = .event
        var filter = query.filter
        filter["q"] = words.map { .string($0) }
        var members: JSONObject = [
            "format": .string(format.rawValue), "filter": .object(filter),
        ]
        members["name"] = name.map { .string($0) }
        members["columns"] = columns.map { .string($0) }
        return try await jobs.submit(members, for: try context.caller())
    }

    /// An export that the caller may see.
    func job(_ id: String, for context: ServerContext) async throws -> ExportJob {
        try await jobs.job(id, for: try context.caller())
    }

    /// When the file of an export goes, as far as that is known.
    func end(of job: ExportJob) -> Timestamp {
        job.expiresAt
            ?? job.createdAt.advanced(
                byMilliseconds: jobs.services.exports.exports.limits.keep.components.seconds * 1000
            )
    }
}

extension ExportJob {
    /// Where a link to its file is asked for.
    var downloadPath: String { "\(Path.exports)/\(id)/download" }
}
