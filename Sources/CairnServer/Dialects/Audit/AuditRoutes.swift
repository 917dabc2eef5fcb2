// SPDX-License-Identifier: Apache-2.0

internal import Cairn
internal import CairnAPI
internal import CairnLedger
internal import HTTPTypes
internal import Hummingbird

/// `/api/v1/audit` and `/api/v1/export`: events with the hash chain, its verification, counts, exports.
struct AuditRoutes: Sendable {
    private static let base = "/api/v1/audit"
    private static let exports = "/api/v1/export"
    private static let (pagePreset, pageLimit) = (50, 1000)
    /// How long a caller waits for a verification before it is told where to ask again.
    private static let patience = Duration.seconds(20)

    let common: DialectRoutes<AuditDialect>
    let verifications: VerificationJobs

    var routes: [Route] {
        [
            Route(.post, Self.base, for: .holders(.eventsWrite), handler: create),
            Route(.get, Self.base, for: .holders(.eventsRead), handler: list),
            Route(.get, "\(Self.base)/stats", for: .holders(.eventsRead), handler: count),
            Route(
                .post,
                "\(Self.base)/verify",
                for: .holders(.ledgerVerify),
                isWhole: true,
                handler: verify
            ),
            Route(.get, "\(Self.base)/{id}", for: .holders(.eventsRead), handler: show),
            Route(.post, Self.exports, for: .holders(.exportsWrite), handler: export),
            Route(.get, Self.exports, for: .holders(.exportsRead), handler: listExports),
            Route(.get, "\(Self.exports)/formats", for: .holders(.exportsRead), handler: formats),
            Route(.get, "\(Self.exports)/{id}", for: .holders(.exportsRead), handler: showExport),
            Route(
                .get,
                "\(Self.exports)/{id}/download",
                for: .holders(.exportsRead),
                handler: download
            ),
        ]
    }

    // MARK: Events

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
    private func show(_ request: Request, context: ServerContext) async throws -> Response {
        try QueryParameters(request).allow(only: [])
        return try await common.show(context, part: "id")
    }

    @Sendable
    private func list(_ request: Request, context: ServerContext) async throws -> Response {
        let parameters = try QueryParameters(request)
        try parameters.allow(only: [
            "event_type", "user_id", "action", "resource_type", "resource_id", "risk_level",
            "ip_address", "search", "start_date", "end_date", "page", "page_size", "snapshot",
            "cursor",
        ])
        let (query, _) = try Self.query(parameters)
        let place = try common.pageNumber(
            parameters,
            preset: Self.pagePreset,
            limit: Self.pageLimit
        )
        return try await common.page(query, place, parameters, named: "events", context)
    }

    /// What is asked for, and the words of a search as they were sent.
    private static func query(
        _ parameters: QueryParameters
    ) throws(Problem) -> (query: RecordQuery, words: String?) {
        var query = RecordQuery()
        for (name, key) in [
            ("event_type", FilterKey.type), ("user_id", .actorID), ("action", .action),
            ("resource_type", .resourceType), ("resource_id", .resourceID), ("ip_address", .ip),
        ] {
            if let value = try parameters.one(name) { query.filters.append(Filter(key, [value])) }
        }
        if let text = try parameters.one("risk_level") {
            guard let risk = Risk(rawValue: text.lowercased()) else {
                throw Problem.parameter("risk_level", "one of low, medium, high, critical")
            }
            query.filters.append(Filter(.risk, [risk.rawValue]))
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
        try parameters.allow(only: [])
        let all = try await common.statistics(from: nil, to: nil, parameters, context)
        let day = common.services.clock.now().advanced(byMilliseconds: -86_400_000)
        let recent = try await common.statistics(from: day, to: nil, parameters, context)
        let principal = try context.caller()
        var body: JSONObject = [
            "total_events": .number(JSONNumber(all.total)),
            "events_last_24h": .number(JSONNumber(recent.total)),
            "unique_users_last_24h": .number(JSONNumber(recent.distinctActors)),
            "high_risk_events": .number(
                JSONNumber(
                    [Risk.high, .critical].reduce(0) { $0 + (all.byRisk[$1.rawValue] ?? 0) }
                )
            ),
            "events_by_type": all.byType.json,
            "events_by_risk_level": all.byRisk.json,
        ]
        // What the whole ledger is found to be is not for who is shown a part.
        if principal.narrowing.isEmpty {
            let last = try await verifications.lastVerdict(tenant: principal.tenant)
            body["chain_verification"] = last.flatMap(AuditRoutes.facts) ?? ["status": "never_run"]
        }
        return Response(.object(body))
    }

    // MARK: Exports

    @Sendable
    private func export(_ request: Request, context: ServerContext) async throws -> Response {
        try QueryParameters(request).allow(only: ["requested_by"])
        let members = try Members.read(
            try await request.jsonBody(upTo: common.configuration.requestBytes)
        )
        let known: Set = ["job_name", "export_format", "filters"]
        if let stranger = members.first(where: { !known.contains($0.name) }) {
            throw Problem.member(stranger.name, "unknown_member", "is not a member of a job")
        }
        let words = ["csv", "json", "xlsx"]
        guard let word = members["export_format"]?.string, words.contains(word),
            let format = ExportFormat(rawValue: word)
        else {
            throw Problem.member(
                "export_format",
                "invalid_value",
                "one of \(words.joined(separator: ", "))"
            )
        }
        let filters = try QueryParameters(
            of: members["filters"],
            named: "filters",
            only: [
                "event_type", "user_id", "action", "resource_type", "resource_id", "risk_level",
                "ip_address", "search", "start_date", "end_date",
            ]
        )
        let (query, search) = try Self.query(filters)
        let job = try await common.exports.begin(
            query,
            words: search,
            name: try Self.name(members["job_name"]),
            format: format,
            columns: format == .json ? "audit/1" : nil,
            for: context
        )
        var response = Response(.object(shown(job)), status: .accepted)
        response.headers[.location] = "\(Self.exports)/\(job.id)"
        return response
    }

    private static func name(_ value: JSONValue?) throws(Problem) -> String? {
        guard let value else { return nil }
        guard let name = value.string else {
            throw .member("job_name", "wrong_type", "must be a text")
        }
        return name
    }

    @Sendable
    private func listExports(_ request: Request, context: ServerContext) async throws -> Response {
        try QueryParameters(request).allow(only: [])
        let jobs = try await common.exports.jobs.jobs(of: try context.caller())
        return Response(
            .object([
                "exports": .array(jobs.map { .object(shown($0)) }),
                "count": .number(JSONNumber(jobs.count)),
            ])
        )
    }

    @Sendable
    private func formats(_ request: Request, context: ServerContext) async throws -> Response {
        try QueryParameters(request).allow(only: [])
        return Response(.object(["formats": ["csv", "json", "xlsx"]]))
    }

    @Sendable
    private func showExport(_ request: Request, context: ServerContext) async throws -> Response {
        try QueryParameters(request).allow(only: [])
        return Response(
            .object(shown(try await common.exports.job(context.part("id"), for: context)))
        )
    }

    @Sendable
    private func download(_ request: Request, context: ServerContext) async throws -> Response {
        try QueryParameters(request).allow(only: [])
        let job = try await common.exports.job(context.part("id"), for: context)
        let link = try await common.exports.jobs.link(to: job, for: try context.caller())
        return Response(
            .object([
                "download_url": .string(link),
                "expires_at": .string(common.exports.end(of: job).millisecondsText),
            ])
        )
    }

    private func shown(_ job: ExportJob) -> JSONObject {
        var members: JSONObject = [
            "id": .string(job.id), "job_name": .string(job.request.name),
            "export_format": .string(job.request.format.rawValue),
            "status": .string(job.state.rawValue),
            "requested_by": job.requester["subject"] ?? job.requester["id"] ?? "anonymous",
            "filters": .object(job.request.filter),
            "total_records": .number(JSONNumber(job.counts.matched)),
            "created_at": .string(job.createdAt.millisecondsText),
        ]
        members["completed_at"] = job.finishedAt.map { .string($0.millisecondsText) }
        members["expires_at"] = job.expiresAt.map { .string($0.millisecondsText) }
        members["file_size"] = job.file.map { .number(JSONNumber($0.bytes)) }
        members["error"] = job.failure.map { .string($0) }
        return members
    }

    // MARK: Verification

    /// Verifies the chain and waits for the verdict; a long one goes on by itself.
    @Sendable
    private func verify(_ request: Request, context: ServerContext) async throws -> Response {
        try QueryParameters(request).allow(only: [])
        let principal = try context.caller()
        let bytes = try await request.jsonBody(upTo: common.configuration.requestBytes)
        let scope = try bytes.isEmpty ? AuditScope() : AuditRoutes.scope(try Members.read(bytes))
        let job = try await VerificationRoutes(
            configuration: common.configuration,
            services: common.services,
            verifications: verifications
        ).begin(scope, for: principal)
        let deadline = ContinuousClock.now + Self.patience
        var known = job
        while !known.isFinished, ContinuousClock.now < deadline {
            try await Task.sleep(for: .milliseconds(20))
            guard let now = try await verifications.job(job.id, tenant: principal.tenant) else {
                break
            }
            known = now
        }
        guard known.isFinished, let facts = AuditRoutes.facts(known) else {
            var response = Response(known.document, type: MediaType.json, status: .accepted)
            response.headers[.location] = "\(Path.verifications)/\(job.id)"
            return response
        }
        return Response(facts)
    }

    /// What is to be verified: all of it, or a range.
    private static func scope(_ members: JSONObject) throws(Problem) -> AuditScope {
        var scope = AuditScope()
        for (name, value) in members {
            switch name {
            case "verify_all":
                guard value.bool != nil else {
                    throw .member(name, "wrong_type", "must be true or false")
                }
            case "from", "to":
                guard let number = value.integer, number >= 0 else {
                    throw .member(name, "invalid_value", "must be a whole number")
                }
                if name == "from" { scope.from = UInt64(number) } else { scope.to = UInt64(number) }
            default: throw .member(name, "unknown_member", "is not a member of this request")
            }
        }
        guard members["verify_all"]?.bool != true || scope.from == 0 && scope.to == nil else {
            throw .member("verify_all", "invalid_value", "excludes from and to")
        }
        guard scope.to.map({ scope.from <= $0 }) ?? true else {
            throw .member("from", "invalid_value", "is more than to")
        }
        return scope
    }

    /// What a verification found; nil for one without a verdict.
    private static func facts(_ job: VerificationJob) -> JSONValue? {
        guard let report = job.report, let document = try? JSONValue(parsing: job.document) else {
            return nil
        }
        var facts: JSONObject = [
            "id": .string(job.id),
            "status": .string(report.holds ? "valid" : "invalid"),
            "is_valid": .bool(report.holds),
            "total_events": .number(JSONNumber(report.size)),
            "verified_events": .number(JSONNumber(job.checked)),
            "fault_count": .number(JSONNumber(report.faults.count)),
            "first_fault": document["faults"]?[0] ?? .null,
            "trusted": document["trusted"] ?? .null,
        ]
        facts["verified_at"] = job.finishedAt.map { .string($0.millisecondsText) }
        return .object(facts)
    }
}
