// SPDX-License-Identifier: Apache-2.0

internal import Synchronization

/// What a recorder has done with events since it was made, so that no loss goes unseen.
public struct Counts: Sendable, Hashable {
    /// Events that are durable in the ledger.
    public internal(set) var recorded = 0
    /// Events that were made durable in the spool.
    public internal(set) var spooled = 0
    /// Events that were given to memory.
    public internal(set) var queued = 0
    /// Events that were given to memory and are lost: no room, refused, or not sent in time.
    public internal(set) var lost = 0
    /// Events that secrets were taken out of here, before anybody saw them.
    public internal(set) var redacted = 0
    /// Events that a filter kept out.
    public internal(set) var filtered = 0
    /// Filters that threw, whose events were kept.
    public internal(set) var filterFailures = 0
    /// Events whose caller was told that they are not recorded.
    public internal(set) var failed = 0
    /// Events of the spool that the server refused for good; they are in `rejected.ndjson`.
    public internal(set) var rejected = 0
    /// Parts of the spool that could not be read, of which copies are kept.
    public internal(set) var damaged = 0
    /// Handlers that threw.
    public internal(set) var handlerFailures = 0
    /// Handlers that took longer than they may.
    public internal(set) var handlerTimeouts = 0
    /// Events that a handler was not told of, because too many waited for it.
    public internal(set) var handlerDrops = 0

    /// Counts nothing yet.
    init() {}
}

/// Counts from many tasks at once.
final class Tally: Sendable {
    private let counts = Mutex(Counts())

    /// What was counted so far.
    var now: Counts { counts.withLock { $0 } }

    /// Adds to a count.
    func add(_ count: any WritableKeyPath<Counts, Int> & Sendable, _ number: Int = 1) {
        counts.withLock { $0[keyPath: count] += number }
    }
}
