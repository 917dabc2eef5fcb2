// SPDX-License-Identifier: Apache-2.0

extension Ledger {
    /// How large a ledger is, and how much waits in it.
    package struct Standing: Sendable {
        /// Records that are durable.
        let records: UInt64
        /// Records that wait for a commit.
        let pooledRecords: Int
        /// Bytes of fields that wait for a commit.
        let pooledBytes: Int
        /// Whether it takes no writes.
        let isRefusing: Bool
    }
}

extension Ledgers {
    /// What all ledgers of a process hold together.
    package struct Census: Sendable {
        /// Ledgers that are open.
        package private(set) var open = 0
        /// Ledgers that are open and take no writes.
        package private(set) var refusing = 0
        /// Records of all ledgers, closed ones too.
        package private(set) var records: UInt64
        /// Records of the largest ledger.
        package private(set) var largest: UInt64
        /// Records that wait for a commit.
        package private(set) var pooledRecords = 0
        /// Bytes of fields that wait for a commit.
        package private(set) var pooledBytes = 0

        init(records: UInt64, largest: UInt64) {
            self.records = records
            self.largest = largest
        }

        mutating func add(_ ledger: Ledger.Standing) {
            open += 1
            refusing += ledger.isRefusing ? 1 : 0
            records += ledger.records
            largest = max(largest, ledger.records)
            pooledRecords += ledger.pooledRecords
            pooledBytes += ledger.pooledBytes
        }
    }
}
