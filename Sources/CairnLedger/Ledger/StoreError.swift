// SPDX-License-Identifier: Apache-2.0

/// What a store may say when it cannot do as asked.
///
/// The cases differ in one thing the ledger must know: whether the write happened.
package enum StoreError: Error {
    /// Another writer moved the head first. Nothing was written.
    case conflict
    /// The store could not be used. Nothing was written.
    case unavailable(any Error)
    /// The answer was lost. The write may have happened; the head must be read again.
    case indeterminate(any Error)
    /// What was read is not what was written.
    case corrupt(String)
}

/// What can go wrong when a caller uses a ledger, in terms the caller can act on.
package enum LedgerError: Error {
    /// No such ledger or record, or none this caller may know of. Do not retry.
    case notFound
    /// Too much is waiting. Retry after a pause.
    case overloaded
    /// Other writers kept moving the head. Nothing was written. Retry.
    case contended
    /// The store is out of reach, and nothing was written. Retry.
    case unavailable(any Error)
    /// The outcome is not known. Retry with the same event id.
    case indeterminate(any Error)
    /// The server's clock is wrong, and nothing was written. Call a human, or wait for the clock.
    case clockStep
    /// The ledger went back, or is another than its checkpoints say. Stop, and call a human.
    case refused(String)
    /// The ledger does not match its own hashes. Stop, and call a human.
    case corrupt(String)

    /// Says what a store's failure means to a caller.
    package init(_ error: StoreError) {
        self =
            switch error {
            case .conflict: .contended
            case .unavailable(let cause): .unavailable(cause)
            case .indeterminate(let cause): .indeterminate(cause)
            case .corrupt(let detail): .corrupt(detail)
            }
    }
}
