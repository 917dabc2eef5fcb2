// SPDX-License-Identifier: Apache-2.0

internal import Cairn
internal import CairnAPI
internal import CairnLedger
internal import HTTPTypes
internal import Hummingbird
internal import NIOCore

/// `/v1/verifications`: re-derives the ledger in the background.
struct VerificationRoutes: Sendable {
    let configuration: ServerConfiguration
    let services: ServerServices
    let verifications: VerificationJobs

    var routes: [Route] {
        [
            Route(
                .post,
                Path.verifications,
                for: .holders(.ledgerVerify),
                isWhole: true,
                handler: submit
            ),
            Route(
                .get,
                Path.verification,
                for: .holders(.ledgerVerify),
                isWhole: true,
                handler: show
            ),
            Route(
                .delete,
                Path.verification,
                for: .holders(.ledgerVerify),
                isWhole: true,
                handler: cancel
            ),
        ]
    }

    @Sendable
    private func submit(_ request: Request, context: ServerContext) async throws -> Response {
        let principal = try context.caller()
        try QueryParameters(request).allow(only: [])
        let body = try await request.jsonBody(upTo: configuration.requestBytes)
        let scope = try body.isEmpty ? AuditScope() : AuditScope(request: body)
        let job = try await begin(scope, for: principal)
        var response = Response(job.document, type: MediaType.json, status: .accepted)
        response.headers[.location] = "\(Path.verifications)/\(job.id)"
        return response
    }

    /// Queues a verification that a caller asks for, and records that it did.
    ///
    /// - Throws: ``Problem`` for a scope beyond the ledger, or a checkpoint that is not its own.
    func begin(_ scope: AuditScope, for principal: Principal) async throws -> VerificationJob {
        let ledger = try await services.ledgers.ledger(of: principal.tenant)
        let size = try await ledger.durableHead().size
        for (name, position) in [("from", scope.from), ("to", scope.to ?? 0)] where position > size
        {
            throw Problem.member(name, "invalid_value", "is more than the \(size) records")
        }
        if let note = scope.checkpoint {
            do throws(UntrustedCheckpoint) {
                _ = try Checkpoint.open(
                    note,
                    origin: ledger.tenant.origin,
                    keys: [ledger.verifierKey]
                )
            } catch {
                throw Problem.member("checkpoint", "invalid_value", "cannot be trusted: \(error)")
            }
        }
        try services.requireGood(principal)
        var entry = SelfRecorder.Entry(.verifications, "verification.requested")
        entry.details = scope.facts
        try await services.recorder.record(entry, in: principal.tenant, by: principal)
        return try await verifications.submit(scope, tenant: principal.tenant)
    }

    @Sendable
    private func show(_ request: Request, context: ServerContext) async throws -> Response {
        let principal = try context.caller()
        try QueryParameters(request).allow(only: [])
        let found = try await verifications.job(context.part("id"), tenant: principal.tenant)
        guard let job = found else { throw Problem(.notFound) }
        return Response(job.document, type: MediaType.json)
    }

    @Sendable
    private func cancel(_ request: Request, context: ServerContext) async throws -> Response {
        let principal = try context.caller()
        try QueryParameters(request).allow(only: [])
        let id = context.part("id")
        guard let known = try await verifications.job(id, tenant: principal.tenant) else {
            throw Problem(.notFound)
        }
        // What has ended is not called off, and is no record of it.
        guard !known.isFinished else { return Response(known.document, type: MediaType.json) }
        var entry = SelfRecorder.Entry(.verifications, "verification.cancelled")
        entry.resources = [Event.Resource(type: "verification", id: id)]
        try await services.recorder.record(entry, in: principal.tenant, by: principal)
        guard let job = try await verifications.cancel(id, tenant: principal.tenant) else {
            throw Problem(.notFound)
        }
        return Response(job.document, type: MediaType.json)
    }
}

extension AuditScope {
    /// What is asked, as the ledger's record of it says.
    fileprivate var facts: JSONObject {
        var facts: JSONObject = [
            "from": .number(JSONNumber(Int(from))), "contents": .bool(contents),
        ]
        facts["to"] = to.map { .number(JSONNumber(Int($0))) }
        if checkpoint != nil { facts["checkpoint"] = true }
        return facts
    }

    /// Reads the body of a request for a verification.
    ///
    /// - Throws: ``Problem`` naming the member that breaks a rule.
    fileprivate init(request bytes: [UInt8]) throws(Problem) {
        self.init()
        for (name, value) in try Members.read(bytes) {
            switch name {
            case "from": from = try AuditScope.position(value, "from")
            case "to": to = try AuditScope.position(value, "to")
            case "contents":
                guard let flag = value.bool else {
                    throw .member("contents", "wrong_type", "must be true or false")
                }
                contents = flag
            case "checkpoint": checkpoint = try AuditScope.note(value)
            default:
                throw .member(name, "unknown_member", "is not a member of this request")
            }
        }
        if let to, from > to { throw .member("from", "invalid_value", "is more than to") }
    }

    private static func position(_ value: JSONValue, _ name: String) throws(Problem) -> UInt64 {
        guard let number = value.integer, number >= 0, number < 1 << 53 else {
            throw .member(name, "invalid_value", "must be a whole number below 2^53")
        }
        return UInt64(number)
    }

    private static func note(_ value: JSONValue) throws(Problem) -> SignedNote {
        guard let text = value.string else {
            throw .member("checkpoint", "wrong_type", "must be a text")
        }
        do throws(MalformedNote) {
            return try SignedNote(parsing: text)
        } catch {
            throw .member("checkpoint", "invalid_value", "must be a signed note")
        }
    }
}
