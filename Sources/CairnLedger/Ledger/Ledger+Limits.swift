// SPDX-License-Identifier: Apache-2.0

extension Ledger {
    /// How much one batch may hold, and how much may wait.
    package struct Limits: Sendable {
        /// Records in one batch.
        package var batchRecords = 1024
        /// Bytes of fields in one batch.
        package var batchBytes = 4 << 20
        /// Records that may wait.
        package var poolRecords = 16384
        /// Bytes of fields that may wait.
        package var poolBytes = 64 << 20
        /// How often a batch is sequenced anew when another writer moved the head.
        package var attempts = 8

        /// Shared by the ledgers that are opened with these limits.
        let contention = Contention()

        /// The limits that hold unless an operator sets others.
        package init() {}
    }
}
