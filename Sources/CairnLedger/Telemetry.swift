// SPDX-License-Identifier: Apache-2.0

/// The name of every metric, in one place.
///
/// None carries a tenant.
package enum Telemetry {
    /// Counter: events by what became of them.
    package static let events = "cairn_events_total"
    /// Counter: requests by route and status.
    package static let requests = "cairn_http_requests_total"
    /// Timer: how long requests took, by route.
    package static let requestSeconds = "cairn_http_request_duration_seconds"
    /// Timer: how long a commit took.
    package static let commitSeconds = "cairn_store_commit_duration_seconds"
    /// Recorder: records in one commit.
    package static let commitRecords = "cairn_store_commit_records"
    /// Timer: how long a merge into the search index took.
    package static let mergeSeconds = "cairn_index_merge_duration_seconds"
    /// Gauge: records that wait for the next merge.
    package static let unmergedRecords = "cairn_index_unmerged_records"
}
