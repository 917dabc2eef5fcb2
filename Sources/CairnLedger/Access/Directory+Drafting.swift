// SPDX-License-Identifier: Apache-2.0

package import Cairn

extension Directory {
    /// Draws the ledger of a tenant to be, and names its origin.
    ///
    /// Without a prefix, the origin begins with one that is drawn once for each store.
    package func draftTenant(
        _ name: String,
        prefix: String? = nil,
        at now: Timestamp,
        random: @Sendable (Int) -> [UInt8]
    ) async throws(StoreError) -> Tenant {
        guard let ledger = LedgerID(Hex.encode(random(16))) else {
            preconditionFailure("16 random bytes name a ledger")
        }
        var chosen = prefix ?? "cairn.local/\(Hex.encode(random(4)))"
        if prefix == nil {
            try await keep(Array(chosen.utf8), as: "origin-prefix")
            guard let kept = try await value("origin-prefix") else {
                throw .corrupt("the store does not keep origin-prefix")
            }
            chosen = String(decoding: kept, as: UTF8.self)
        }
        return Tenant(
            name: name,
            ledger: ledger,
            origin: "\(chosen)/\(ledger)",
            createdAt: now
        )
    }
}
