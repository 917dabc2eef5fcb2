// SPDX-License-Identifier: Apache-2.0

internal import CairnLedger

extension MetricsRegistry {
    private static let texts: [String: String] = [
        Telemetry.events: "Events by what became of them.",
        Telemetry.requests: "Requests by route, method and status.",
        Telemetry.requestSeconds: "Time until the answer began, by route.",
        Telemetry.commitSeconds: "Time of one commit to the store.",
        Telemetry.commitRecords: "Records in one commit to the store.",
        Telemetry.mergeSeconds: "Time of one merge into the search index.",
        Telemetry.unmergedRecords: "Records that wait for the next merge into the search index.",
    ]

    /// What a metric counts, in one sentence.
    static func help(of name: String) -> String {
        texts[name] ?? "Counted by a library: \(name)."
    }
}
