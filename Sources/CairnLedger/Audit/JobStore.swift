// SPDX-License-Identifier: Apache-2.0

/// Where long-running jobs are kept, so that they survive a restart.
package protocol JobStore: Sendable {
    /// Makes a job durable, in place of what was kept under its id.
    func put(
        _ id: String,
        tenant: String,
        kind: String,
        document: [UInt8]
    ) async throws(StoreError)
    /// All jobs of a kind, of all tenants, by id.
    func jobs(
        kind: String
    ) async throws(StoreError) -> [(id: String, tenant: String, document: [UInt8])]
    /// A job of a kind, or nil if there is none of that id.
    func job(
        _ id: String,
        kind: String
    ) async throws(StoreError) -> (tenant: String, document: [UInt8])?
    /// Forgets a job; one that is not there is no error.
    func remove(_ id: String) async throws(StoreError)
}
