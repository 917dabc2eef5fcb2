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
            Route(.post, Self.exports, for: .holders(.eventsRead), handler: export),
            Route(.get, Self.exports, for: .holders(.eventsRead), handler: listExports),
            Route(.get, "\(Self.exports)/formats", for: .holders(.eventsRead), handler: formats),
            Route(.get, "\(Self.exports)/{id}", for: .holders(.eventsRead), handler: showExport),
            Route(
                .get,
                "\(Self.exports)/{id}/download",
                for: .holders(.eventsRead),
                handler: showExport
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
        if let text = try parameters.one("search") {
            query.text = try EventQuery.words(text, "search")
        }
        (query.occurredFrom, query.occurredTo) = try parameters.dialectRange()
        let place = try common.pageNumber(
            parameters,
            preset: Self.pagePreset,
            limit: Self.pageLimit
        )
        return try await common.page(query, place, parameters, named: "events", context)
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
            let last = await verifications.lastVerdict(tenant: principal.tenant)
            body["chain_verification"] = last.flatMap(AuditRoutes.facts) ?? ["status": "never_run"]
        }
        return Response(.object(body))
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

    // MARK: What this version has not

    @Sendable
    private func export(_ request: Request, context: ServerContext) async throws -> Response {
        throw Problem(.notImplemented, "This version has no exports.")
    }

    @Sendable
    private func listExports(_ request: Request, context: ServerContext) async throws -> Response {
        Response(.object(["exports": [], "count": 0]))
    }

    @Sendable
    private func formats(_ request: Request, context: ServerContext) async throws -> Response {
        Response(.object(["formats": []]))
    }

    @Sendable
    private func showExport(_ request: Request, context: ServerContext) async throws -> Response {
        throw Problem(.notFound)
    }
}
