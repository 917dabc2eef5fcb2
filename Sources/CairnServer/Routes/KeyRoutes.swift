// SPDX-License-Identifier: Apache-2.0

internal import Cairn
package import CairnAPI
package import CairnLedger
internal import Hummingbird

/// `/v1/keys`: the keys of a tenant.
struct KeyRoutes: Sendable {
    let configuration: ServerConfiguration
    let services: ServerServices

    var routes: [Route] {
        [
            Route(
                .post,
                Path.keys,
                for: .holders(.keysManage),
                secretMember: "key",
                handler: create
            ),
            Route(.get, Path.keys, for: .holders(.keysManage), handler: list),
            Route(.delete, Path.key, for: .holders(.keysManage), handler: revoke),
        ]
    }

    @Sendable
    private func create(_ request: Request, context: ServerContext) async throws -> Response {
        let principal = try context.caller()
        let tenant = try await tenant(try QueryParameters(request), principal)
        let asked = try Registrar.KeyRequest(
            members: Members.read(
                try await request.jsonBody(upTo: configuration.requestBytes)
            ),
            now: services.clock.now()
        )
        guard principal.kind != .anonymous else {
            throw Problem(
                .forbidden,
                "Without credentials no keys are made: they would outlast it."
            )
        }
        try services.requireGood(principal)
        // Who may not make tenants does not get to by way of a key.
        if asked.scopes.contains(.tenantsManage) { try principal.require(.tenantsManage) }
        let good = try await services.directory.keys(of: tenant)
            .count { $0.isGood(at: services.clock.now()) }
        guard good < configuration.keys else {
            throw Problem(.tooManyKeys, "A tenant has at most \(configuration.keys) keys.")
        }
        let (key, token) = try await services.registrar.createKey(
            asked,
            of: tenant,
            by: principal
        )
        try await services.keys.refresh()
        return Response(key.body(showing: token).json, status: .created)
    }

    @Sendable
    private func list(_ request: Request, context: ServerContext) async throws -> Response {
        let parameters = try QueryParameters(request)
        let tenant = try await tenant(parameters, try context.caller(), isList: true)
        let page = try ListPage(
            of: try await services.directory.keys(of: tenant),
            parameters,
            named: "keys \(tenant)",
            \.id,
            services.cursors,
            configuration
        )
        return Response(page.json("keys") { $0.body().json })
    }

    @Sendable
    private func revoke(_ request: Request, context: ServerContext) async throws -> Response {
        let principal = try context.caller()
        let tenant = try await tenant(try QueryParameters(request), principal)
        let id = context.part("id")
        let key = try await services.directory.keys(of: tenant).first { $0.id == id }
        if key?.scopes.contains(.tenantsManage) ?? false { try principal.require(.tenantsManage) }
        let revoked: APIKey?
        do {
            revoked = try await services.registrar.revokeKey(id, of: tenant, by: principal)
        } catch {
            // It may be revoked though it could not be recorded.
            try await services.keys.refresh()
            throw error
        }
        guard let revoked else { throw Problem(.notFound) }
        try await services.keys.refresh()
        return Response(revoked.body().json)
    }

    /// Whose keys: the caller's own tenant's, or another's for who makes tenants.
    private func tenant(
        _ parameters: QueryParameters,
        _ principal: Principal,
        isList: Bool = false
    ) async throws -> String {
        try parameters.allow(only: isList ? ["tenant", "limit", "cursor"] : ["tenant"])
        guard let other = try parameters.one("tenant"), other != principal.tenant else {
            return principal.tenant
        }
        guard principal.scopes.contains(.tenantsManage),
            let found = try await services.directory.tenant(named: other)
        else { throw Problem(.notFound) }
        return found.name
    }
}

extension APIKey {
    /// The key as it is shown.
    package func body(showing token: APIKeyToken? = nil) -> KeyBody {
        KeyBody(
            id: id,
            tenant: tenant,
            name: name,
            scopes: scopes.names,
            createdAt: createdAt,
            expiresAt: expiresAt,
            lastUsedAt: lastUsedAt,
            revokedAt: revokedAt,
            key: token?.text
        )
    }
}

extension Registrar.KeyRequest {
    /// Reads the body of a request for a key.
    ///
    /// - Throws: ``Problem`` naming the member that breaks a rule.
    fileprivate init(members: JSONObject, now: Timestamp) throws(Problem) {
        var (name, scopes): (String?, Set<Scope>?) = (nil, nil)
        var expiresAt: Timestamp?
        for (member, value) in members {
            switch member {
            case "name":
                guard let text = value.string, APIKey.isValidName(text) else {
                    throw .member("name", "invalid_value", "must be a text of 1 to 128 bytes")
                }
                name = text
            case "role", "scopes":
                guard scopes == nil else {
                    throw .member(member, "conflict", "give either a role or scopes")
                }
                scopes = try member == "role" ? Self.role(value) : Self.scopes(value)
            case "expires_at":
                guard let text = value.string,
                    let time = try? Timestamp.parse(text).timestamp, time > now
                else {
                    throw .member("expires_at", "invalid_value", "must be a time to come")
                }
                expiresAt = time
            default:
                throw .member(member, "unknown_member", "is not a member of this request")
            }
        }
        guard let name else { throw .member("name", "missing", "is required") }
        guard let scopes else { throw .member("role", "missing", "a role or scopes are required") }
        self.init(name: name, scopes: scopes, expiresAt: expiresAt)
    }

    private static func role(_ value: JSONValue) throws(Problem) -> Set<Scope> {
        guard let role = value.string.flatMap(Role.init(rawValue:)) else {
            let names = Role.allCases.map(\.rawValue).joined(separator: ", ")
            throw .member("role", "invalid_value", "must be one of \(names)")
        }
        return role.scopes
    }

    private static func scopes(_ value: JSONValue) throws(Problem) -> Set<Scope> {
        guard let items = value.array, !items.isEmpty,
            let scopes = Set<Scope>(names: items.map { $0.string ?? "" })
        else {
            let names = Scope.allCases.map(\.rawValue).joined(separator: ", ")
            throw .member("scopes", "invalid_value", "must be some of \(names)")
        }
        return scopes
    }
}
