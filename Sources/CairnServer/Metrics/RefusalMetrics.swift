// SPDX-License-Identifier: Apache-2.0

internal import CairnLedger
internal import Metrics

/// Counts callers that were not let in, each for one reason; every series is there from the start.
final class RefusalMetrics: Sendable {
    /// Why somebody was not let in.
    enum Reason: String, CaseIterable, Sendable {
        /// Nothing was sent.
        case missing = "no_credential"
        /// What was sent looks like no credential.
        case malformed
        /// No good key has this id: it never was, or was revoked.
        case unknownKey = "unknown_key"
        /// The secret is wrong, or the key has expired.
        case badKey = "bad_key"
        /// The token is not believed.
        case badToken = "bad_token"
        /// The credential is good, and lacks the scope.
        case scope = "scope_missing"
        /// Without a credential, by a name that is not this machine's.
        case host = "foreign_host"
    }

    private let counters: [Reason: any CounterHandler]

    init(_ registry: MetricsRegistry) {
        counters = Dictionary(
            uniqueKeysWithValues: Reason.allCases.map { reason in
                let labels = [("reason", reason.rawValue)]
                return (
                    reason,
                    registry.makeCounter(label: Telemetry.accessRefusals, dimensions: labels)
                )
            }
        )
    }

    func count(_ reason: Reason) {
        counters[reason]?.increment(by: 1)
    }
}
