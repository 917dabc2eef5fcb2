// SPDX-License-Identifier: Apache-2.0

package import Cairn

/// Makes and revokes keys and viewer tokens, and makes tenants.
///
/// Every change is a durable record of the tenant's own ledger before it is answered. A key is made
/// after its record, and revoked before it: what cannot be recorded opens nothing.
package struct Registrar: Sendable {
    /// What a new key is to be.
    package struct KeyRequest: Sendable {
        /// What people call it.
        package var name: String
        /// What it may do.
        package var scopes: Set<Scope>
        /// From when on it is refused, if ever.
        package var expiresAt: Timestamp?

        /// Asks for a key.
        package init(name: String, scopes: Set<Scope>, expiresAt: Timestamp? = nil) {
            self.name = name
            self.scopes = scopes
            self.expiresAt = expiresAt
        }
    }

    let directory: any Directory
    let recorder: SelfRecorder
    let viewers: ViewerTokenCodec
    let now: @Sendable () -> Timestamp
    private let ledgers: Ledgers
    private let draft: @Sendable (_ name: String) async throws(StoreError) -> Tenant
    private let random: @Sendable (UnsafeMutableRawBufferPointer) -> Void

    /// Joins what changes need.
    ///
    /// `draft` names the ledger of a tenant to be and its origin; `random` must be
    /// cryptographically so.
    package init(
        directory: any Directory,
        ledgers: Ledgers,
        recorder: SelfRecorder,
        viewers: ViewerTokenCodec,
        draft: @escaping @Sendable (_ name: String) async throws(StoreError) -> Tenant,
        now: @escaping @Sendable () -> Timestamp,
        random: @escaping @Sendable (UnsafeMutableRawBufferPointer) -> Void
    ) {
        self.directory = directory
        self.ledgers = ledgers
        self.recorder = recorder
        self.viewers = viewers
        self.draft = draft
        self.now = now
        self.random = random
    }

    // MARK: Keys

    /// Draws what a new key's caller keeps.
    package func drawToken() -> APIKeyToken {
        APIKeyToken(random: drawBytes(38))
    }

    func drawBytes(_ count: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        bytes.withUnsafeMutableBytes { random($0) }
        return bytes
    }

    /// Makes a key of a tenant, of a token that was drawn before or of a new one, which is nowhere
    /// kept.
    package func createKey(
        _ request: KeyRequest,
        of tenant: String,
        by principal: Principal?,
        token: APIKeyToken? = nil
    ) async throws(LedgerError) -> (key: APIKey, token: APIKeyToken) {
        let token = token ?? drawToken()
        let key = APIKey(
            id: token.id,
            tenant: tenant,
            name: request.name,
            scopes: request.scopes,
            hash: token.hash,
            createdAt: now(),
            expiresAt: request.expiresAt
        )
        try await record("key.created", key, in: tenant, by: principal)
        do throws(StoreError) {
            try await directory.create(key)
        } catch {
            throw LedgerError(error)
        }
        return (key, token)
    }

    /// Revokes a tenant's key; nil if the tenant has none of that id.
    package func revokeKey(
        _ id: String,
        of tenant: String,
        by principal: Principal?
    ) async throws(LedgerError) -> APIKey? {
        do {
            let keys = try await directory.keys(of: tenant)
            guard let key = keys.first(where: { $0.id.utf8.elementsEqual(id.utf8) }) else {
                return nil
            }
            // First of all it is refused, whatever becomes of the record; whoever revokes again
            // records again, under the same id.
            let revoked = try await directory.revoke(key.id, of: tenant, at: now())
            try await record(
                "key.revoked",
                key,
                in: tenant,
                by: principal,
                id: recorder.id(of: ["key.revoked", tenant, key.id])
            )
            return revoked
        } catch let error as LedgerError {
            throw error
        } catch let error as StoreError {
            throw LedgerError(error)
        } catch {
            throw .unavailable(error)
        }
    }

    private func record(
        _ type: String,
        _ key: APIKey,
        in tenant: String,
        by principal: Principal?,
        id: EventID? = nil
    ) async throws(LedgerError) {
        var entry = SelfRecorder.Entry(.changes, type)
        entry.resources = [Event.Resource(type: "api_key", id: key.id, name: key.name)]
        entry.details["scopes"] = .array(key.scopes.names.map { .string($0) })
        entry.details["expires_at"] = key.expiresAt.map { .string($0.millisecondsText) }
        entry.id = id
        try await recorder.record(entry, in: tenant, by: principal)
    }

    // MARK: Tenants

    /// Makes a tenant, whose ledger begins with who made it; nil if the name is taken.
    package func createTenant(
        _ name: String,
        by principal: Principal?
    ) async throws(LedgerError) -> Tenant? {
        let tenant: Tenant
        if let found = try await unrecorded(name) {
            tenant = found
        } else {
            do throws(StoreError) {
                guard try await directory.tenant(named: name) == nil else { return nil }
                tenant = try await draft(name)
                try await directory.create(tenant)
            } catch {
                if case .conflict = error { return nil }
                throw LedgerError(error)
            }
        }
        var entry = SelfRecorder.Entry(.changes, "tenant.created")
        entry.resources = [Event.Resource(type: "tenant", id: tenant.name)]
        entry.details["origin"] = .string(tenant.origin)
        try await recorder.record(entry, in: tenant.name, by: principal)
        return tenant
    }

    /// A tenant of that name whose making was cut short: its ledger is still empty.
    private func unrecorded(_ name: String) async throws(LedgerError) -> Tenant? {
        let found: Tenant?
        do throws(StoreError) {
            found = try await directory.tenant(named: name)
        } catch {
            throw LedgerError(error)
        }
        guard let found, recorder.kinds.contains(.changes) else { return nil }
        let ledger = try await ledgers.ledger(of: name)
        return try await ledger.durableHead().size == 0 ? found : nil
    }
}
