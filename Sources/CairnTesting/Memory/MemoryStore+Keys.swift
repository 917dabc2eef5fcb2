// SPDX-License-Identifier: Apache-2.0

package import Cairn
package import CairnLedger
internal import Synchronization

/// The keys of a memory store, with the revision at which each was last changed.
struct MemoryKeys {
    private var keys: [String: (key: APIKey, revision: Int64)] = [:]
    private(set) var revision: Int64 = 0
    private(set) var viewers: [RevokedViewer] = []

    mutating func revoke(_ viewer: RevokedViewer) {
        guard !viewers.contains(where: { $0.id == viewer.id }) else { return }
        viewers.append(viewer)
    }

    /// The keys that changed since a revision, in the order of their changes.
    func changed(since revision: Int64) -> [APIKey] {
        keys.values.filter { $0.revision > revision }.sorted { $0.revision < $1.revision }
            .map(\.key)
    }

    subscript(id: String) -> APIKey? { keys[id]?.key }

    mutating func put(_ key: APIKey) {
        revision += 1
        keys[key.id] = (key, revision)
    }

    mutating func noteUse(of id: String, at time: Timestamp) {
        guard var entry = keys[id] else { return }
        entry.key.lastUsedAt = max(entry.key.lastUsedAt ?? time, time)
        keys[id] = entry
    }
}

extension MemoryStore {
    package func create(_ key: APIKey) throws(StoreError) {
        let isNew = keyring.withLock { keys in
            guard keys[key.id] == nil else { return false }
            keys.put(key)
            return true
        }
        guard isNew else { throw .conflict }
    }

    package func keys(of tenant: String) -> [APIKey] {
        keyring.withLock { $0.changed(since: 0) }
            .filter { $0.tenant.utf8.elementsEqual(tenant.utf8) }
            .sorted { ($0.createdAt, $0.id) < ($1.createdAt, $1.id) }
    }

    package func keys(changedSince revision: Int64) -> (keys: [APIKey], revision: Int64) {
        keyring.withLock { ($0.changed(since: revision), $0.revision) }
    }

    package func revoke(_ id: String, of tenant: String, at time: Timestamp) -> APIKey? {
        keyring.withLock { keys in
            guard var key = keys[id], key.tenant.utf8.elementsEqual(tenant.utf8) else { return nil }
            guard key.revokedAt == nil else { return key }
            key.revokedAt = time
            keys.put(key)
            return key
        }
    }

    package func noteUses(_ times: [String: Timestamp]) {
        keyring.withLock { keys in
            for (id, time) in times { keys.noteUse(of: id, at: time) }
        }
    }

    package func revokeViewer(
        _ id: String,
        of tenant: String,
        at time: Timestamp,
        until end: Timestamp
    ) {
        keyring.withLock { $0.revoke(RevokedViewer(id: id, end: end)) }
    }

    package func revokedViewers(
        since revision: Int64
    ) -> (viewers: [RevokedViewer], revision: Int64) {
        let all = keyring.withLock(\.viewers)
        return (Array(all.dropFirst(Int(revision))), Int64(all.count))
    }
}
