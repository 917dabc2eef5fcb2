// SPDX-License-Identifier: Apache-2.0
import Cairn
import CairnAPI
import CairnLedger
import CairnServer
import NIOHTTP1

/// Where tenants and keys are managed: at a server, or in a store on disk.
protocol Administration: Sendable {
    /// Makes a tenant.
    func createTenant(_ name: String) async throws -> JSONValue
    /// All tenants.
    func tenants() async throws -> [JSONValue]
    /// Makes a key; the answer has it under `key`.
    func createKey(
        _ request: Registrar.KeyRequest,
        of tenant: String?
    ) async throws -> JSONValue
    /// The keys of a tenant.
    func keys(of tenant: String?) async throws -> [JSONValue]
    /// Revokes a key.
    func revokeKey(_ id: String, of tenant: String?) async throws -> JSONValue
    /// Makes a viewer token; the answer has it under `token`.
    func createViewer(
        _ request: Registrar.ViewerRequest,
        of tenant: String?
    ) async throws -> JSONValue
    /// Revokes a viewer token.
    func revokeViewer(_ id: String, of tenant: String?) async throws
}

/// Tenants and keys behind a server's HTTP interface.
struct RemoteAdministration: Administration {
    let server: RemoteLedger

    func createTenant(_ name: String) async throws -> JSONValue {
        try await server.exchange(.POST, Path.tenants, ["name": .string(name)])
    }

    func tenants() async throws -> [JSONValue] {
        try await list(Path.tenants + "?limit=1000", "tenants")
    }

    func createKey(
        _ request: Registrar.KeyRequest,
        of tenant: String?
    ) async throws -> JSONValue {
        var members: JSONObject = [
            "name": .string(request.name),
            "scopes": .array(request.scopes.names.map { .string($0) }),
        ]
        members["expires_at"] = request.expiresAt.map { .string($0.millisecondsText) }
        return try await server.exchange(.POST, Path.keys + query(tenant), .object(members))
    }

    func keys(of tenant: String?) async throws -> [JSONValue] {
        let query = tenant.map { "&tenant=\($0)" } ?? ""
        return try await list(Path.keys + "?limit=1000" + query, "keys")
    }

    func revokeKey(_ id: String, of tenant: String?) async throws -> JSONValue {
        try await server.exchange(.DELETE, "\(Path.keys)/\(id)\(query(tenant))")
    }

    func createViewer(
        _ request: Registrar.ViewerRequest,
        of tenant: String?
    ) async throws -> JSONValue {
        var members: JSONObject = [
            "scopes": .array(request.scopes.names.map { .string($0) }),
            "filter": request.narrowing.json,
            "expires_in": .number(JSONNumber(request.seconds)),
        ]
        members["subject"] = request.subject.map { .string($0) }
        return try await server.exchange(.POST, Path.viewers, .object(members))
    }

    func revokeViewer(_ id: String, of tenant: String?) async throws {
        _ = try await server.exchange(.DELETE, "\(Path.viewers)/\(id)")
    }

    /// All items of a list, page by page.
    private func list(_ path: String, _ member: String) async throws -> [JSONValue] {
        var (items, next): ([JSONValue], String?) = ([], nil)
        repeat {
            let cursor = next.map { "&cursor=\($0)" } ?? ""
            let page = try await server.exchange(.GET, path + cursor)
            items += page[member]?.array ?? []
            next = page["next_cursor"]?.string
        } while next != nil
        return items
    }

    private func query(_ tenant: String?) -> String {
        // A tenant's name needs no escape.
        tenant.map { "?tenant=\($0)" } ?? ""
    }
}

/// Tenants and keys of a store on disk, with every right its owner has.
struct LocalAdministration: Administration {
    private let open: Composition.OpenStore
    private let registrar: Registrar

    init(_ open: Composition.OpenStore, prefix: String?) async throws(StoreError) {
        self.open = open
        let ledgers = Ledgers(
            directory: open.store,
            store: open.store,
            signer: open.signer,
            vault: open.vault,
            clock: open.clock
        )
        registrar = Composition.registrar(
            of: open,
            ledgers: ledgers,
            recorder: SelfRecorder(
                ledgers: ledgers,
                preparer: Composition.preparer(),
                secret: open.secret("cairn own records")
            ),
            viewers: try await Composition.viewers(of: open),
            prefix: prefix
        )
    }

    func createTenant(_ name: String) async throws -> JSONValue {
        guard let tenant = try await registrar.createTenant(name, by: nil) else {
            throw CommandFailure.badInput("there is a tenant \(name) already")
        }
        return tenant.body.json
    }

    func tenants() async throws -> [JSONValue] {
        try await open.store.tenants().map(\.body.json)
    }

    func createKey(
        _ request: Registrar.KeyRequest,
        of tenant: String?
    ) async throws -> JSONValue {
        let (key, token) = try await registrar.createKey(
            request,
            of: try await known(tenant),
            by: nil
        )
        return key.body(showing: token).json
    }

    func keys(of tenant: String?) async throws -> [JSONValue] {
        try await open.store.keys(of: try await known(tenant)).map { $0.body().json }
    }

    func revokeKey(_ id: String, of tenant: String?) async throws -> JSONValue {
        let name = try await known(tenant)
        guard let key = try await registrar.revokeKey(id, of: name, by: nil) else {
            throw CommandFailure.badInput("the tenant \(name) has no key \(id)")
        }
        return key.body().json
    }

    func createViewer(
        _ request: Registrar.ViewerRequest,
        of tenant: String?
    ) async throws -> JSONValue {
        let name = try await known(tenant)
        let (viewer, text) = try await registrar.createViewer(request, of: name, by: nil)
        return viewer.body(showing: text)
    }

    func revokeViewer(_ id: String, of tenant: String?) async throws {
        let name = try await known(tenant)
        guard try await registrar.revokeViewer(id, of: name, by: nil) else {
            throw CommandFailure.badInput("the tenant \(name) has no viewer token \(id)")
        }
    }

    private func known(_ tenant: String?) async throws -> String {
        let name = tenant ?? "default"
        guard try await open.store.tenant(named: name) != nil else {
            throw CommandFailure.badInput("there is no tenant \(name)")
        }
        return name
    }
}
