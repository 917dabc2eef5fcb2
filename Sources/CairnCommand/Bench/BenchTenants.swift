// SPDX-License-Identifier: Apache-2.0
import Cairn
import CairnLedger

/// Tenants of a server that are there to be measured, each with a key for one run.
struct BenchTenants {
    private let administration: any Administration

    /// Works with an administrator's key.
    init(server: RemoteLedger) {
        administration = RemoteAdministration(server: server)
    }

    /// Gives so many keys to `body`, each of a tenant `bench-…` of its own, and revokes them after
    /// it; the tenants stay, and are used again.
    func withKeys<Result>(
        _ count: Int,
        _ body: (_ keys: [String]) async throws -> Result
    ) async throws -> Result {
        let known = Set(try await administration.tenants().compactMap { $0["name"]?.string })
        var keys: [(tenant: String, id: String, key: String)] = []
        do {
            for number in 1...count {
                let tenant = "bench-\(number)"
                if !known.contains(tenant) { _ = try await administration.createTenant(tenant) }
                let request = Registrar.KeyRequest(name: "cairn bench", scopes: [.eventsWrite])
                let made = try await administration.createKey(request, of: tenant)
                guard let id = made["id"]?.string, let key = made["key"]?.string else {
                    throw CommandFailure.unavailable("the server made no key")
                }
                keys.append((tenant, id, key))
            }
            let result = try await body(keys.map(\.key))
            await revoke(keys)
            return result
        } catch {
            await revoke(keys)
            throw error
        }
    }

    private func revoke(_ keys: [(tenant: String, id: String, key: String)]) async {
        for (tenant, id, _) in keys {
            // The figures are there, and the key can write to a tenant that nobody else uses.
            _ = try? await administration.revokeKey(id, of: tenant)
        }
    }
}
