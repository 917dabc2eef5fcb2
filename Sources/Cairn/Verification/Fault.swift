// SPDX-License-Identifier: Apache-2.0

/// Something an audit found: where, and what kind.
public struct Fault: Hashable, Sendable {
    /// The kinds of fault (record format, section 7); raw values are the names in every output.
    public enum Kind: String, Sendable, CaseIterable {
        /// The fields do not hash to the leaf's record digest.
        case contentMismatch = "content_mismatch"
        /// The fields are gone, and no tombstone says why.
        case contentMissing = "content_missing"
        /// The leaf is malformed, or its hash, origin or index is another.
        case leafMismatch = "leaf_mismatch"
        /// A record within the ledger is not there.
        case missing
        /// A record is there that the ledger does not count.
        case inserted
        /// Records have changed places.
        case reordered
        /// The ledger is shorter than a checkpoint says.
        case truncated
        /// The ledger is another than a checkpoint says.
        case forked
        /// A column that queries use differs from the record.
        case columnMismatch = "column_mismatch"
        /// A stored checkpoint, head or tile differs from what the records give.
        case checkpointMismatch = "checkpoint_mismatch"
    }

    /// The first record it shows at.
    public let index: UInt64
    /// What kind it is.
    public let kind: Kind
    /// The fault in words, without content of the record.
    public let detail: String

    /// Names a fault.
    public init(index: UInt64, kind: Kind, detail: String) {
        self.index = index
        self.kind = kind
        self.detail = detail
    }
}
