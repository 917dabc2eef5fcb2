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
    private static let filters = DialectFilters(
        keys: [
            ("event_type", .type), ("user_id", .actorID), ("action", .action),
            ("resource_type", .resourceType), ("resource_id", .resourceID), ("ip_address", .ip),
        ],
        words: DialectFilters.Words(
            name: "risk_level",
            key: .risk,
            rule: "one of low, medium, high, critical",
            known: { Risk(rawValue: $0.lowercased())?.rawValue }
        )
    )
    /// How long a caller waits for a verification before it is told where to ask again.
    private static let patience = Duration.seconds(20)

    let common: DialectRoutes<AuditDialect>
    let verification: VerificationRoutes
    private var jobs: VerificationJobs { verification.verifications }

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
        try await common.create(request, context, under: Self.base)
    }

    @Sendable
    private func show(_ request: Request, context: ServerContext) async throws -> Response {
        try await common.show(request, context, part: "id")
    }

    @Sendable
    private func list(_ request: Request, context: ServerContext) async throws -> Response {
        try await common.list(
            request,
            context,
            by: Self.filters,
            preset: Self.pagePreset,
            limit: Self.pageLimit,
            named: "events"
        )
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
            let last = try await jobs.lastVerdict(tenant: principal.tenant)
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
            only: Self.filters.names
        )
        let (query, search) = try Self.filters.query(filters)
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
        let job = try await verification.begin(scope, for: principal)
        let deadline = ContinuousClock.now + Self.patience
        var (known, pause) = (job, Duration.milliseconds(20))
        while !known.isFinished, ContinuousClock.now < deadline {
            try await Task.sleep(for: pause)
            pause = min(pause * 2, .seconds(1))
            // It goes on whether or not one can look at it.
            guard let now = try? await jobs.job(job.id, tenant: principal.tenant) else { break }
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
