// SPDX-License-Identifier: Apache-2.0

internal import CairnLedger

extension MetricsRegistry {
    /// What a metric counts, in one sentence.
    static func help(of name: String) -> String {
        Telemetry.help(of: name) ?? "Counted by a library: \(name)."
    }
}
