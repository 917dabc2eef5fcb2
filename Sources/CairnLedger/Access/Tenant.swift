// SPDX-License-Identifier: Apache-2.0

package import Cairn

/// A ledger's own name: 128 random bits in hex, never the tenant's name.
package struct LedgerID: Hashable, Sendable, CustomStringConvertible {
    /// The 32 hex digits.
    package let text: String

    /// Reads 32 lower-case hex digits, or returns nil for anything else.
    package init?(_ text: String) {
        guard text.utf8.count == 32, Hex.decode(text) != nil else { return nil }
        self.text = text
    }

    /// Draws a new one.
    package init(using generator: inout some RandomNumberGenerator) {
        let words: [UInt64] = [generator.next(), generator.next()]
        text = Hex.encode(
            words.flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> ($0 * 8)) } }
        )
    }

    package var description: String { text }
}

/// Whose ledger it is.
package struct Tenant: Hashable, Sendable {
    /// Unique, `[A-Za-z0-9._-]{1,128}`; what credentials name.
    package let name: String
    /// The tenant's ledger, fixed at creation.
    package let ledger: LedgerID
    /// The ledger's name in checkpoints, fixed at creation and never recomputed.
    package let origin: String
    /// When the tenant was created.
    package let createdAt: Timestamp

    /// Names a tenant.
    package init(name: String, ledger: LedgerID, origin: String, createdAt: Timestamp) {
        self.name = name
        self.ledger = ledger
        self.origin = origin
        self.createdAt = createdAt
    }

    /// Whether a text may name a tenant.
    package static func isValidName(_ text: String) -> Bool {
        (1...128).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"),
                    UInt8(ascii: "-"):
                    true
                default: false
                }
            }
    }
}

/// Where tenants and their keys are kept.
///
/// Every directory passes `DirectoryConformance`.
package protocol Directory: Sendable {
    /// The tenant of that name, or nil.
    func tenant(named name: String) async throws(StoreError) -> Tenant?
    /// All tenants, by name.
    func tenants() async throws(StoreError) -> [Tenant]
    /// Makes a tenant and its empty ledger durable; a name or ledger that exists is a conflict.
    func create(_ tenant: Tenant) async throws(StoreError)

    /// A value that belongs to the deployment as a whole, such as the origin's prefix, or nil.
    func value(_ key: String) async throws(StoreError) -> [UInt8]?
    /// Keeps a value that belongs to the deployment as a whole; one that is there already stays.
    func keep(_ value: [UInt8], as key: String) async throws(StoreError)

    /// Makes a key durable; an id that exists is a conflict.
    func create(_ key: APIKey) async throws(StoreError)
    /// All keys of a tenant, revoked ones too, by when they were made and by id.
    func keys(of tenant: String) async throws(StoreError) -> [APIKey]
    /// The keys of all tenants that were made or revoked since a revision, and the revision now.
    ///
    /// Revision 0 is before everything. Revoked keys are among them.
    func keys(
        changedSince revision: Int64
    ) async throws(StoreError) -> (keys: [APIKey], revision: Int64)
    /// Revokes a tenant's key; returns it as it is then, or nil if the tenant has none of that id.
    ///
    /// A key that was revoked before stays as it is.
    func revoke(
        _ id: String,
        of tenant: String,
        at time: Timestamp
    ) async throws(StoreError)
        -> APIKey?
    /// Makes durable that a viewer token is refused from now on; kept until it would have ended, and
    /// what would have ended before `time` may be forgotten. Again is as once.
    func revokeViewer(
        _ id: String,
        of tenant: String,
        at time: Timestamp,
        until end: Timestamp
    ) async throws(StoreError)
    /// The viewer tokens that were revoked since a revision, and the revision now.
    ///
    /// Revision 0 is before everything. Those that would have ended may be missing.
    func revokedViewers(
        since revision: Int64
    ) async throws(StoreError) -> (viewers: [RevokedViewer], revision: Int64)
    /// Notes when keys were last used; an earlier time changes nothing.
    func noteUses(_ times: [String: Timestamp]) async throws(StoreError)
}

/// A viewer token that is refused.
package struct RevokedViewer: Hashable, Sendable {
    /// The token.
    package let id: String
    /// When it would have ended, after which nobody need remember it.
    package let end: Timestamp

    /// Names a token.
    package init(id: String, end: Timestamp) {
        self.id = id
        self.end = end
    }
}
