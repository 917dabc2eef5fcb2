// SPDX-License-Identifier: Apache-2.0

package import Cairn
internal import Crypto

/// Appends a ledger's records about itself, of types that begin with `cairn.` and that no caller
/// can write.
package struct SelfRecorder: Sendable {
    /// What is recorded, as operators choose it.
    package enum Kind: String, CaseIterable, Sendable {
        /// Reading records and statistics.
        case reads
        /// Verifying the ledger.
        case verifications
        /// Making and revoking keys, viewer tokens and tenants.
        case changes
        /// What callers tried and may not do.
        case refusals
    }

    /// What such a record says.
    package struct Entry: Sendable {
        /// What it is one of.
        package let kind: Kind
        /// The type: `cairn.` and what follows.
        package let type: String
        /// How it ended.
        package var outcome = Outcome.success
        /// What it was about.
        package var resources: [Event.Resource] = []
        /// The rest.
        package var details = JSONObject()
        /// The record's id, the same for what is recorded again; drawn if it is nil.
        package var id: EventID?

        /// Says what happened.
        package init(_ kind: Kind, _ type: String) {
            self.kind = kind
            self.type = "cairn." + type
        }
    }

    private let ledgers: Ledgers
    private let preparer: Preparer
    private let secret: SymmetricKey
    /// What is recorded; the rest happens without a trace.
    package let kinds: Set<Kind>

    /// Appends to these ledgers; `secret` are 32 bytes that no caller knows.
    package init(
        ledgers: Ledgers,
        preparer: Preparer,
        secret: [UInt8],
        kinds: Set<Kind> = Set(Kind.allCases)
    ) {
        self.ledgers = ledgers
        self.preparer = preparer
        self.secret = SymmetricKey(data: secret)
        self.kinds = kinds
    }

    /// Draws an id for an entry that may be recorded more than once.
    package func makeID() -> EventID { preparer.makeID() }

    /// The id of an entry that is recorded once, however often it is told: keyed, so that nobody can
    /// record something else under it before.
    package func id(of facts: [String]) -> EventID {
        let name = facts.map { "\($0.utf8.count):\($0)" }.joined()
        let tag = HMAC<SHA256>.authenticationCode(for: Array(name.utf8), using: secret)
        return EventID(version4From: Array(tag)[..<16])
    }

    /// Makes an entry durable in a tenant's ledger, if its kind is recorded; nobody is the operator
    /// at the console.
    package func record(
        _ entry: Entry,
        in tenant: String,
        by principal: Principal?
    ) async throws(LedgerError) {
        guard kinds.contains(entry.kind) else { return }
        let ledger = try await ledgers.ledger(of: tenant)
        let prepared: PreparedEvent
        do {
            var event = Event(type: try EventType(entry.type), actor: principal.actor)
            event.id = entry.id
            event.outcome = entry.outcome
            if !entry.resources.isEmpty { event.resources = entry.resources }
            if !entry.details.isEmpty {
                event.details = JSONValue.object(entry.details).canonical
            }
            prepared = try preparer.prepare(ledgerEvent: event)
        } catch {
            preconditionFailure("a record of the ledger about itself is valid: \(error)")
        }
        if case .failed(let error)? = await ledger.append([prepared]).first { throw error }
    }
}

extension Principal? {
    /// Who did it, as the ledger's records of itself say.
    fileprivate var actor: Event.Actor {
        guard let self else { return Event.Actor(type: "operator", id: "console") }
        let id = self.id ?? "anonymous"
        return switch self.kind {
        case .anonymous: Event.Actor(type: "anonymous", id: id)
        case .key: Event.Actor(type: "api_key", id: id, name: self.subject)
        case .token: Event.Actor(type: "user", id: self.subject ?? id)
        case .viewer: Event.Actor(type: "viewer_token", id: id, name: self.subject)
        }
    }
}
