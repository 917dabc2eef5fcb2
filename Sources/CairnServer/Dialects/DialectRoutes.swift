// SPDX-License-Identifier: Apache-2.0

internal import Cairn
internal import CairnAPI
internal import CairnLedger
internal import HTTPTypes
internal import Hummingbird
internal import NIOCore

/// What the routes of every dialect have in common: the one way in, and the one way out.
struct DialectRoutes<Spoken: Dialect>: Sendable {
    let dialect: Spoken
    let configuration: ServerConfiguration
    let services: ServerServices
    let metrics: RequestMetrics
    let quotas: Quotas
    /// Exports, as every dialect asks for them.
    let exports: DialectExports
    /// Lets one part of a ledger be counted at a time.
    private let turns = Turns(1)

    init(
        _ dialect: Spoken,
        _ configuration: ServerConfiguration,
        _ services: ServerServices,
        _ metrics: RequestMetrics,
        _ quotas: Quotas
    ) {
        self.dialect = dialect
        self.configuration = configuration
        self.services = services
        self.metrics = metrics
        self.quotas = quotas
        exports = DialectExports(configuration, services)
    }

    /// Who reads records.
    var reader: RecordReader {
        RecordReader(configuration: configuration, services: services)
    }

    // MARK: In

    /// Records one event, and answers with its record and where it is.
    func create(
        _ request: Request,
        _ context: ServerContext,
        under base: String
    ) async throws -> Response {
        try QueryParameters(request).allow(only: [])
        let (found, isNew) = try await append(request, context)
        var response = Response(.object(dialect.shown(found)), status: isNew ? .created : .ok)
        response.headers[.location] = "\(base)/\(found.record.id.text)"
        return response
    }

    /// Records one event of a request's body.
    ///
    /// - Throws: ``Problem`` for a body that is none, and for an event that is not recorded.
    func append(
        _ request: Request,
        _ context: ServerContext,
        _ change: (inout JSONObject) throws -> Void = { _ in }
    ) async throws -> (found: FoundRecord, isNew: Bool) {
        let (principal, ledger, intake) = try await begin(context)
        let bytes = try await request.jsonBody(upTo: configuration.bulkBytes)
        let limit = services.preparer.limits.eventBytes
        guard bytes.count <= limit else {
            throw Problem(.bodyTooLarge, "An event is at most \(limit) bytes.")
        }
        var members = try Members.read(bytes, limits: limits)
        try services.requireGood(principal)
        try change(&members)
        quotas.charge(principal, events: 1, bytes: bytes.count)
        let value = JSONValue.object(members)
        let event: PreparedEvent
        switch read(value, Self.size(of: value), at: 0, context, principal) {
        case .success(let read): event = read
        case .failure(let problem):
            intake.countRejected()
            throw problem
        }
        switch await intake.settle(event) {
        case .refused(let problem): throw problem
        case .accepted(let receipt, let isNew):
            return (try await record(of: event, receipt, isNew, in: ledger), isNew)
        }
    }

    /// Records the events of an array; each has a settlement, in order, and its record if it has one.
    func append(
        all values: [JSONValue],
        _ context: ServerContext
    ) async throws -> [(settlement: Settlement, found: FoundRecord?)] {
        let (principal, ledger, intake) = try await begin(context)
        try services.requireGood(principal)
        let sizes = values.map(Self.size)
        try quotas.admitEvents(principal)
        quotas.charge(principal, events: values.count, bytes: sizes.reduce(0, +))
        let events = zip(values, sizes).enumerated().map {
            read($1.0, $1.1, at: $0, context, principal)
        }
        var settled: [(settlement: Settlement, found: FoundRecord?)] = []
        for (event, settlement) in zip(events, await intake.settle(events)) {
            var found: FoundRecord?
            if case (.success(let event), .accepted(let receipt, let isNew)) = (event, settlement) {
                found = try await record(of: event, receipt, isNew, in: ledger)
            }
            settled.append((settlement, found))
        }
        return settled
    }

    private func begin(
        _ context: ServerContext
    ) async throws -> (principal: Principal, ledger: Ledger, intake: Intake) {
        let principal = try context.caller()
        let ledger = try await services.ledgers.ledger(of: principal.tenant)
        let intake = Intake(
            ledger: ledger,
            store: services.store,
            metrics: metrics,
            wantsProof: false,
            logger: context.logger
        )
        return (principal, ledger, intake)
    }

    /// How much JSON one body may hold.
    var limits: JSONLimits {
        JSONLimits(
            depth: services.preparer.limits.documentDepth + 3,
            bytes: configuration.bulkBytes
        )
    }

    /// The bytes of an event in its one encoding, however it was written.
    private static func size(of value: JSONValue) -> Int {
        CanonicalJSON(value).bytes.count
    }

    private func read(
        _ value: JSONValue,
        _ size: Int,
        at position: Int,
        _ context: ServerContext,
        _ principal: Principal
    ) -> Result<PreparedEvent, Problem> {
        do throws(InvalidEvent) {
            guard let members = value.object else {
                throw InvalidEvent(field: "", code: .wrongType, message: "an event is an object")
            }
            let limits = services.preparer.limits
            guard size <= limits.eventBytes else {
                throw InvalidEvent(
                    field: "",
                    code: .tooLarge,
                    message: "an event is at most \(limits.eventBytes) bytes"
                )
            }
            let (event, wire) = try dialect.read(members, limits: limits)
            // An id of another form names the event all the same, whenever it is sent.
            let ownID = event.id == nil ? event.externalID : nil
            return .success(
                try services.preparer.prepare(
                    event,
                    of: principal.tenant,
                    by: principal,
                    fallbackID: ownID.map { services.idempotency.eventID(named: $0, principal) }
                        ?? context.requestName.map {
                            services.idempotency.eventID($0, at: position)
                        },
                    dialect: wire
                )
            )
        } catch {
            return .failure(Problem(telling: Spoken.translated(error)))
        }
    }

    /// The record of an event, which its writer may be shown.
    private func record(
        of event: PreparedEvent,
        _ receipt: Receipt,
        _ isNew: Bool,
        in ledger: Ledger
    ) async throws -> FoundRecord {
        // What is recorded now is this event; what was before may have had other defaults.
        guard !isNew else {
            return FoundRecord(
                record: StoredRecord(event, receipt),
                previousHash: receipt.previousHash
            )
        }
        let records = try await services.store.records(
            in: ledger.tenant.ledger,
            at: receipt.index..<receipt.index + 1,
            contents: true
        )
        guard let record = records.first else {
            throw StoreError.corrupt("record \(receipt.index) is not in the store")
        }
        return FoundRecord(record: record, previousHash: receipt.previousHash)
    }

    // MARK: Out

    /// Where one of many pages is, by its number.
    private struct PageNumber {
        let number: Int
        let size: Int
        let snapshot: UInt64?
        let cursor: String?
    }

    /// How many records a page with a number may pass over.
    private static var skippedLimit: Int { 10_000 }

    /// Reads `page`, `page_size`, `snapshot` and `cursor`.
    ///
    /// - Throws: ``Problem`` naming the parameter that is wrong.
    private func pageNumber(
        _ parameters: QueryParameters,
        preset: Int,
        limit: Int
    ) throws(Problem) -> PageNumber {
        let number = try parameters.number("page") ?? 1
        let size = try parameters.number("page_size") ?? UInt64(preset)
        guard number >= 1 else { throw .parameter("page", "must be from 1") }
        guard (1...UInt64(limit)).contains(size) else {
            throw .parameter("page_size", "must be from 1 to \(limit)")
        }
        let cursor = try parameters.one("cursor")
        guard cursor == nil || number == 1 else {
            throw .parameter("page", "excludes cursor, which goes on where a page ended")
        }
        guard (number - 1).multipliedReportingOverflow(by: size).overflow == false,
            (number - 1) * size <= UInt64(Self.skippedLimit)
        else {
            throw .parameter("page", "passes over more than \(Self.skippedLimit); use cursor")
        }
        return PageNumber(
            number: Int(number),
            size: Int(size),
            snapshot: try parameters.number("snapshot"),
            cursor: cursor
        )
    }

    /// A page of the records that a request asks for.
    func list(
        _ request: Request,
        _ context: ServerContext,
        by filters: DialectFilters,
        preset: Int,
        limit: Int,
        named list: String
    ) async throws -> Response {
        let parameters = try QueryParameters(request)
        try parameters.allow(
            only: filters.names.union(["page", "page_size", "snapshot", "cursor"])
        )
        let query = try filters.query(parameters).query
        let place = try pageNumber(parameters, preset: preset, limit: limit)
        return try await page(query, place, parameters, named: list, context)
    }

    /// A page by its number, or by a cursor, in the dialect's members.
    private func page(
        _ query: RecordQuery,
        _ place: PageNumber,
        _ parameters: QueryParameters,
        named list: String,
        _ context: ServerContext
    ) async throws -> Response {
        var asked = LedgerReader.Request(query: query, limit: place.size, cursor: place.cursor)
        asked.size = place.snapshot
        asked.skipped = (place.number - 1) * place.size
        asked.isOfEventsAlone = true
        asked.isWhole = place.cursor == nil
        let page = try await reader.page(asked, parameters, for: context)
        var body: JSONObject = [
            "page": .number(JSONNumber(place.number)),
            "page_size": .number(JSONNumber(place.size)),
            "count": .number(JSONNumber(page.records.count)),
            "has_more": .bool(page.next != nil),
            "snapshot": .number(JSONNumber(page.size)),
        ]
        body[list] = .array(page.records.map { .object(dialect.shown($0)) })
        body["next_cursor"] = page.next.map { .string($0) }
        return Response(.object(body))
    }

    /// One record by its id.
    func show(
        _ request: Request,
        _ context: ServerContext,
        part: String
    ) async throws -> Response {
        try QueryParameters(request).allow(only: [])
        let (found, _) = try await reader.record(context.part(part), for: context)
        guard !found.isOfLedgerItself else { throw Problem(.notFound) }
        try reader.note(.show, of: found, for: context)
        return Response(.object(dialect.shown(found)))
    }

    /// Counts over what a caller is shown, as it is noted that they were asked for.
    func statistics(
        from: Timestamp?,
        to: Timestamp?,
        _ parameters: QueryParameters,
        _ context: ServerContext
    ) async throws -> Statistics {
        let principal = try context.caller()
        let ledger = try await services.ledgers.ledger(of: principal.tenant)
        var read = AccessTally.Read(.statistics)
        read.parameters = parameters.pairs
        read.client = context.client
        try services.tally.note(read, by: principal)
        return try await NarrowedStatistics(
            index: services.index,
            narrowing: principal.narrowing,
            turns: turns,
            limit: configuration.statisticsRecords
        ).statistics(
            in: ledger.tenant.ledger,
            size: try await ledger.durableHead().size,
            from: from,
            to: to
        )
    }
}

extension [String: UInt64] {
    /// The counts as JSON, by the bytes of their names.
    var json: JSONValue {
        .object(
            JSONObject(
                sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
                    .map { ($0.key, .number(JSONNumber($0.value))) }
            )
        )
    }
}
