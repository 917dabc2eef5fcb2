// SPDX-License-Identifier: Apache-2.0

/// The name of every metric, in one place.
///
/// None carries a tenant.
package enum Telemetry {
    // MARK: Requests

    /// Counter: events by what became of them.
    package static let events = "cairn_events_total"
    /// Counter: requests by route and status.
    package static let requests = "cairn_http_requests_total"
    /// Timer: how long requests took, by route.
    package static let requestSeconds = "cairn_http_request_duration_seconds"
    /// Gauge: connections that are open.
    package static let connections = "cairn_http_connections_open"
    /// Counter: requests over a quota, by what was used up.
    package static let quotaRefusals = "cairn_quota_refusals_total"

    // MARK: Access

    /// Counter: requests of callers that were not let in, by reason.
    package static let accessRefusals = "cairn_auth_refusals_total"
    /// Gauge: keys in memory.
    package static let keys = "cairn_auth_keys"
    /// Gauge: tokens that are remembered.
    package static let tokens = "cairn_auth_tokens_cached"
    /// Gauge: how old the keys of an issuer are, by its position in the file.
    package static let keySetAge = "cairn_auth_jwks_age_seconds"
    /// Counter: keys of an issuer that could not be fetched, by its position in the file.
    package static let keySetFailures = "cairn_auth_jwks_fetch_failures_total"

    // MARK: Ledgers

    /// Gauge: ledgers that are open.
    package static let ledgersOpen = "cairn_ledgers_open"
    /// Gauge: ledgers that take no writes.
    package static let ledgersRefusing = "cairn_ledgers_refusing"
    /// Gauge: records of all ledgers.
    package static let ledgerRecords = "cairn_ledger_records"
    /// Gauge: records of the largest ledger.
    package static let largestLedgerRecords = "cairn_ledger_largest_records"
    /// Gauge: records that wait for a commit, of all ledgers.
    package static let pooledRecords = "cairn_pool_records"
    /// Gauge: bytes of records that wait for a commit, of all ledgers.
    package static let pooledBytes = "cairn_pool_bytes"

    // MARK: The store

    /// Timer: how long a commit took.
    package static let commitSeconds = "cairn_store_commit_duration_seconds"
    /// Timer: how long the part of a commit took that waits for the disk.
    package static let syncSeconds = "cairn_store_sync_duration_seconds"
    /// Recorder: records in one commit.
    package static let commitRecords = "cairn_store_commit_records"
    /// Timer: how long a merge into the search index took.
    package static let mergeSeconds = "cairn_index_merge_duration_seconds"
    /// Gauge: records that wait for the next merge.
    package static let unmergedRecords = "cairn_index_unmerged_records"

    // MARK: Exports

    /// Counter: exports that ended, by state.
    package static let exports = "cairn_exports_total"
    /// Counter: records in exports that ended.
    package static let exportedRecords = "cairn_exported_records_total"

    // MARK: Verifications

    /// Gauge: verifications by state.
    package static let verifications = "cairn_verification_jobs"
    /// Gauge: ledgers with a fault that no later verification of the whole has taken back.
    package static let failingLedgers = "cairn_verification_failing_ledgers"
    /// Gauge: how long ago a verification ended of which all holds.
    package static let verificationAge = "cairn_verification_last_holding_age_seconds"
}

extension Telemetry {
    private static let texts: [String: String] = [
        exports: "Exports that ended, by state.",
        exportedRecords: "Records in exports that ended.",
        events: "Events by what became of them.",
        requests: "Requests by route, method and status.",
        requestSeconds: "Time until the answer began, by route.",
        connections: "Connections that are open on the main port.",
        quotaRefusals: "Requests over a quota, by what was used up.",
        accessRefusals: "Requests of callers that were not let in, by reason.",
        keys: "Keys in memory, of all tenants.",
        tokens: "Tokens that are remembered as good.",
        keySetAge: "Age of the keys of an issuer, by its position among the issuers.",
        keySetFailures: "Keys of an issuer that could not be fetched, by its position.",
        ledgersOpen: "Ledgers that are open.",
        ledgersRefusing: "Ledgers that are open and take no writes.",
        ledgerRecords: "Records of all ledgers.",
        largestLedgerRecords: "Records of the largest ledger.",
        pooledRecords: "Records that wait for a commit, of all ledgers.",
        pooledBytes: "Bytes of the records that wait for a commit, of all ledgers.",
        commitSeconds: "Time of one commit to the store.",
        syncSeconds: "Time of the last step of a commit, which waits for the disk.",
        commitRecords: "Records in one commit to the store.",
        mergeSeconds: "Time of one merge into the search index.",
        unmergedRecords: "Records that wait for the next merge into the search index.",
        verifications: "Verifications that are remembered, by state.",
        failingLedgers: "Ledgers with a fault, until a verification of the whole holds again.",
        verificationAge: "Time since a verification ended of which all holds.",
    ]

    /// All names, in order.
    package static var all: [String] { texts.keys.sorted() }

    /// What a metric counts, in one sentence; nil for one that is not of this project.
    package static func help(of name: String) -> String? { texts[name] }
}
