// SPDX-License-Identifier: Apache-2.0

internal import Cairn
internal import CairnAPI
internal import CairnLedger
internal import HTTPTypes
internal import Hummingbird

/// `/api/v1/logs`: entries one by one and in bulk, pages with numbers, counts, exports.
struct LogsRoutes: Sendable {
    private static let base = "/api/v1/logs"
    /// How many entries one bulk has.
    private static let bulkEntries = 100
    private static let (pagePreset, pageLimit) = (10, 100)
    private static let filters = DialectFilters(
        keys: [
            ("action", .action), ("user_id", .actorID), ("resource_type", .resourceType),
            ("resource_id", .resourceID),
        ],
        words: DialectFilters.Words(
            name: "severity",
            key: .severity,
            rule: "one of DEBUG, INFO, WARNING, ERROR, CRITICAL",
            known: { LogsDialect.severity($0)?.rawValue }
        )
    )

    let common: DialectRoutes<LogsDialect>

    var routes: [Route] {
        [
            Route(.post, Self.base, for: .holders(.eventsWrite), handler: create),
            Route(.post, "\(Self.base)/bulk", for: .holders(.eventsWrite), handler: createAll),
            Route(.get, Self.base, for: .holders(.eventsRead), handler: list),
            Route(.get, "\(Self.base)/stats", for: .holders(.eventsRead), handler: count),
            Route(.post, "\(Self.base)/export", for: .holders(.exportsWrite), handler: export),
            Route(
                .get,
                "\(Self.base)/export/{pipeline_id}",
                for: .holders(.exportsRead),
                handler: showExport
            ),
            Route(
                .delete,
                "\(Self.base)/cleanup",
                for: .members,
                handler: cleanUp
            ),
            Route(.get, "\(Self.base)/{log_id}", for: .holders(.eventsRead), handler: show),
        ]
    }

    // MARK: In

    @Sendable
    private func create(_ request: Request, context: ServerContext) async throws -> Response {
        try await common.create(request, context, under: Self.base)
    }

    @Sendable
    private func createAll(_ request: Request, context: ServerContext) async throws -> Response {
        try QueryParameters(request).allow(only: [])
        let members = try Members.read(
            try await request.jsonBody(upTo: common.configuration.bulkBytes),
            limits: common.limits
        )
        if let stranger = members.first(where: { $0.name != "logs" }) {
            throw Problem.member(stranger.name, "unknown_member", "is not a member of a bulk")
        }
        guard let entries = members["logs"]?.array else {
            throw Problem.member("logs", "wrong_type", "must be an array")
        }
        guard entries.count <= Self.bulkEntries else {
            throw Problem(.tooManyEvents, "A bulk holds at most \(Self.bulkEntries) entries.")
        }
        let settlements = try await common.append(all: entries, context)
        var results: [JSONValue] = []
        for (settlement, found) in settlements {
            var result: JSONObject = ["status": .number(JSONNumber(settlement.status.code))]
            result["log"] = found.map { .object(common.dialect.shown($0)) }
            if case .refused(let problem) = settlement {
                var output = JSONOutput()
                problem.body(requestID: context.requestID).append(to: &output)
                result["problem"] = try? JSONValue(parsing: output.bytes)
            }
            results.append(.object(result))
        }
        let accepted = settlements.count { $0.found != nil }
        return Response(
            .object([
                "created": .number(JSONNumber(accepted)),
                "failed": .number(JSONNumber(settlements.count - accepted)),
                "results": .array(results),
            ]),
            status: EventRoutes.status(of: settlements.map(\.settlement))
        )
    }

    // MARK: Out

    @Sendable
    private func show(_ request: Request, context: ServerContext) async throws -> Response {
        try await common.show(request, context, part: "log_id")
    }

    @Sendable
    private func list(_ request: Request, context: ServerContext) async throws -> Response {
        try await common.list(
            request,
            context,
            by: Self.filters,
            preset: Self.pagePreset,
            limit: Self.pageLimit,
            named: "logs"
        )
    }

    @Sendable
    private func count(_ request: Request, context: ServerContext) async throws -> Response {
        let parameters = try QueryParameters(request)
        try parameters.allow(only: ["start_date", "end_date"])
        let (from, to) = try parameters.dialectRange()
        let counts = try await common.statistics(from: from, to: to, parameters, context)
        var severities: [String: UInt64] = [:]
        for (severity, count) in counts.bySeverity { severities[severity.uppercased()] = count }
        var days: [String: UInt64] = [:]
        for (day, count) in counts.byDay { days[day.text] = count }
        return Response(
            .object([
                "total": .number(JSONNumber(counts.total)),
                "by_severity": severities.json,
                "by_type": counts.byType.json,
                "by_outcome": counts.byOutcome.json,
                "by_day": days.json,
                "top_users": .array(
                    counts.topActors.map {
                        ["user_id": .string($0.id), "count": .number(JSONNumber($0.count))]
                    }
                ),
                "distinct_users": .number(JSONNumber(counts.distinctActors)),
            ])
        )
    }

    // MARK: Exports

    @Sendable
    private func export(_ request: Request, context: ServerContext) async throws -> Response {
        try QueryParameters(request).allow(only: [])
        let bytes = try await request.jsonBody(upTo: common.configuration.requestBytes)
        var members = bytes.isEmpty ? JSONObject() : try Members.read(bytes)
        let word = members["format"] ?? "csv"
        members["format"] = nil
        guard let format = word.string.flatMap({ ExportFormat(rawValue: $0) }) else {
            let words = ExportFormat.allCases.map(\.rawValue).joined(separator: ", ")
            throw Problem.member("format", "invalid_value", "one of \(words)")
        }
        let filters = try QueryParameters(
            of: .object(members),
            named: "",
            only: Self.filters.names
        )
        let (query, search) = try Self.filters.query(filters)
        let job = try await common.exports.begin(
            query,
            words: search,
            format: format,
            columns: format == .json ? "logs/1" : nil,
            for: context
        )
        var response = Response(.object(shown(job)), status: .accepted)
        response.headers[.location] = "\(Self.base)/export/\(job.id)"
        return response
    }

    @Sendable
    private func showExport(_ request: Request, context: ServerContext) async throws -> Response {
        try QueryParameters(request).allow(only: [])
        let job = try await common.exports.job(context.part("pipeline_id"), for: context)
        return Response(.object(shown(job)))
    }

    private func shown(_ job: ExportJob) -> JSONObject {
        var members: JSONObject = [
            "pipeline_id": .string(job.id), "status": .string(job.state.rawValue),
            "format": .string(job.request.format.rawValue),
            "record_count": .number(JSONNumber(job.counts.matched)),
            "created_at": .string(job.createdAt.millisecondsText),
        ]
        members["completed_at"] = job.finishedAt.map { .string($0.millisecondsText) }
        members["error"] = job.failure.map { .string($0) }
        if job.state == .done {
            members["download_url"] = .string(job.downloadPath)
            members["expires_at"] = .string(common.exports.end(of: job).millisecondsText)
        }
        return members
    }

    // MARK: What this version has not

    @Sendable
    private func cleanUp(_ request: Request, context: ServerContext) async throws -> Response {
        throw Problem(.notImplemented, "This version removes nothing: it has no retention yet.")
    }
}
