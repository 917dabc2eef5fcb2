// SPDX-License-Identifier: Apache-2.0

package import CairnAPI
internal import HTTPTypes

/// What went wrong, as the caller is told (RFC 9457); the cause is for the log alone.
package struct Problem: Error {
    /// The catalogue of problems; raw values are stable, and `docs/problems.md` explains each.
    package enum Code: String, CaseIterable, Sendable {
        case malformedBody = "malformed_body"
        case invalidParameter = "invalid_parameter"
        case unknownParameter = "unknown_parameter"
        case invalidCursor = "invalid_cursor"
        case idempotencyKeyNotSupported = "idempotency_key_not_supported"
        case unauthenticated
        case forbidden
        case notFound = "not_found"
        case routeNotFound = "route_not_found"
        case checkpointNotFound = "checkpoint_not_found"
        case methodNotAllowed = "method_not_allowed"
        case idConflict = "id_conflict"
        case tenantExists = "tenant_exists"
        case idempotencyInProgress = "idempotency_in_progress"
        case idempotencyKeyReused = "idempotency_key_reused"
        case contentUnavailable = "content_unavailable"
        case bodyTooLarge = "body_too_large"
        case tooManyEvents = "too_many_events"
        case unsupportedMediaType = "unsupported_media_type"
        case invalidEvent = "invalid_event"
        case invalidRequest = "invalid_request"
        case rangeTooLong = "range_too_long"
        case tooManyKeys = "too_many_keys"
        case tooManyExports = "too_many_exports"
        case exportNotDone = "export_not_done"
        case exportExpired = "export_expired"
        case linkRefused = "link_refused"
        case quotaExceeded = "quota_exceeded"
        case overloaded
        case contended
        case unavailable
        case indeterminate
        case clockStep = "clock_step"
        case ledgerRefused = "ledger_refused"
        case notReady = "not_ready"
        case ledgerCorrupt = "ledger_corrupt"
        case internalError = "internal_error"
        case notImplemented = "not_implemented"
    }

    /// The kind of problem.
    package let code: Code
    /// This occurrence in words, or nil where the title says it all.
    package let detail: String?
    /// The members of the input that broke a rule.
    package let errors: [ProblemBody.Member]
    /// What the log is told.
    package let cause: (any Error)?
    /// The first receipt, where the content of a repeated event can no longer be compared.
    var receipt: ReceiptBody?
    /// The states of the dependencies, where one is down.
    var checks: [(name: String, state: String)] = []
    /// How a quota stands that is used up.
    var standing: Quotas.Standing?
    /// The methods that the path has, where it has not the one that was used.
    var allowedMethods: [String] = []

    /// Names a problem.
    package init(
        _ code: Code,
        _ detail: String? = nil,
        errors: [ProblemBody.Member] = [],
        cause: (any Error)? = nil
    ) {
        self.code = code
        self.detail = detail
        self.errors = errors
        self.cause = cause
    }

    /// Says that a parameter of the query or the path is wrong, and why.
    static func parameter(_ name: String, _ message: String) -> Problem {
        Problem(
            .invalidParameter,
            "\(name): \(message)",
            errors: [.init(field: name, code: "invalid_value", message: message)]
        )
    }

    /// Says that a member of a request's body is wrong, and why.
    static func member(_ name: String, _ rule: String, _ message: String) -> Problem {
        Problem(
            .invalidRequest,
            name.isEmpty ? message : "\(name): \(message)",
            errors: [.init(field: name, code: rule, message: message)]
        )
    }

    /// The problem as the caller is told.
    func body(requestID: String?) -> ProblemBody {
        var body = ProblemBody(
            status: code.status.code,
            code: code.rawValue,
            title: code.title,
            detail: detail,
            requestID: requestID,
            errors: errors
        )
        body.receipt = receipt
        body.checks = checks
        return body
    }
}

extension Problem.Code {
    /// The status that goes with the problem.
    var status: HTTPResponse.Status {
        switch self {
        case .malformedBody, .invalidParameter, .unknownParameter, .invalidCursor,
            .idempotencyKeyNotSupported:
            .badRequest
        case .unauthenticated: .unauthorized
        case .forbidden, .linkRefused: .forbidden
        case .notFound, .routeNotFound, .checkpointNotFound: .notFound
        case .methodNotAllowed: .methodNotAllowed
        case .idConflict, .contentUnavailable, .tenantExists, .idempotencyInProgress,
            .tooManyExports, .exportNotDone:
            .conflict
        case .exportExpired: .gone
        case .bodyTooLarge, .tooManyEvents: .contentTooLarge
        case .unsupportedMediaType: .unsupportedMediaType
        case .invalidEvent, .invalidRequest, .rangeTooLong, .tooManyKeys, .idempotencyKeyReused:
            .unprocessableContent
        case .quotaExceeded: .tooManyRequests
        case .overloaded, .contended, .unavailable, .indeterminate, .clockStep, .ledgerRefused,
            .notReady:
            .serviceUnavailable
        case .ledgerCorrupt, .internalError: .internalServerError
        case .notImplemented: .notImplemented
        }
    }

    /// The kind of problem in words, the same for every occurrence.
    package var title: String {
        switch self {
        case .malformedBody: "The body is not well-formed JSON"
        case .invalidParameter: "A parameter has a value it cannot have"
        case .unknownParameter: "A parameter that this route does not have"
        case .invalidCursor: "The cursor is not one of this server for this query"
        case .idempotencyKeyNotSupported: "A stream of events takes no Idempotency-Key"
        case .unauthenticated: "The credential is missing or not valid"
        case .forbidden: "The credential does not allow this"
        case .notFound: "There is nothing here that you may see"
        case .routeNotFound: "There is no such route"
        case .checkpointNotFound: "No checkpoint of that size was signed"
        case .methodNotAllowed: "The route does not have this method"
        case .idConflict: "The id is taken by another event"
        case .idempotencyInProgress: "The same request is being carried out"
        case .idempotencyKeyReused: "The Idempotency-Key was used for another request"
        case .tenantExists: "There is a tenant of that name"
        case .contentUnavailable: "The id is taken, and its content can no longer be compared"
        case .bodyTooLarge: "The body or the event is too large"
        case .tooManyEvents: "The bulk holds too many events"
        case .unsupportedMediaType: "The content type is not one that this route takes"
        case .invalidEvent: "The event breaks a rule"
        case .invalidRequest: "The request breaks a rule"
        case .rangeTooLong: "The range of time spans too many days"
        case .tooManyKeys: "The tenant has as many keys as it may"
        case .tooManyExports: "The tenant has as many exports as it may"
        case .exportNotDone: "The export has no file, or not yet"
        case .exportExpired: "The file of the export is gone"
        case .linkRefused: "The link has ended, or is none of this server"
        case .quotaExceeded: "The quota is used up"
        case .overloaded: "Too much is waiting"
        case .contended: "Other writers were first"
        case .unavailable: "The store is out of reach"
        case .indeterminate: "Whether the event is recorded is not known"
        case .clockStep: "The server's clock cannot be trusted"
        case .ledgerRefused: "The ledger takes no writes"
        case .notReady: "A dependency of the server is down"
        case .ledgerCorrupt: "The ledger does not match its own hashes"
        case .internalError: "The server made a mistake"
        case .notImplemented: "This version cannot do this"
        }
    }
}
