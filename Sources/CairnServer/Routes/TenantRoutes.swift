// SPDX-License-Identifier: Apache-2.0

internal import Cairn
package import CairnAPI
package import CairnLedger
internal import Hummingbird

/// `/v1/tenants`: the tenants of the deployment.
struct TenantRoutes: Sendable {
    let configuration: ServerConfiguration
    let services: ServerServices

    var routes: [Route] {
        [
            Route(.post, Path.tenants, for: .holders(.tenantsManage), handler: create),
            Route(.get, Path.tenants, for: .holders(.tenantsManage), handler: list),
            Route(.get, Path.tenant, for: .holders(.tenantsManage), handler: show),
        ]
    }

    @Sendable
    private func create(_ request: Request, context: ServerContext) async throws -> Response {
        let principal = try context.caller()
        try QueryParameters(request).allow(only: [])
        let body = try await request.jsonBody(upTo: configuration.requestBytes)
        var name: String?
        for (member, value) in try Members.read(body) {
            guard member == "name" else {
                throw Problem.member(member, "unknown_member", "is not a member of this request")
            }
            guard let text = value.string, Tenant.isValidName(text) else {
                throw Problem.member(
                    "name",
                    "invalid_value",
                    "must be 1 to 128 letters, digits, '.', '_' and '-'"
                )
            }
            name = text
        }
        guard let name else { throw Problem.member("name", "missing", "is required") }
        try services.requireGood(principal)
        guard let tenant = try await services.registrar.createTenant(name, by: principal) else {
            throw Problem(
                .tenantExists,
                errors: [.init(field: "name", code: "conflict", message: "is taken")]
            )
        }
        var response = Response(tenant.body.json, status: .created)
        response.headers[.location] = "\(Path.tenants)/\(tenant.name)"
        return response
    }

    @Sendable
    private func list(_ request: Request, context: ServerContext) async throws -> Response {
        let parameters = try QueryParameters(request)
        try parameters.allow(only: ["limit", "cursor"])
        let page = try ListPage(
            of: try await services.directory.tenants(),
            parameters,
            named: "tenants",
            \.name,
            services.cursors,
            configuration
        )
        return Response(page.json("tenants", \.body.json))
    }

    @Sendable
    private func show(_ request: Request, context: ServerContext) async throws -> Response {
        try QueryParameters(request).allow(only: [])
        guard let tenant = try await services.directory.tenant(named: context.part("name")) else {
            throw Problem(.notFound)
        }
        return Response(tenant.body.json)
    }
}

extension Tenant {
    /// The tenant as it is shown.
    package var body: TenantBody {
        TenantBody(name: name, ledger: ledger.text, origin: origin, createdAt: createdAt)
    }
}
