// SPDX-License-Identifier: Apache-2.0

package import Cairn
internal import CairnAPI
package import CairnLedger
internal import Hummingbird

/// `/v1/viewer-tokens`: short-lived credentials that show a part of the caller's ledger.
struct ViewerRoutes: Sendable {
    let configuration: ServerConfiguration
    let services: ServerServices

    /// The longest filter, in bytes: the token has it, and a header field has an end.
    private static let filterBytes = 8 << 10

    var routes: [Route] {
        [
            Route(
                .post,
                Path.viewers,
                for: .holders(.eventsRead),
                secretMember: "token",
                handler: create
            ),
            Route(.delete, Path.viewer, for: .holders(.eventsRead), handler: revoke),
        ]
    }

    @Sendable
    private func create(_ request: Request, context: ServerContext) async throws -> Response {
        let principal = try context.caller()
        try QueryParameters(request).allow(only: [])
        let asked = try Registrar.ViewerRequest(
            members: Members.read(try await request.jsonBody(upTo: configuration.requestBytes))
        )
        try requireMaker(principal)
        try services.requireGood(principal)
        for scope in asked.scopes { try principal.require(scope) }
        guard asked.narrowing.json.canonical.bytes.count <= Self.filterBytes else {
            throw Problem.member("filter", "too_long", "is more than \(Self.filterBytes) bytes")
        }
        let (viewer, text) = try await services.registrar.createViewer(
            asked,
            of: principal.tenant,
            by: principal
        )
        return Response(viewer.body(showing: text), status: .created)
    }

    @Sendable
    private func revoke(_ request: Request, context: ServerContext) async throws -> Response {
        let principal = try context.caller()
        try QueryParameters(request).allow(only: [])
        try requireMaker(principal)
        let isRevoked: Bool
        do {
            isRevoked = try await services.registrar.revokeViewer(
                context.part("id"),
                of: principal.tenant,
                by: principal
            )
        } catch {
            // It may be revoked though it could not be recorded.
            try await services.keys.refresh()
            throw error
        }
        guard isRevoked else { throw Problem(.notFound) }
        try await services.keys.refresh()
        return Response(status: .noContent)
    }

    /// Goes on only for who may hand a part of its own rights on.
    private func requireMaker(_ principal: Principal) throws(Problem) {
        switch principal.kind {
        case .key, .token: return
        case .anonymous:
            throw Problem(
                .forbidden,
                "Without credentials no viewer tokens are made: they would outlast it."
            )
        case .viewer: throw Problem(.forbidden, "A viewer token makes and revokes none.")
        }
    }
}

extension ViewerToken {
    /// The token as it is shown to who made it.
    package func body(showing text: String) -> JSONValue {
        var members: JSONObject = [
            "id": .string(id), "token": .string(text), "tenant": .string(tenant),
            "scopes": .array(scopes.names.map { .string($0) }), "filter": narrowing.json,
            "expires_at": .string(expiresAt.millisecondsText),
        ]
        members["subject"] = subject.map { .string($0) }
        return .object(members)
    }
}

extension Registrar.ViewerRequest {
    /// Reads the body of a request for a viewer token.
    ///
    /// - Throws: ``Problem`` naming the member that breaks a rule.
    fileprivate init(members: JSONObject) throws(Problem) {
        self.init()
        for (name, value) in members {
            switch name {
            case "filter":
                guard let conditions = value.object else {
                    throw .member(name, "wrong_type", "must be an object")
                }
                do throws(Narrowing.Malformed) {
                    narrowing = try Narrowing(conditions)
                } catch {
                    throw .member("filter.\(error.member)", "invalid_value", error.rule)
                }
            case "scopes": scopes = try Self.scopes(value)
            case "expires_in":
                guard let seconds = value.integer,
                    (1...ViewerToken.limitSeconds).contains(seconds)
                else {
                    throw .member(
                        name,
                        "invalid_value",
                        "must be 1 to \(ViewerToken.limitSeconds) seconds"
                    )
                }
                self.seconds = seconds
            case "subject":
                guard let text = value.string, APIKey.isValidName(text) else {
                    throw .member(name, "invalid_value", "must be a text of 1 to 128 bytes")
                }
                subject = text
            default: throw .member(name, "unknown_member", "is not a member of this request")
            }
        }
    }

    private static func scopes(_ value: JSONValue) throws(Problem) -> Set<Scope> {
        guard let items = value.array, !items.isEmpty,
            let scopes = Set<Scope>(names: items.map { $0.string ?? "" }),
            scopes.isSubset(of: ViewerToken.scopes)
        else {
            let names = ViewerToken.scopes.names.joined(separator: ", ")
            throw .member("scopes", "invalid_value", "must be some of \(names)")
        }
        return scopes
    }
}
