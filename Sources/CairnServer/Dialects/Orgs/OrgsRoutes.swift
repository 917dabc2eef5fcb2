// SPDX-License-Identifier: Apache-2.0

internal import Cairn
internal import CairnAPI
internal import CairnLedger
internal import HTTPTypes
internal import Hummingbird
internal import NIOCore

/// `/v1/orgs/{orgId}/audit`: events of an organisation, of a user, of a resource; a summary; exports.
///
/// The organisation is the credential's tenant: another one is not there. Errors are
/// `{"error": "<text>"}`.
struct OrgsRoutes: Sendable {
    /// The family's beginning.
    static let prefix = "/v1/orgs"
    private static let base = "/v1/orgs/{orgId}/audit"
    private static let (pagePreset, pageLimit): (UInt64, UInt64) = (50, 100)

    let common: DialectRoutes<OrgsDialect>

    var routes: [Route] {
        [
            Route(.post, Self.base, for: .holders(.eventsWrite), handler: create),
            Route(.get, Self.base, for: .holders(.eventsRead), handler: list),
            Route(
                .get,
                "\(Self.base)/users/{userId}",
                for: .holders(.eventsRead),
                handler: listOfUser
            ),
            Route(
                .get,
                "\(Self.base)/resources/{type}/{id}",
                for: .holders(.eventsRead),
                handler: listOfResource
            ),
            Route(.get, "\(Self.base)/summary", for: .holders(.eventsRead), handler: summarise),
            Route(.post, "\(Self.base)/export", for: .holders(.exportsWrite), handler: export),
        ]
    }

    // MARK: One event

    @Sendable
    private func create(_ request: Request, context: ServerContext) async throws -> Response {
        let organisation = try self.organisation(context)
        try QueryParameters(request).allow(only: [])
        let (found, isNew) = try await common.append(request, context) { members in
            // In storage and in files the id has another name.
            if let id = members["eventId"], members["id"] == nil {
                (members["id"], members["eventId"]) = (id, nil)
            }
            guard let named = members["orgId"] else { return }
            guard named.string == organisation else {
                throw Problem.member("orgId", "invalid_value", "is not that of the path")
            }
            members["orgId"] = nil
        }
        return Response(shown(found, organisation), status: isNew ? .created : .ok)
    }

    private func shown(_ found: FoundRecord, _ organisation: String) -> JSONValue {
        var members = common.dialect.shown(found)
        members["orgId"] = .string(organisation)
        return .object(members)
    }

    // MARK: Pages

    @Sendable
    private func list(_ request: Request, context: ServerContext) async throws -> Response {
        let organisation = try self.organisation(context)
        return try await page(request, context, organisation, more: ["userId", "resourceType"]) {
            parameters in
            var filters: [Filter] = []
            if let user = try parameters.one("userId") { filters.append(Filter(.actorID, [user])) }
            if let type = try parameters.one("resourceType") {
                filters.append(Filter(.resourceType, [type]))
            }
            if let outcome = try parameters.one("outcome") {
                guard ["SUCCESS", "FAILURE", "DENIED"].contains(outcome) else {
                    throw Problem(.invalidParameter, "Invalid outcome: \(outcome)")
                }
                filters.append(Filter(.outcome, [outcome.lowercased()]))
            }
            return filters
        }
    }

    @Sendable
    private func listOfUser(_ request: Request, context: ServerContext) async throws -> Response {
        let organisation = try self.organisation(context)
        let user = try part("userId", context, "orgId and userId are required")
        return try await page(request, context, organisation, more: []) { _ in
            [Filter(.actorID, [user])]
        }
    }

    @Sendable
    private func listOfResource(
        _ request: Request,
        context: ServerContext
    ) async throws -> Response {
        let organisation = try self.organisation(context)
        let missing = "orgId, resource type and id are required"
        let type = try part("type", context, missing)
        let id = try part("id", context, missing)
        return try await page(request, context, organisation, more: []) { _ in
            [.resource(type: type, id: id)]
        }
    }

    private func page(
        _ request: Request,
        _ context: ServerContext,
        _ organisation: String,
        more: Set<String>,
        _ filters: (QueryParameters) throws -> [Filter]
    ) async throws -> Response {
        let parameters = try QueryParameters(request)
        try parameters.allow(
            only: more.union([
                "startDate", "endDate", "eventType", "outcome", "pageSize", "startAt",
            ])
        )
        var query = RecordQuery()
        (query.occurredFrom, query.occurredTo) = try Self.range(
            try parameters.one("startDate"),
            try parameters.one("endDate")
        )
        query.filters = try filters(parameters) + Self.types(parameters.all("eventType"))
        let size = try Self.pageSize(parameters)
        var asked = LedgerReader.Request(
            query: query,
            limit: Int(size.used),
            cursor: try parameters.one("startAt")
        )
        asked.isOfEventsAlone = true
        let page = try await common.reader.page(asked, parameters, for: context)
        var body: JSONObject = [
            "items": .array(page.records.map { shown($0, organisation) }),
            "count": .number(JSONNumber(page.records.count)),
            "moreAvailable": .bool(page.next != nil),
        ]
        body["nextToken"] = page.next.map { .string($0) }
        var response = Response(.object(body))
        if size.used != size.asked { response.headers[.pageSize] = "\(size.used)" }
        return response
    }

    /// How many events a page has: what is asked for, drawn into what is allowed.
    private static func pageSize(
        _ parameters: QueryParameters
    ) throws(Problem) -> (asked: Int64, used: Int64) {
        guard let text = try parameters.one("pageSize") else {
            return (Int64(pagePreset), Int64(pagePreset))
        }
        guard let asked = Int64(text) else {
            throw Problem(.invalidParameter, "pageSize must be a whole number")
        }
        return (asked, min(max(asked, 1), Int64(pageLimit)))
    }

    // MARK: Summary

    @Sendable
    private func summarise(_ request: Request, context: ServerContext) async throws -> Response {
        _ = try organisation(context)
        let parameters = try QueryParameters(request)
        try parameters.allow(only: ["startDate", "endDate"])
        let (from, to) = try Self.range(
            try parameters.one("startDate"),
            try parameters.one("endDate")
        )
        let days = to.day.daysSinceEpoch - from.day.daysSinceEpoch + 1
        guard days <= common.configuration.statisticsDays else {
            throw Problem(
                .rangeTooLong,
                "A summary spans at most \(common.configuration.statisticsDays) days"
            )
        }
        let counts = try await common.statistics(from: from, to: to, parameters, context)
        return Response(OrgsSummary.body(counts, from: from, to: to))
    }

    // MARK: Exports

    @Sendable
    private func export(_ request: Request, context: ServerContext) async throws -> Response {
        _ = try organisation(context)
        try QueryParameters(request).allow(only: [])
        let members: JSONObject
        do throws(Problem) {
            members = try Members.read(
                Array(try await Self.body(request, common.configuration).readableBytesView)
            )
        } catch {
            throw Problem(.malformedBody, "Invalid JSON body")
        }
        guard let range = members["dateRange"]?.object, let start = range["startDate"]?.string,
            let end = range["endDate"]?.string
        else { throw Problem(.malformedBody, "dateRange with startDate and endDate is required") }
        var query = RecordQuery()
        (query.occurredFrom, query.occurredTo) = try Self.range(start, end)
        if let value = members["eventTypes"], value != .null {
            guard let names = value.array?.map(\.string), !names.contains(nil) else {
                throw Problem(.malformedBody, "eventTypes must be a list of texts")
            }
            query.filters = try Self.types(names.compactMap { $0 })
        }
        let format = members["format"] ?? "json"
        guard let name = format.string?.lowercased(), ["csv", "json"].contains(name) else {
            let shown = format.string ?? CanonicalJSON(format).text
            throw Problem(
                .malformedBody,
                "Invalid format: \(shown.prefix(64)). Use 'csv' or 'json'"
            )
        }
        let job = try await common.exports.begin(
            query,
            format: name == "csv" ? .csv : .json,
            columns: "orgs/1",
            for: context
        )
        var response = Response(
            .object([
                "exportId": .string(job.id), "status": .string(job.state.rawValue),
                "s3Key": .string(job.fileKey?.text ?? ""),
                "downloadUrl": .string(job.downloadPath),
                "expiresAt": .string(common.exports.end(of: job).millisecondsText),
                "recordCount": .number(JSONNumber(job.counts.matched)),
            ]),
            status: .accepted
        )
        response.headers[.location] = "\(Path.exports)/\(job.id)"
        return response
    }

    private static func body(
        _ request: Request,
        _ configuration: ServerConfiguration
    ) async throws(Problem) -> ByteBuffer {
        do {
            return try await request.body(upTo: configuration.requestBytes)
        } catch {
            throw Problem(telling: error)
        }
    }

    // MARK: Errors

    /// What a caller of this family is told of a problem.
    static func text(of problem: Problem) -> String {
        switch problem.code {
        case .unauthenticated: "Unauthorized"
        case .forbidden: "Forbidden"
        case .notFound, .routeNotFound: "Not found"
        case .internalError, .ledgerCorrupt: "Internal error"
        case .invalidCursor: "invalid cursor"
        default: problem.detail ?? problem.code.title
        }
    }

    // MARK: Parts

    /// The organisation of the path, which is the caller's tenant.
    ///
    /// - Throws: ``Problem`` of code ``Problem/Code/notFound`` for another one.
    private func organisation(_ context: ServerContext) throws -> String {
        let principal = try context.caller()
        let name = try part("orgId", context, "orgId is required")
        guard name.utf8.elementsEqual(principal.tenant.utf8) else {
            common.services.tally.noteRefusal("other_tenant", of: principal, from: context.client)
            throw Problem(.notFound)
        }
        return name
    }

    /// A part of the path, decoded.
    private func part(
        _ name: String,
        _ context: ServerContext,
        _ missing: String
    ) throws(Problem) -> String {
        guard let text = QueryParameters.decode(path: context.part(name)), !text.isEmpty else {
            throw Problem(.invalidParameter, missing)
        }
        return text
    }

    /// A half-open range of time; a bare date as the end means the end of that day.
    private static func range(
        _ start: String?,
        _ end: String?
    ) throws(Problem) -> (from: Timestamp, to: Timestamp) {
        guard let start, let end, !start.isEmpty, !end.isEmpty else {
            throw Problem(.invalidParameter, "startDate and endDate are required")
        }
        guard let from = DialectTime.bound(start, isEnd: false),
            let to = DialectTime.bound(end, isEnd: true)
        else { throw Problem(.invalidParameter, "Invalid date format. Use ISO 8601") }
        guard from <= to else {
            throw Problem(.invalidParameter, "startDate must not be after endDate")
        }
        return (from, to)
    }

    private static func types(_ names: [String]) throws(Problem) -> [Filter] {
        guard !names.isEmpty else { return [] }
        var values: [String] = []
        for name in names {
            guard let known = OrgsDialect.values(of: name) else {
                throw Problem(.invalidParameter, "Invalid eventType: \(name.prefix(128))")
            }
            values += known
        }
        return [Filter(.type, Set(values).sorted())]
    }
}
