// SPDX-License-Identifier: Apache-2.0

package import Cairn
package import Logging
internal import ServiceLifecycle
internal import Synchronization

/// All keys of a deployment, in memory, so that a request is let in or refused without the store.
///
/// What other servers make or revoke is seen within ``interval``.
package final class KeyRing: Service {
    /// How long a change made by another server may stay unseen.
    package static let interval = Duration.seconds(2)
    /// After how many looks the times of uses are written down.
    private static let looksPerNote = 30

    private struct State {
        var keys: [String: (key: APIKey, principal: Principal)] = [:]
        var revision: Int64 = 0
        var uses: [String: Timestamp] = [:]
        /// Keys that open nothing any more, and their tenants.
        var retired: [String: String] = [:]
        var revokedViewers: [String: Timestamp] = [:]
        var viewerRevision: Int64 = 0
    }

    /// How many keys are remembered that were revoked.
    private static let retiredCount = 10_000

    private let directory: any Directory
    private let now: @Sendable () -> Timestamp
    private let logger: Logger
    private let state = Mutex(State())

    /// A ring without keys, until it is loaded.
    package init(
        directory: any Directory,
        now: @escaping @Sendable () -> Timestamp,
        logger: Logger
    ) {
        self.directory = directory
        self.now = now
        self.logger = logger
    }

    /// The principal of a key, or nil if it opens nothing now.
    ///
    /// An unknown key and a wrong secret take the same time.
    package func principal(for token: APIKeyToken) -> Principal? {
        let hash = token.hash
        let now = now()
        return state.withLock { state in
            let found = state.keys[token.id]
            let isRight = hash.matchesInConstantTime(found?.key.hash ?? .emptyRoot)
            guard let found, isRight, found.key.isGood(at: now) else { return nil }
            state.uses[token.id] = now
            return found.principal
        }
    }

    /// The tenant of a key that is or was one, whatever its secret; nil for one that nobody made.
    package func tenant(ofKey id: String) -> String? {
        state.withLock { $0.keys[id]?.key.tenant ?? $0.retired[id] }
    }

    /// How many keys there are that were not revoked.
    package var count: Int { state.withLock { $0.keys.count } }

    /// Whether a principal's credential has ended by itself.
    package func isOver(_ principal: Principal) -> Bool {
        principal.expiresAt.map { $0 <= now() } ?? false
    }

    /// Whether a principal may still do what it was let in for: a request may last longer than the
    /// key it came with.
    package func isGood(_ principal: Principal) -> Bool {
        let now = now()
        guard principal.expiresAt.map({ now < $0 }) ?? true else { return false }
        switch principal.kind {
        case .anonymous, .token: return true
        case .key:
            guard let id = principal.id else { return false }
            return state.withLock { $0.keys[id]?.key.isGood(at: now) ?? false }
        case .viewer:
            guard let id = principal.id else { return false }
            return state.withLock { state in
                let isMakerGood = principal.makerKey.map {
                    state.keys[$0]?.key.isGood(at: now) ?? false
                }
                return state.revokedViewers[id] == nil && isMakerGood ?? true
            }
        }
    }

    /// Learns what changed since the last look.
    package func refresh() async throws(StoreError) {
        while true {
            let start = state.withLock { $0.revision }
            let changed = try await directory.keys(changedSince: start)
            let isCurrent = state.withLock { state in
                // Another look was faster; what this one saw may be older.
                guard state.revision == start else { return false }
                for key in changed.keys { KeyRing.take(key, into: &state) }
                state.revision = changed.revision
                return true
            }
            if isCurrent { break }
        }
        try await refreshViewers()
    }

    private func refreshViewers() async throws(StoreError) {
        let start = state.withLock { $0.viewerRevision }
        let revoked = try await directory.revokedViewers(since: start)
        let now = now()
        state.withLock { state in
            for viewer in revoked.viewers where now < viewer.end {
                state.revokedViewers[viewer.id] = viewer.end
            }
            state.viewerRevision = max(state.viewerRevision, revoked.revision)
            if state.revokedViewers.contains(where: { $0.value <= now }) {
                state.revokedViewers = state.revokedViewers.filter { now < $0.value }
            }
        }
    }

    private static func take(_ key: APIKey, into state: inout State) {
        guard key.revokedAt != nil else {
            state.keys[key.id] = (key, key.principal)
            return
        }
        state.keys[key.id] = nil
        if state.retired.count >= retiredCount { state.retired = [:] }
        state.retired[key.id] = key.tenant
    }

    /// Keeps itself up to date until told to shut down, and writes down when keys were used.
    package func run() async throws {
        await cancelWhenGracefulShutdown { [self] in
            var looks = 0
            while !Task.isCancelled {
                do {
                    try await Task.sleep(for: KeyRing.interval)
                } catch {
                    return
                }
                await look()
                looks += 1
                if looks % KeyRing.looksPerNote == 0 { await noteUses() }
            }
        }
        await noteUses()
    }

    private func look() async {
        do throws(StoreError) {
            try await refresh()
        } catch {
            logger.error("changes of keys cannot be read", metadata: ["error": "\(error)"])
        }
    }

    private func noteUses() async {
        let uses = state.withLock { state in
            defer { state.uses = [:] }
            return state.uses
        }
        guard !uses.isEmpty else { return }
        do throws(StoreError) {
            try await directory.noteUses(uses)
        } catch {
            // Nothing but a time is lost, and the next use gives a newer one.
            logger.warning("uses of keys cannot be noted", metadata: ["error": "\(error)"])
        }
    }
}
