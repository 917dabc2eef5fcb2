// SPDX-License-Identifier: Apache-2.0

package import Cairn
package import Logging
internal import ServiceLifecycle
internal import Synchronization

/// Tallies who read what and who was refused, and records it in the tenant's own ledger: reads once
/// for each principal and minute, refusals at most once for each credential and minute.
///
/// Who reads the records of this kind alone is not tallied, or reading would never end. What cannot
/// be recorded yet is kept and tried again; when too much of a tenant waits, its reads are refused:
/// nobody reads unrecorded. A process that is killed loses the tallies of its last minute.
package final class AccessTally: Service {
    /// What a caller read.
    package struct Read: Sendable {
        /// How a caller reads.
        package enum Operation: String, Sendable {
            case list, show, prove, statistics, export
        }

        /// How it was read.
        package let operation: Operation
        /// What was asked, as the parameters of the request.
        package var parameters: [(name: String, value: String)] = []
        /// The one record that was read, if one was named.
        package var event: EventID?
        /// How many records were shown.
        package var records = 0
        /// The address it came from, if that is known.
        package var client: String?

        /// Begins with how it was read.
        package init(_ operation: Operation) {
            self.operation = operation
        }
    }

    /// How long reads are gathered, and how far apart refusals are recorded, in milliseconds.
    package static let windowMilliseconds: Int64 = 60_000
    /// How much of one tenant may wait to be recorded, in bytes, about.
    static let tenantBytes = 16 << 20
    /// How much may wait in all, in bytes, about.
    static let totalBytes = 128 << 20
    /// How many credentials' refusals are kept.
    static let refusalCount = 10_000
    /// How many records of a tenant may wait before refusals wait for them.
    static let waitingRefusals = 1_000
    /// How many addresses one record names.
    static let clientCount = 16

    private struct Name: Hashable {
        let tenant: String
        let kind: Principal.Kind
        let id: String?
    }

    /// What is made of a tally, until it is durable.
    private struct Waiting {
        let entry: SelfRecorder.Entry
        let principal: Principal
        let bytes: Int
    }

    private struct State {
        var reads: [Name: ReadTally] = [:]
        var refusals: [Name: RefusalTally] = [:]
        var waiting: [String: [Waiting]] = [:]
        var bytes: [String: Int] = [:]
        var totalBytes = 0
        var strangers = 0
        var failing: Set<String> = []
    }

    private let recorder: SelfRecorder
    private let clock: ServerClock
    private let logger: Logger
    private let state = Mutex(State())

    /// Records through `recorder` what it is to record.
    package init(recorder: SelfRecorder, clock: ServerClock, logger: Logger) {
        self.recorder = recorder
        self.clock = clock
        self.logger = logger
    }

    // MARK: Telling

    /// Notes what a caller is about to be shown.
    ///
    /// - Throws: ``LedgerError/overloaded`` while too much waits to be recorded.
    package func note(_ read: Read, by principal: Principal) throws(LedgerError) {
        guard recorder.kinds.contains(.reads) else { return }
        let name = Name(tenant: principal.tenant, kind: principal.kind, id: principal.id)
        let query = ReadTally.query(read.parameters)
        let now = clock.continuousMilliseconds()
        let isNoted = state.withLock { state in
            let bytes = state.bytes[principal.tenant] ?? 0
            guard bytes < Self.tenantBytes, state.totalBytes < Self.totalBytes else { return false }
            var tally =
                state.reads[name]
                ?? ReadTally(principal: principal, since: now, from: clock.now())
            let added = tally.add(read, query)
            state.bytes[principal.tenant, default: 0] += added
            state.totalBytes += added
            state.reads[name] = tally
            if tally.isFull { close(&state, name) }
            return true
        }
        guard isNoted else { throw .overloaded }
    }

    /// Notes that a caller was refused who is known, or whose key is.
    package func noteRefusal(_ reason: String, of principal: Principal, from client: String?) {
        guard recorder.kinds.contains(.refusals) else { return }
        let name = Name(tenant: principal.tenant, kind: principal.kind, id: principal.id)
        state.withLock { state in
            guard state.refusals[name] != nil || state.refusals.count < Self.refusalCount else {
                state.strangers += 1
                return
            }
            state.refusals[name, default: RefusalTally(principal: principal)].add(reason, client)
        }
    }

    /// Notes that a caller was refused whom nobody knows: it is told to the log and to no ledger.
    package func noteStranger() {
        state.withLock { $0.strangers += 1 }
    }

    // MARK: Recording

    /// Records what is due each second until told to shut down, and then everything.
    package func run() async throws {
        await cancelWhenGracefulShutdown { [self] in
            while !Task.isCancelled {
                do {
                    try await Task.sleep(for: .seconds(1))
                } catch {
                    return
                }
                await settle()
            }
        }
        await settle(everything: true)
    }

    /// Records what is due, or everything.
    package func settle(everything: Bool = false) async {
        let now = clock.continuousMilliseconds()
        let (tenants, strangers) = state.withLock { state in
            for (name, tally) in state.reads
            where everything || now - tally.since >= Self.windowMilliseconds {
                close(&state, name)
            }
            for (name, tally) in state.refusals {
                close(&state, name, tally, now)
            }
            defer { state.strangers = 0 }
            return (Array(state.waiting.keys), state.strangers)
        }
        if strangers > 0 {
            logger.notice("callers with no good credential", metadata: ["count": "\(strangers)"])
        }
        for tenant in tenants { await record(tenant) }
    }

    /// Records what waits of one tenant, in order, until something fails.
    private func record(_ tenant: String) async {
        while let next = state.withLock({ $0.waiting[tenant]?.first }) {
            do throws(LedgerError) {
                try await recorder.record(next.entry, in: tenant, by: next.principal)
            } catch {
                if state.withLock({ $0.failing.insert(tenant).inserted }) {
                    logger.error("who reads cannot be recorded", metadata: ["error": "\(error)"])
                }
                return
            }
            state.withLock { state in
                state.failing.remove(tenant)
                // Somebody else may have recorded it meanwhile, under the same id.
                guard var waiting = state.waiting[tenant],
                    let place = waiting.firstIndex(where: { $0.entry.id == next.entry.id })
                else { return }
                waiting.remove(at: place)
                state.waiting[tenant] = waiting.isEmpty ? nil : waiting
                let bytes = (state.bytes[tenant] ?? 0) - next.bytes
                state.bytes[tenant] = bytes > 0 ? bytes : nil
                state.totalBytes -= next.bytes
            }
        }
    }

    /// Makes an entry of a principal's reads.
    private func close(_ state: inout State, _ name: Name) {
        guard let tally = state.reads.removeValue(forKey: name) else { return }
        var entry = tally.entry(until: clock.now())
        entry.id = recorder.makeID()
        state.waiting[name.tenant, default: []].append(
            Waiting(entry: entry, principal: tally.principal, bytes: tally.bytes)
        )
    }

    /// Makes an entry of a credential's refusals if one is due, and forgets it if there were none.
    private func close(_ state: inout State, _ name: Name, _ tally: RefusalTally, _ now: Int64) {
        if let last = tally.recordedAt, now - last < Self.windowMilliseconds { return }
        guard tally.attempts > 0 else {
            state.refusals[name] = nil
            return
        }
        // While nothing can be recorded attempts are counted on, and take nothing from readers.
        guard state.waiting[name.tenant]?.count ?? 0 < Self.waitingRefusals else { return }
        var entry = tally.entry
        entry.id = recorder.makeID()
        state.waiting[name.tenant, default: []].append(
            Waiting(entry: entry, principal: tally.principal, bytes: 0)
        )
        state.refusals[name] = RefusalTally(principal: tally.principal, recordedAt: now)
    }
}
