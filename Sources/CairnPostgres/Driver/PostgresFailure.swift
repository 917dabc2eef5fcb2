// SPDX-License-Identifier: Apache-2.0

internal import CairnLedger

/// Why a statement or a connection failed, as the server or libpq says.
struct PostgresFailure: Error, CustomStringConvertible {
    /// The five characters that SQL has for it; nil when the server did not say.
    let state: String?
    /// What happened, in the server's words; for the log alone, and never with a value of a row.
    let description: String
    /// Whether the connection is of no use any more.
    let isDisconnected: Bool

    init(state: String?, message: String, isDisconnected: Bool) {
        self.state = state
        self.isDisconnected = isDisconnected
        // What is wrong with values is said with the values: only what is wrong with the server, its
        // room or its roles is told as it says it.
        let told: Set<Substring> = ["08", "25", "28", "3D", "40", "53", "55", "57"]
        let hasValues = state.map { !told.contains($0.prefix(2)) && $0 != "42P01" } ?? false
        let text = message.trimmingPrefix { $0.isWhitespace }.prefix { $0 != "\n" }
        description = hasValues ? "SQLSTATE \(state ?? "")" : String(text)
    }
}

extension StoreError {
    /// What a failure means to a ledger.
    ///
    /// `isWritten` says that the statement may have been carried
    /// out although no answer came.
    init(_ failure: PostgresFailure, isWritten: Bool) {
        guard !failure.isDisconnected else {
            self = isWritten ? .indeterminate(failure) : .unavailable(failure)
            return
        }
        switch failure.state {
        // A key is taken: of a record, a tenant, or an index.
        case "23505": self = .conflict
        // Another writer was there first, or two waited for each other; nothing is written.
        case "40001", "40P01": self = .conflict
        // Damaged files, damaged indexes.
        case "XX001", "XX002": self = .corrupt(failure.description)
        // A commit whose end the server itself does not know.
        case "08007", "40003": self = .indeterminate(failure)
        default: self = .unavailable(failure)
        }
    }
}
