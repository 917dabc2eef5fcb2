// SPDX-License-Identifier: Apache-2.0

/// The content types of the native dialect.
package enum MediaType {
    /// One value, or a bulk.
    package static let json = "application/json"
    /// One value a line.
    package static let ndjson = "application/x-ndjson"
    /// A problem (RFC 9457).
    package static let problem = "application/problem+json"
    /// Signed notes and proof files.
    package static let text = "text/plain; charset=utf-8"
    /// Tiles and bundles of entries.
    package static let octets = "application/octet-stream"
    /// The contract.
    package static let yaml = "application/yaml"
    /// The exposition format of Prometheus.
    package static let prometheus = "text/plain; version=0.0.4; charset=utf-8"
}

/// The paths of the native dialect; braces mark what varies.
package enum Path {
    package static let events = "/v1/events"
    package static let event = "/v1/events/{id}"
    package static let proof = "/v1/events/{id}/proof"
    package static let ledger = "/v1/ledger"
    package static let checkpoint = "/v1/checkpoint"
    package static let consistency = "/v1/consistency"
    package static let logCheckpoint = "/tlog/{ledger}/checkpoint"
    /// The last part stands for all that follows: `0/x001/234.p/17`, `entries/001`.
    package static let tile = "/tlog/{ledger}/tile/{tile}"
    package static let verifications = "/v1/verifications"
    package static let verification = "/v1/verifications/{id}"
    package static let statistics = "/v1/stats"
    package static let exportStream = "/v1/exports/stream"
    package static let exports = "/v1/exports"
    package static let exportFormats = "/v1/exports/formats"
    package static let export = "/v1/exports/{id}"
    package static let exportDownload = "/v1/exports/{id}/download"
    package static let exportFile = "/v1/exports/{id}/file"
    package static let keys = "/v1/keys"
    package static let key = "/v1/keys/{id}"
    package static let viewers = "/v1/viewer-tokens"
    package static let viewer = "/v1/viewer-tokens/{id}"
    package static let tenants = "/v1/tenants"
    package static let tenant = "/v1/tenants/{name}"
    package static let health = "/health"
    package static let live = "/health/live"
    package static let ready = "/health/ready"
    package static let metrics = "/metrics"
    package static let contract = "/openapi.yaml"
}

/// Why an answer cannot be read.
package struct MalformedBody: Error, Equatable, Sendable, CustomStringConvertible {
    /// The member that is missing or of another type.
    package let description: String

    /// Names what is wrong.
    package init(_ description: String) {
        self.description = description
    }
}
