// SPDX-License-Identifier: Apache-2.0

public import Cairn

/// What became of an event that was taken in, and where it is.
public struct Receipt: Sendable, Hashable {
    /// How far an event has come; more standings may come.
    public struct Standing: Hashable, Sendable, CustomStringConvertible {
        /// The standing as text.
        public let description: String

        /// It is durable in the ledger.
        public static let recorded = Standing(description: "recorded")
        /// It is durable in the spool on this machine's disk, and goes to the ledger later.
        public static let spooled = Standing(description: "spooled")
        /// It waits in memory, and may be lost.
        public static let queued = Standing(description: "queued")
        /// A filter kept it out; it is counted and not recorded.
        public static let filtered = Standing(description: "filtered")
    }

    /// What the ledger says of a record.
    public struct Position: Sendable, Hashable {
        /// The record's position.
        public let index: UInt64
        /// When it was recorded.
        public let receivedAt: Timestamp
        /// The leaf's hash.
        public let leafHash: Digest
        /// The chain before the record.
        public let previousHash: Digest
        /// The chain with the record.
        public let hash: Digest
        /// The ledger's name in checkpoints.
        public let origin: String

        /// Names a position.
        public init(
            index: UInt64,
            receivedAt: Timestamp,
            leafHash: Digest,
            previousHash: Digest,
            hash: Digest,
            origin: String
        ) {
            self.index = index
            self.receivedAt = receivedAt
            self.leafHash = leafHash
            self.previousHash = previousHash
            self.hash = hash
            self.origin = origin
        }
    }

    /// The event's id, by which it is found.
    public let id: EventID
    /// How far it has come.
    public let standing: Standing
    /// Where it is in the ledger; nil unless it is recorded.
    public let position: Position?

    /// Says where an event is in its ledger.
    public init(id: EventID, position: Position) {
        self.id = id
        standing = .recorded
        self.position = position
    }

    /// Says how far an event has come that is in no ledger yet.
    init(id: EventID, standing: Standing) {
        self.id = id
        self.standing = standing
        position = nil
    }
}
