// SPDX-License-Identifier: Apache-2.0

package import Cairn

/// What a writer gets for a durable event.
package struct ReceiptBody: Hashable, Sendable {
    /// The event's id.
    package let id: EventID
    /// The record's position.
    package let index: UInt64
    /// When it was recorded.
    package let receivedAt: Timestamp
    /// The leaf's hash.
    package let leafHash: Digest
    /// The chain before the record.
    package let previousHash: Digest
    /// The chain with the record.
    package let hash: Digest
    /// The ledger's name in checkpoints.
    package let origin: String

    /// Names what a receipt says.
    package init(
        id: EventID,
        index: UInt64,
        receivedAt: Timestamp,
        leafHash: Digest,
        previousHash: Digest,
        hash: Digest,
        origin: String
    ) {
        self.id = id
        self.index = index
        self.receivedAt = receivedAt
        self.leafHash = leafHash
        self.previousHash = previousHash
        self.hash = hash
        self.origin = origin
    }

    /// Reads a receipt; members it does not know are passed over.
    package init(_ value: JSONValue) throws(MalformedBody) {
        guard let id = value["id"]?.string.flatMap({ EventID($0) }) else {
            throw MalformedBody("a receipt's `id`")
        }
        guard let index = value["index"]?.integer, index >= 0 else {
            throw MalformedBody("a receipt's `index`")
        }
        guard let time = value["received_at"]?.string.flatMap({ try? Timestamp.parse($0) }) else {
            throw MalformedBody("a receipt's `received_at`")
        }
        guard let leafHash = value["leaf_hash"]?.string.flatMap({ Digest(hex: $0) }),
            let previousHash = value["previous_hash"]?.string.flatMap({ Digest(hex: $0) }),
            let hash = value["hash"]?.string.flatMap({ Digest(hex: $0) })
        else { throw MalformedBody("a receipt's hashes") }
        guard let origin = value["origin"]?.string else {
            throw MalformedBody("a receipt's `origin`")
        }
        self.init(
            id: id,
            index: UInt64(index),
            receivedAt: time.timestamp,
            leafHash: leafHash,
            previousHash: previousHash,
            hash: hash,
            origin: origin
        )
    }

    /// Writes the receipt, with what proves it if that was asked for.
    package func append(to output: inout JSONOutput, evidence: RecordProof? = nil) {
        output.beginObject()
        output.name("id")
        output.value(id)
        output.member("index", index)
        output.member("received_at", receivedAt)
        output.member("leaf_hash", leafHash)
        output.member("previous_hash", previousHash)
        output.member("hash", hash)
        output.member("origin", origin)
        if let evidence {
            output.append { evidence.appendEvidence(to: &$0) }
            output.name("disclosure")
            output.beginObject()
            output.append { evidence.disclosure.appendMembers(to: &$0) }
            output.endObject()
        }
        output.endObject()
    }
}
