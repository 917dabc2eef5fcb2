// SPDX-License-Identifier: Apache-2.0

package import CairnLedger

/// Something without which the server is of no use, and how to ask whether it is there.
package struct ReadinessCheck: Sendable {
    /// The name that readiness gives it.
    package let name: String
    /// Why it is not there, in a few words that hold nothing internal; nil when it is.
    package let fault: @Sendable () async -> String?

    /// Names a dependency.
    package init(name: String, fault: @escaping @Sendable () async -> String?) {
        self.name = name
        self.fault = fault
    }
}

/// All that a server works with, made elsewhere.
package struct ServerServices: Sendable {
    /// The ledgers, opened when first used.
    package let ledgers: Ledgers
    /// Where their records live.
    package let store: any LedgerStore
    /// Where queries are answered.
    package let index: any RecordIndex
    /// Where tenants are kept.
    package let directory: any Directory
    /// The keys that let callers in.
    package let keys: KeyRing
    /// The issuers whose tokens let callers in.
    package let tokens: TokenAuthority
    /// Answers requests that are sent again.
    package let idempotency: Idempotency
    /// Reads viewer tokens.
    package let viewers: ViewerTokenCodec
    /// Makes and revokes keys and viewer tokens, and makes tenants.
    package let registrar: Registrar
    /// Records of the ledger about itself.
    package let recorder: SelfRecorder
    /// Who read what, and who was refused.
    package let tally: AccessTally
    /// Where verifications wait and are kept.
    package let jobs: any JobQueue
    /// Exports, and where they are kept.
    package let exports: ExportServices
    /// Makes events ready to be sequenced.
    package let preparer: Preparer
    /// Makes and reads cursors.
    package let cursors: CursorCodec
    /// The wall's clock and the continuous one.
    package let clock: ServerClock
    /// What is counted, and what `/metrics` shows.
    package let metrics: MetricsRegistry
    /// What readiness asks for beside the directory, the store and the clock.
    package let readiness: [ReadinessCheck]

    /// Joins what a server works with.
    package init(
        ledgers: Ledgers,
        store: any LedgerStore,
        index: any RecordIndex,
        directory: any Directory,
        keys: KeyRing,
        tokens: TokenAuthority,
        idempotency: Idempotency,
        viewers: ViewerTokenCodec,
        registrar: Registrar,
        recorder: SelfRecorder,
        tally: AccessTally,
        jobs: any JobQueue,
        exports: ExportServices,
        preparer: Preparer,
        cursors: CursorCodec,
        clock: ServerClock,
        metrics: MetricsRegistry,
        readiness: [ReadinessCheck] = []
    ) {
        self.ledgers = ledgers
        self.store = store
        self.index = index
        self.directory = directory
        self.keys = keys
        self.tokens = tokens
        self.idempotency = idempotency
        self.viewers = viewers
        self.registrar = registrar
        self.recorder = recorder
        self.tally = tally
        self.jobs = jobs
        self.exports = exports
        self.preparer = preparer
        self.cursors = cursors
        self.clock = clock
        self.metrics = metrics
        self.readiness = readiness
    }
}

extension ServerServices {
    /// Goes on only if a key was not revoked since its request began, which may be long ago.
    func requireGood(_ principal: Principal) throws(Problem) {
        guard keys.isGood(principal) else {
            throw Problem(.unauthenticated, "The credential is not good any more.")
        }
    }
}
