// SPDX-License-Identifier: Apache-2.0

package import Cairn
package import CairnLedger
package import Logging
internal import ServiceLifecycle
internal import Synchronization

/// Believes the tokens of the issuers it knows.
///
/// What it believes is remembered by hash, until the token ends and for a minute at most. Keys that
/// are fetched stay until a newer set comes, so an issuer that is down does no harm.
package final class TokenAuthority: Service {
    /// How long a token is believed without being looked at again, in milliseconds.
    static let memoryMilliseconds: Int64 = 60_000
    /// How many tokens are remembered.
    static let memoryCount = 10_000
    /// How often keys are fetched.
    private static let interval = Duration.seconds(300)
    /// How often keys are fetched that never were.
    private static let retryInterval = Duration.seconds(10)
    /// How soon a key that is not known has the set fetched again, in milliseconds.
    static let lookMilliseconds: Int64 = 30_000

    private struct Remembered {
        let principal: Principal
        let until: Timestamp
    }

    private struct State {
        var keys: [[TokenKey]]
        var looks: [Timestamp?]
        var fetches: [Timestamp?]
        var failures: [Int]
        var remembered: [Digest: Remembered] = [:]
        /// Tenants that exist, and until when nobody asks again.
        var tenants: [String: Timestamp] = [:]
    }

    private let issuers: [TokenIssuer]
    private let directory: any Directory
    private let registrar: Registrar
    private let fetch: @Sendable (_ address: String) async throws -> [UInt8]
    private let now: @Sendable () -> Timestamp
    private let logger: Logger
    private let state: Mutex<State>

    /// Knows issuers, and none of their keys until it has looked; `fetch` gets what an address has.
    package init(
        issuers: [TokenIssuer],
        directory: any Directory,
        registrar: Registrar,
        fetch: @escaping @Sendable (_ address: String) async throws -> [UInt8],
        now: @escaping @Sendable () -> Timestamp,
        logger: Logger
    ) {
        self.issuers = issuers
        self.directory = directory
        self.registrar = registrar
        self.fetch = fetch
        self.now = now
        self.logger = logger
        state = Mutex(
            State(
                keys: Array(repeating: [], count: issuers.count),
                looks: Array(repeating: nil, count: issuers.count),
                fetches: Array(repeating: nil, count: issuers.count),
                failures: Array(repeating: 0, count: issuers.count)
            )
        )
    }

    // MARK: Keys

    /// Gets the keys of all issuers; what cannot be had is told to the log.
    package func refresh() async {
        for position in issuers.indices { await look(position) }
    }

    /// Keeps the keys up to date until told to shut down.
    package func run() async throws {
        await cancelWhenGracefulShutdown { [self] in
            while !Task.isCancelled {
                let isComplete = state.withLock { $0.keys.allSatisfy { !$0.isEmpty } }
                let pause = isComplete ? Self.interval : Self.retryInterval
                do {
                    try await Task.sleep(for: pause)
                } catch {
                    return
                }
                for position in issuers.indices {
                    if case .address = issuers[position].keys { await look(position) }
                }
            }
        }
    }

    private func look(_ position: Int) async {
        state.withLock { $0.looks[position] = now() }
        let issuer = issuers[position]
        var keys: [TokenKey]?
        switch issuer.keys {
        case .secret(let secret):
            keys = await TokenKey(secret: secret).map { [$0] }
        case .document(let document):
            keys = await TokenKey.keys(ofSet: document, for: issuer.algorithm)
        case .address(let address):
            if let document = try? await fetch(address) {
                keys = await TokenKey.keys(ofSet: document, for: issuer.algorithm)
            }
        }
        guard let keys, !keys.isEmpty else {
            state.withLock { $0.failures[position] += 1 }
            logger.error("no key of an issuer can be had", metadata: ["issuer": "\(issuer.issuer)"])
            return
        }
        state.withLock { state in
            state.keys[position] = keys
            state.fetches[position] = now()
            // What a key that is gone has signed is looked at again.
            state.remembered = [:]
        }
    }

    /// The key that a token names, fetched anew if it is not known and the last look is not recent.
    private func key(_ token: SignedToken, _ position: Int) async -> TokenKey? {
        let id = token.header["kid"]
        if let key = known(id, position) { return key }
        guard case .address = issuers[position].keys else { return nil }
        let isDue = state.withLock { state in
            let last = state.looks[position]
            guard last.map({ $0.advanced(byMilliseconds: Self.lookMilliseconds) <= now() }) ?? true
            else { return false }
            // Whoever comes next does not look, too.
            state.looks[position] = now()
            return true
        }
        guard isDue else { return nil }
        await look(position)
        return known(id, position)
    }

    private func known(_ id: JSONValue?, _ position: Int) -> TokenKey? {
        let keys = state.withLock { $0.keys[position] }
        guard let id else { return keys.count == 1 ? keys.first : nil }
        guard let name = id.string else { return nil }
        if let key = keys.first(where: { $0.id.map { $0.utf8.elementsEqual(name.utf8) } ?? false })
        {
            return key
        }
        // One key without a name is for whatever the token calls it.
        return keys.count == 1 && keys[0].id == nil ? keys[0] : nil
    }

    /// What is held of the issuers, by their position, and of their tokens.
    struct Census: Sendable {
        let remembered: Int
        /// When keys were last got from an address, and how often they could not be.
        let keySets: [(position: Int, fetchedAt: Timestamp?, failures: Int)]
    }

    /// Counts the tokens that are remembered, and says how old the keys are.
    var census: Census {
        let state = state.withLock { $0 }
        let fetched = issuers.indices.filter {
            if case .address = issuers[$0].keys { true } else { false }
        }
        return Census(
            remembered: state.remembered.count,
            keySets: fetched.map { ($0, state.fetches[$0], state.failures[$0]) }
        )
    }

    // MARK: Tokens

    /// The principal of a token, or nil if it is not believed.
    ///
    /// - Throws: ``LedgerError`` when the token is good and its tenant cannot be looked up.
    package func principal(for text: Substring) async throws(LedgerError) -> Principal? {
        guard !issuers.isEmpty, text.utf8.count <= SignedToken.limitBytes else { return nil }
        let name = Digest.sha256(Array(text.utf8))
        let now = now()
        if let found = state.withLock({ $0.remembered[name] }), now < found.until {
            return found.principal
        }
        guard let token = SignedToken(text), let issuer = token.claims["iss"]?.string,
            let algorithm = token.header["alg"]?.string
        else { return nil }
        for (position, candidate) in issuers.enumerated()
        where candidate.issuer.utf8.elementsEqual(issuer.utf8)
            && candidate.algorithm.isNamed(algorithm)
        {
            guard let key = await key(token, position),
                key.isSigner(of: token.signed, signature: token.signature),
                let believed = candidate.believe(token, at: now)
            else { continue }
            guard try await exists(believed.principal, candidate) else { return nil }
            remember(name, believed.principal, until: believed.until)
            return believed.principal
        }
        return nil
    }

    private func exists(
        _ principal: Principal,
        _ issuer: TokenIssuer
    ) async throws(LedgerError) -> Bool {
        if try await isTenant(principal.tenant) { return true }
        guard issuer.createsTenants else { return false }
        if try await registrar.createTenant(principal.tenant, by: principal) != nil { return true }
        // Another request may have made it meanwhile, which is as good.
        return try await isTenant(principal.tenant)
    }

    private func isTenant(_ name: String) async throws(LedgerError) -> Bool {
        let now = now()
        if let end = state.withLock({ $0.tenants[name] }), now < end { return true }
        do throws(StoreError) {
            guard try await directory.tenant(named: name) != nil else { return false }
        } catch {
            throw LedgerError(error)
        }
        state.withLock { state in
            if state.tenants.count >= Self.memoryCount { state.tenants = [:] }
            state.tenants[name] = now.advanced(byMilliseconds: Self.memoryMilliseconds)
        }
        return true
    }

    private func remember(_ name: Digest, _ principal: Principal, until end: Timestamp) {
        let latest = now().advanced(byMilliseconds: Self.memoryMilliseconds)
        state.withLock { state in
            if state.remembered.count >= Self.memoryCount { state.remembered = [:] }
            state.remembered[name] = Remembered(principal: principal, until: min(end, latest))
        }
    }
}

extension TokenIssuer {
    /// What the claims of a token say whose signature is good; nil if they are not to be believed
    /// now (RFC 7519 4.1, RFC 8725).
    fileprivate func believe(
        _ token: SignedToken,
        at now: Timestamp
    ) -> (principal: Principal, until: Timestamp)? {
        let seconds = Double(now.nanoseconds) / 1e9
        let leeway = Double(leewaySeconds)
        guard let end = token.seconds("exp"), end.isFinite, seconds < end + leeway,
            end < 253_402_300_800
        else { return nil }
        if token.claims["nbf"] != nil {
            guard let start = token.seconds("nbf"), seconds >= start - leeway else { return nil }
        }
        if let type {
            guard let found = token.header["typ"]?.string, found.lowercased() == type.lowercased()
            else { return nil }
        }
        guard let audiences = token.texts("aud"), audiences.contains(where: isAudience),
            let tenant = token.claims[claims.tenant]?.string, Tenant.isValidName(tenant),
            let subject = token.claims[claims.subject]?.string,
            (1...256).contains(subject.utf8.count),
            let roles = token.texts(claims.roles), let scopes = token.texts(claims.scopes)
        else { return nil }
        var granted = Set(
            scopes.flatMap { $0.split(separator: " ") }.compactMap { Scope(rawValue: String($0)) }
        )
        for name in roles { granted.formUnion(Role(rawValue: name)?.scopes ?? []) }
        // What reaches beyond the tenant is given by this server's own settings alone.
        granted.remove(.tenantsManage)
        for name in roles { granted.formUnion(self.roles[name]?.scopes ?? []) }
        // Times end in the year 2262; a token may say more.
        let until = Timestamp(nanoseconds: Int64(min(end + leeway, 9_223_372_036) * 1e9))
        let principal = Principal(
            tenant: tenant,
            id: "\(issuer)#\(subject)",
            subject: subject,
            kind: .token,
            scopes: granted,
            expiresAt: until
        )
        return (principal, until)
    }

    private func isAudience(_ found: String) -> Bool {
        found.utf8.elementsEqual(audience.utf8)
    }
}
