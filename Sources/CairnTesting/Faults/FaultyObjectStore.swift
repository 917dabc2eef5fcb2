// SPDX-License-Identifier: Apache-2.0

package import Cairn
package import CairnLedger
internal import Synchronization

/// Any store of objects, which fails when it is told to.
package final class FaultyObjectStore: ObjectStore {
    private struct State {
        var puts = 0
        var fault: (number: Int, fault: WriteFault)?
        var room: UInt64?
        var isAway = false
        var held: String?
    }

    private let base: any ObjectStore
    private let state = Mutex(State())

    /// Wraps a store.
    package init(_ base: any ObjectStore) {
        self.base = base
    }

    /// How many puts were tried.
    package var puts: Int { state.withLock { $0.puts } }

    /// Makes the put fail that is the given one from now, counted from 0.
    package func fail(put number: Int, _ fault: WriteFault) {
        state.withLock { $0.fault = ($0.puts + number, fault) }
    }

    /// Lets no more than so many bytes be put from now on; nil for any number.
    package func limit(to bytes: UInt64?) {
        state.withLock { $0.room = bytes }
    }

    /// Puts the store out of reach, or back within it.
    package func setAway(_ isAway: Bool) {
        state.withLock { $0.isAway = isAway }
    }

    /// Makes puts wait whose key has a text in it, until it is told another one, or nil for none.
    package func hold(_ text: String?) {
        state.withLock { $0.held = text }
    }

    private func reach() throws(ObjectError) {
        guard !state.withLock({ $0.isAway }) else { throw .unavailable("as a test wants it") }
    }

    /// Takes room for some bytes, or says that there is none.
    private func take(_ count: Int) throws(ObjectError) {
        let fits = state.withLock { state in
            guard let room = state.room else { return true }
            guard room >= count else { return false }
            state.room = room - UInt64(count)
            return true
        }
        guard fits else { throw .full }
    }

    package func put(
        _ key: ObjectKey,
        _ bytes: ObjectBytes,
        as options: ObjectOptions
    ) async throws -> ObjectFacts {
        while state.withLock({ $0.held.map(key.text.contains) ?? false }) {
            try await Task.sleep(for: .milliseconds(5))
        }
        try reach()
        let fault = state.withLock { state in
            defer { state.puts += 1 }
            return state.fault.flatMap { $0.number == state.puts ? $0.fault : nil }
        }
        if fault == .beforeWrite { throw ObjectError.unavailable("as a test wants it") }
        var all: [[UInt8]] = []
        for try await piece in bytes {
            try take(piece.count)
            all.append(piece)
        }
        let pieces = all
        let facts = try await base.put(
            key,
            AsyncThrowingStream { continuation in
                for piece in pieces { continuation.yield(piece) }
                continuation.finish()
            },
            as: options
        )
        if fault == .afterWrite { throw ObjectError.unavailable("as a test wants it") }
        return facts
    }

    package func get(
        _ key: ObjectKey,
        range: Range<UInt64>?
    ) async throws(ObjectError) -> (facts: ObjectFacts, bytes: ObjectBytes) {
        try reach()
        return try await base.get(key, range: range)
    }

    package func facts(of key: ObjectKey) async throws(ObjectError) -> ObjectFacts? {
        try reach()
        return try await base.facts(of: key)
    }

    package func list(
        prefix: String,
        after key: ObjectKey?,
        limit: Int
    ) async throws(ObjectError) -> [ObjectFacts] {
        try reach()
        return try await base.list(prefix: prefix, after: key, limit: limit)
    }

    package func delete(_ key: ObjectKey) async throws(ObjectError) {
        try reach()
        try await base.delete(key)
    }

    package func retain(_ key: ObjectKey, until: Timestamp) async throws(ObjectError) {
        try reach()
        try await base.retain(key, until: until)
    }

    package func hold(_ key: ObjectKey, _ isHeld: Bool) async throws(ObjectError) {
        try reach()
        try await base.hold(key, isHeld)
    }

    package func link(
        to key: ObjectKey,
        as download: ObjectDownload,
        for duration: Duration
    ) async throws(ObjectError) -> ObjectLink? {
        try reach()
        return try await base.link(to: key, as: download, for: duration)
    }
}
