// SPDX-License-Identifier: Apache-2.0
import Cairn
import Crypto

/// Gives imported events their ids, so that importing something again adds nothing.
///
/// An id is the form of version 4 of the first 16 bytes of an HMAC-SHA256 under the ledger's import
/// key: over the format, where the file is from, and the original id. The parts are authenticated
/// as one canonical JSON array, so that no two lists of parts are the same bytes.
struct ImportKey: Sendable {
    private let key: SymmetricKey
    private let parts: [String]

    /// Takes the key's 32 bytes, and the first parts that all ids of a file share.
    init(_ bytes: [UInt8], _ parts: String...) {
        key = SymmetricKey(data: bytes)
        self.parts = parts
    }

    /// The id of the event whose own name the parts are.
    func id(_ own: String...) -> EventID {
        id(of: JSONValue.array((parts + own).map { .string($0) }).canonical.bytes)
    }

    /// The id that a message decides.
    func id(of message: [UInt8]) -> EventID {
        let code = HMAC<SHA256>.authenticationCode(for: message, using: key)
        return EventID(version4From: Array(code.prefix(16)))
    }
}

/// Gives ids to the entries of a file that have none of their own: by all they say, and by how many
/// of the same stood before.
struct NamelessIDs: Sendable {
    /// How many different ones are remembered; there can be no more in one file.
    static let limit = 1 << 20

    private let key: ImportKey
    private let limit: Int
    private var counts: [EventID: UInt64] = [:]

    init(_ key: ImportKey, limit: Int = NamelessIDs.limit) {
        self.key = key
        self.limit = limit
    }

    /// The id of the next entry that says this.
    mutating func id(of entry: JSONObject) throws(ImportRefusal) -> EventID {
        let text = JSONValue.object(entry).canonical.text
        let first = key.id("", text)
        guard counts[first] != nil || counts.count < limit else {
            throw ImportRefusal(
                description: "no id, and more than \(limit) others in this file have none either"
            )
        }
        let ordinal = counts[first, default: 0]
        counts[first] = ordinal + 1
        return ordinal == 0 ? first : key.id("", text, "\(ordinal)")
    }
}
