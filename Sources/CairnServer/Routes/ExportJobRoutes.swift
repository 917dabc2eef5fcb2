// SPDX-License-Identifier: Apache-2.0

internal import Cairn
internal import CairnAPI
internal import CairnLedger
internal import HTTPTypes
internal import Hummingbird

/// `/v1/exports`: packages of records that prove themselves, made in the background.
struct ExportJobRoutes: Sendable {
    let configuration: ServerConfiguration
    let services: ServerServices

    /// How many of the newest exports are listed.
    private static let listed = 1000

    private var exports: ExportServices { services.exports }

    var routes: [Route] {
        [
            Route(.post, Path.exports, for: .holders(.exportsWrite), handler: create),
            Route(.get, Path.exports, for: .holders(.exportsRead), handler: list),
            Route(.get, Path.exportFormats, for: .holders(.exportsRead), handler: formats),
            Route(.get, Path.export, for: .holders(.exportsRead), handler: show),
            Route(.delete, Path.export, for: .holders(.exportsWrite), handler: cancel),
            Route(.get, Path.exportDownload, for: .holders(.exportsRead), handler: download),
        ]
    }

    // MARK: Asking

    @Sendable
    private func create(_ request: Request, context: ServerContext) async throws -> Response {
        try QueryParameters(request).allow(only: [])
        let bytes = try await request.jsonBody(upTo: configuration.requestBytes)
        let members = bytes.isEmpty ? JSONObject() : try Members.read(bytes)
        let job = try await submit(members, for: try context.caller())
        var response = Response(.object(shown(job)), status: .accepted)
        response.headers[.location] = "\(Path.exports)/\(job.id)"
        return response
    }

    /// Queues an export that a caller asks for, and records that it did.
    ///
    /// - Throws: ``Problem`` naming the member that breaks a rule.
    func submit(_ members: JSONObject, for principal: Principal) async throws -> ExportJob {
        let asked = try Self.read(members, exports)
        let values = asked.filter.reduce(0) { $0 + ($1.value.array?.count ?? 1) }
        guard values <= configuration.filterValues else {
            throw Problem.member(
                "filter",
                "invalid_value",
                "has \(values) values; \(configuration.filterValues) are allowed"
            )
        }
        guard !asked.isAccounted || principal.narrowing.isEmpty else {
            throw Problem.member(
                "accounted",
                "invalid_value",
                "needs a credential that is shown the whole ledger"
            )
        }
        try services.requireGood(principal)
        do {
            // What is refused is no record.
            try await exports.exports.admit(principal.tenant)
            var entry = SelfRecorder.Entry(.reads, "export.requested")
            entry.details = asked.json
            try await services.recorder.record(entry, in: principal.tenant, by: principal)
            return try await exports.exports.submit(
                asked,
                tenant: principal.tenant,
                narrowing: principal.narrowing,
                requester: principal.facts
            )
        } catch Exports.Refusal.tooMany(let limit) {
            throw Problem(
                .tooManyExports,
                "A tenant has at most \(limit) exports that wait or run: cancel one, or come again."
            )
        } catch Exports.Refusal.tooMuch(let bytes) {
            throw Problem(
                .tooManyExports,
                "The files of a tenant's exports have at most \(bytes >> 30) GiB: delete one, or wait."
            )
        }
    }

    private static func read(
        _ members: JSONObject,
        _ exports: ExportServices
    ) throws(Problem) -> ExportRequest {
        do throws(RecordQuery.Malformed) {
            let asked = try ExportRequest(members)
            try exports.check(asked)
            return asked
        } catch {
            throw .member(error.member, "invalid_value", error.rule)
        }
    }

    // MARK: Showing

    @Sendable
    private func list(_ request: Request, context: ServerContext) async throws -> Response {
        let principal = try context.caller()
        let parameters = try QueryParameters(request)
        try parameters.allow(only: ["limit", "cursor"])
        let page = try ListPage(
            of: try await jobs(of: principal),
            parameters,
            named: "exports \(principal.tenant)",
            \.id,
            services.cursors,
            configuration
        )
        return Response(page.json("exports") { .object(shown($0)) })
    }

    /// The newest exports that a caller may see.
    func jobs(of principal: Principal) async throws -> [ExportJob] {
        let newest = try await exports.exports.jobs(
            tenant: principal.tenant,
            before: nil,
            limit: Self.listed
        )
        return newest.filter { principal.sees($0) }
    }

    @Sendable
    private func show(_ request: Request, context: ServerContext) async throws -> Response {
        try QueryParameters(request).allow(only: [])
        let job = try await job(context.part("id"), for: try context.caller())
        return Response(.object(shown(job)))
    }

    /// An export that a caller may see.
    ///
    /// - Throws: ``Problem`` where there is none.
    func job(_ id: String, for principal: Principal) async throws -> ExportJob {
        let found = try await exports.exports.job(id, tenant: principal.tenant)
        guard let found, principal.sees(found) else { throw Problem(.notFound) }
        return found
    }

    /// An export as callers are shown it, with its rate of now.
    private func shown(_ job: ExportJob) -> JSONObject {
        var members = job.json
        if job.state == .running, let startedAt = job.startedAt,
            var progress = members["progress"]?.object
        {
            let elapsed = services.clock.now().milliseconds - startedAt.milliseconds
            let checked = Int64(job.next - job.range.lowerBound)
            progress["rate"] = .number(JSONNumber(checked * 1000 / max(elapsed, 1)))
            members["progress"] = .object(progress)
        }
        return members
    }

    @Sendable
    private func formats(_ request: Request, context: ServerContext) async throws -> Response {
        try QueryParameters(request).allow(only: [])
        return Response(["formats": .array(ExportFormat.allCases.map(\.facts))])
    }

    // MARK: Ending

    @Sendable
    private func cancel(_ request: Request, context: ServerContext) async throws -> Response {
        let principal = try context.caller()
        try QueryParameters(request).allow(only: [])
        let known = try await job(context.part("id"), for: principal)
        if !known.isFinished || known.state == .done {
            let type = known.state == .done ? "export.removed" : "export.cancelled"
            try await record(type, known, principal)
        }
        let cancelled = try await exports.exports.cancel(known.id, tenant: principal.tenant)
        guard let cancelled else { throw Problem(.notFound) }
        return Response(.object(shown(cancelled)))
    }

    @Sendable
    private func download(_ request: Request, context: ServerContext) async throws -> Response {
        let principal = try context.caller()
        try QueryParameters(request).allow(only: [])
        let job = try await job(context.part("id"), for: principal)
        let link = try await link(to: job, for: principal)
        return Response(
            status: .found,
            headers: [.location: link, .cacheControl: "no-store", .referrerPolicy: "no-referrer"]
        )
    }

    /// A link to a finished export, once it is recorded who gets it.
    ///
    /// - Throws: ``Problem`` for an export that has no file.
    func link(to job: ExportJob, for principal: Principal) async throws -> String {
        let now = services.clock.now()
        switch job.state {
        case .done where job.expiresAt ?? now > now: break
        case .done, .expired: throw Problem(.exportExpired, "Ask for a new export.")
        case .failed: throw Problem(.exportNotDone, "It failed: \(job.failure ?? "").")
        case .queued, .running, .cancelled:
            throw Problem(.exportNotDone, "It is \(job.state.rawValue).")
        }
        try services.requireGood(principal)
        try await record("export.downloaded", job, principal)
        do throws(ObjectError) {
            if let link = try await exports.link(to: job, now: now) { return link }
        } catch {
            throw Problem(.unavailable, "Send it again.", cause: error)
        }
        throw Problem(.notFound)
    }

    private func record(
        _ type: String,
        _ job: ExportJob,
        _ principal: Principal
    ) async throws {
        var entry = SelfRecorder.Entry(.reads, type)
        entry.resources = [Event.Resource(type: "export", id: job.id)]
        try await services.recorder.record(entry, in: principal.tenant, by: principal)
    }
}

extension Principal {
    /// Whether an export is of what it is shown: all of it, or the same part.
    fileprivate func sees(_ job: ExportJob) -> Bool {
        narrowing.isEmpty || narrowing == job.narrowing
    }

    /// Who it is, as an export says who asked for it.
    fileprivate var facts: JSONObject {
        var facts: JSONObject = ["kind": .string("\(kind)")]
        facts["id"] = id.map { .string($0) }
        facts["subject"] = subject.map { .string($0) }
        return facts
    }
}

extension ExportFormat {
    /// What there is to know of a format.
    fileprivate var facts: JSONValue {
        let (type, words) =
            switch self {
            case .csv: ("text/csv; charset=utf-8; header=present", "rows of a set of columns")
            case .json: (MediaType.json, "one array of records")
            case .ndjson: (MediaType.ndjson, "a record a line")
            case .xlsx:
                (
                    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
                    "a workbook of a set of columns"
                )
            }
        let compressions = self == .xlsx ? [.none] : ExportCompression.allCases
        var members: JSONObject = [
            "format": .string(rawValue), "media_type": .string(type),
            "description": .string(words),
            "compressions": .array(compressions.map { .string($0.rawValue) }),
        ]
        if isTable {
            members["columns"] = .array(ExportColumns.allCases.map { .string($0.rawValue) })
        }
        return .object(members)
    }
}
