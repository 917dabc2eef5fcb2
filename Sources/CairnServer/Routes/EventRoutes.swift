// SPDX-License-Identifier: Apache-2.0

internal import Cairn
internal import CairnAPI
internal import CairnLedger
internal import HTTPTypes
internal import Hummingbird
internal import HummingbirdCore
internal import NIOCore

/// `POST /v1/events`: one event, a bulk, or a stream of them.
struct EventRoutes: Sendable {
    let configuration: ServerConfiguration
    let services: ServerServices
    let metrics: RequestMetrics
    let quotas: Quotas
    /// In which bulks are read.
    let turns = Turns()

    var routes: [Route] {
        [Route(.post, Path.events, for: .holders(.eventsWrite), handler: append)]
    }

    @Sendable
    private func append(_ request: Request, context: ServerContext) async throws -> Response {
        let principal = try context.caller()
        let parameters = try QueryParameters(request)
        try parameters.allow(only: ["proof"])
        let wantsProof = try parameters.flag("proof")
        let isStream = try Self.isStream(request)
        let makeID = context.requestName.map { [idempotency = services.idempotency] name in
            { @Sendable (position: Int) in idempotency.eventID(name, at: position) }
        }
        let reader = EventReader(
            preparer: services.preparer,
            principal: principal,
            makeID: makeID
        )
        let ledger = try await services.ledgers.ledger(of: principal.tenant)
        let intake = Intake(
            ledger: ledger,
            store: services.store,
            metrics: metrics,
            wantsProof: wantsProof,
            logger: context.logger
        )
        guard !isStream else {
            return stream(request, reader, intake, context, principal)
        }
        let body = try await request.body(upTo: configuration.bulkBytes)
        try services.requireGood(principal)
        if let events = try await bulk(body, reader, principal) {
            return try await answer(events, intake, context)
        }
        quotas.charge(principal, events: 1, bytes: body.readableBytes)
        return try await answer(body, reader, intake)
    }

    /// Whether the content type is that of a stream; it must be that or JSON.
    private static func isStream(_ request: Request) throws(Problem) -> Bool {
        let mediaType = request.mediaType
        if mediaType == MediaType.json { return false }
        guard mediaType == MediaType.ndjson else {
            throw Problem(
                .unsupportedMediaType,
                "Send \(MediaType.json) or \(MediaType.ndjson)."
            )
        }
        guard request.headers[.idempotencyKey] == nil else {
            throw Problem(
                .idempotencyKeyNotSupported,
                "Give each event an id instead."
            )
        }
        return true
    }

    // MARK: One event

    private func answer(
        _ body: ByteBuffer,
        _ reader: EventReader,
        _ intake: Intake
    ) async throws -> Response {
        let event: PreparedEvent
        switch body.withUnsafeReadableBytes(reader.result) {
        case .success(let read): event = read
        case .failure(let problem):
            intake.countRejected()
            throw problem
        }
        let settlement = await intake.settle(event)
        switch settlement {
        case .refused(let problem):
            throw problem
        case .accepted(let receipt, let isNew):
            let evidence = await intake.evidence(for: [settlement])
            var output = JSONOutput()
            receipt.body.append(to: &output, evidence: evidence[receipt.index])
            var response = Response(output, status: isNew ? .created : .ok)
            response.headers[.location] = "\(Path.events)/\(receipt.id.text)"
            return response
        }
    }

    // MARK: Bulk

    /// How many events of a bulk are read before others may have the thread.
    private static let eventsAtOnce = 32

    /// The events of a bulk, each read or refused; nil for a body that is no bulk.
    private func bulk(
        _ body: ByteBuffer,
        _ reader: EventReader,
        _ principal: Principal
    ) async throws(Problem) -> [Result<PreparedEvent, Problem>]? {
        let start = body.withUnsafeReadableBytes { bytes -> Result<BulkReader?, Problem> in
            do throws(Problem) {
                return .success(try BulkReader(bytes))
            } catch {
                return .failure(error)
            }
        }
        guard var items = try start.get() else { return nil }
        return try await turns.take { () async throws(Problem) in
            // Others of the tenant may have used up the rest while this one waited.
            try quotas.admitEvents(principal)
            var events: [Result<PreparedEvent, Problem>] = []
            while try read(&items, of: body, reader, into: &events) { await Task.yield() }
            quotas.charge(principal, events: events.count, bytes: body.readableBytes)
            return events
        }
    }

    /// Reads some events; returns whether there may be more.
    private func read(
        _ items: inout BulkReader,
        of body: ByteBuffer,
        _ reader: EventReader,
        into events: inout [Result<PreparedEvent, Problem>]
    ) throws(Problem) -> Bool {
        try body.withUnsafeReadableBytes { bytes -> Result<Bool, Problem> in
            items.resume(in: bytes)
            do throws(Problem) {
                for _ in 0..<Self.eventsAtOnce {
                    guard let item = try items.next() else { return .success(false) }
                    events.append(try read(item, at: events.count, reader))
                }
                return .success(true)
            } catch {
                return .failure(error)
            }
        }.get()
    }

    private func read(
        _ item: UnsafeRawBufferPointer,
        at position: Int,
        _ reader: EventReader
    ) throws(Problem) -> Result<PreparedEvent, Problem> {
        guard position < configuration.bulkEvents else {
            throw Problem(
                .tooManyEvents,
                "A bulk holds at most \(configuration.bulkEvents) events."
            )
        }
        let event = reader.result(item, at: position)
        // A body that is no JSON is refused as a whole, wherever it shows.
        if case .failure(let problem) = event, problem.code == .malformedBody {
            throw Problem(
                .malformedBody,
                "events[\(position)]: \(problem.detail ?? "")",
                errors: problem.errors.map {
                    .init(field: "events[\(position)]", code: $0.code, message: $0.message)
                }
            )
        }
        return event
    }

    private func answer(
        _ events: [Result<PreparedEvent, Problem>],
        _ intake: Intake,
        _ context: ServerContext
    ) async throws -> Response {
        let settlements = await intake.settle(events)
        let evidence = await intake.evidence(for: settlements)
        let accepted = settlements.count { $0.receipt != nil }
        var output = JSONOutput(reservingCapacity: 128 + settlements.count * 512)
        output.beginObject()
        output.member("accepted", accepted)
        output.member("rejected", settlements.count - accepted)
        output.name("results")
        output.beginArray()
        for settlement in settlements {
            settlement.result(line: nil, requestID: context.requestID).append(
                to: &output,
                evidence: settlement.receipt.flatMap { evidence[$0.index] }
            )
        }
        output.endArray()
        output.endObject()
        let status = Self.status(of: settlements)
        var response = Response(output, status: status)
        if status == .serviceUnavailable { response.headers[.retryAfter] = "1" }
        return response
    }

    /// The status of a bulk: that of its items if they are alike, new and known ones count as new,
    /// else 207.
    static func status(of settlements: [Settlement]) -> HTTPResponse.Status {
        let statuses = Set(settlements.map(\.status.code))
        if statuses.isSubset(of: [200]) { return .ok }
        if statuses.isSubset(of: [200, 201]) { return .created }
        guard statuses.count == 1, let first = settlements.first else { return .multiStatus }
        return first.status
    }

    // MARK: Stream

    private func stream(
        _ request: Request,
        _ reader: EventReader,
        _ intake: Intake,
        _ context: ServerContext,
        _ principal: Principal
    ) -> Response {
        let stream = EventStream(
            reader: reader,
            intake: intake,
            requestID: context.requestID,
            lineBytes: configuration.lineBytes,
            lines: configuration.streamLines,
            quotas: quotas,
            principal: principal,
            isAllowed: { [keys = services.keys] in keys.isGood(principal) }
        )
        let body = request.body
        return Response(
            status: .ok,
            headers: [.contentType: MediaType.ndjson, .cacheControl: "no-store"],
            body: ResponseBody { writer in
                try await stream.run(body, writer: &writer)
                try await writer.finish(nil)
            }
        )
    }
}
