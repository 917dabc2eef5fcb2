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
        try QueryParameters(request).allow(only: [])
        let (found, isNew) = try await common.append(request, context)
        var response = Response(
            .object(common.dialect.shown(found)),
            status: isNew ? .created : .ok
        )
        response.headers[.location] = "\(Self.base)/\(found.record.id.text)"
        return response
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
        let (settlements, ledger) = try await common.append(all: entries, context)
        var results: [JSONValue] = []
        for settlement in settlements {
            var result: JSONObject = ["status": .number(JSONNumber(settlement.status.code))]
            switch settlement {
            case .accepted(let receipt, _):
                let found = try await common.record(receipt, in: ledger)
                result["log"] = .object(common.dialect.shown(found))
            case .refused(let problem):
                var output = JSONOutput()
                problem.body(requestID: context.requestID).append(to: &output)
                result["problem"] = try? JSONValue(parsing: output.bytes)
            }
            results.append(.object(result))
        }
        let accepted = settlements.count { $0.receipt != nil }
        return Response(
            .object([
                "created": .number(JSONNumber(accepted)),
                "failed": .number(JSONNumber(settlements.count - accepted)),
                "results": .array(results),
            ]),
            status: EventRoutes.status(of: settlements)
        )
    }

    // MARK: Out

    @Sendable
    private func show(_ request: Request, context: ServerContext) async throws -> Response {
        try QueryParameters(request).allow(only: [])
        return try await common.show(context, part: "log_id")
    }

    @Sendable
    private func list(_ request: Request, context: ServerContext) async throws -> Response {
        let parameters = try QueryParameters(request)
        try parameters.allow(only: [
            "action", "severity", "user_id", "resource_type", "resource_id", "search", "start_date",
            "end_date", "page", "page_size", "snapshot", "cursor",
        ])
        let (query, _) = try Self.query(parameters)
        let place = try common.pageNumber(
            parameters,
            preset: Self.pagePreset,
            limit: Self.pageLimit
        )
        return try await common.page(query, place, parameters, named: "logs", context)
    }

    /// What is asked for, and the words of a search as they were sent.
    private static func query(
        _ parameters: QueryParameters
    ) throws(Problem) -> (query: RecordQuery, words: String?) {
        var query = RecordQuery()
        for (name, key) in [
            ("action", FilterKey.action), ("user_id", .actorID), ("resource_type", .resourceType),
            ("resource_id", .resourceID),
        ] {
            if let value = try parameters.one(name) { query.filters.append(Filter(key, [value])) }
        }
        if let text = try parameters.one("severity") {
            guard let severity = LogsDialect.severity(text) else {
                throw Problem.parameter("severity", "one of DEBUG, INFO, WARNING, ERROR, CRITICAL")
            }
            query.filters.append(Filter(.severity, [severity.rawValue]))
        }
        let words = try parameters.one("search")
        query.text = try words.map { (text) throws(Problem) in
            try EventQuery.words(text, "search")
        }
        (query.occurredFrom, query.occurredTo) = try parameters.dialectRange()
        return (query, words)
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
            only: [
                "action", "severity", "user_id", "resource_type", "resource_id", "search",
                "start_date", "end_date",
            ]
        )
        let (query, search) = try Self.query(filters)
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

extension QueryParameters {
    /// `start_date` and `end_date` as a half-open range.
    func dialectRange() throws(Problem) -> (from: Timestamp?, to: Timestamp?) {
        var bounds: [Timestamp?] = []
        for (name, isEnd) in [("start_date", false), ("end_date", true)] {
            guard let text = try one(name) else {
                bounds.append(nil)
                continue
            }
            guard let bound = DialectTime.bound(text, isEnd: isEnd) else {
                throw Problem.parameter(name, "must be an ISO 8601 time or a date")
            }
            bounds.append(bound)
        }
        if let from = bounds[0], let to = bounds[1], from > to {
            throw Problem.parameter("start_date", "is after end_date")
        }
        return (bounds[0], bounds[1])
    }
}
