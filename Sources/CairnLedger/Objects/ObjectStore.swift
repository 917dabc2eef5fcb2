// SPDX-License-Identifier: Apache-2.0

package import Cairn

/// The bytes of an object, in pieces of any length.
package typealias ObjectBytes = any AsyncSequence<[UInt8], any Error> & Sendable

/// Where whole objects are kept under names: exports, archives, checkpoints.
///
/// An object is there completely or not at all, and what was put survives the loss of power when
/// ``put(_:_:as:)`` returns. Every store passes `ObjectStoreConformance`.
package protocol ObjectStore: Sendable {
    /// Writes an object of unknown length, in place of what was there.
    ///
    /// - Throws: ``ObjectError``; what `bytes` throws goes through, and nothing is left of it then.
    func put(
        _ key: ObjectKey,
        _ bytes: ObjectBytes,
        as options: ObjectOptions
    ) async throws -> ObjectFacts

    /// Reads an object, or a part of it; what is beyond its end is left out.
    ///
    /// - Throws: ``ObjectError/missing`` for an object that is not there.
    func get(
        _ key: ObjectKey,
        range: Range<UInt64>?
    ) async throws(ObjectError) -> (facts: ObjectFacts, bytes: ObjectBytes)

    /// What is known of an object, or nil for one that is not there.
    func facts(of key: ObjectKey) async throws(ObjectError) -> ObjectFacts?

    /// The objects whose key begins with a text, by key, behind a key; at most `limit` of them.
    func list(
        prefix: String,
        after key: ObjectKey?,
        limit: Int
    ) async throws(ObjectError) -> [ObjectFacts]

    /// Takes an object away; one that is not there is no error.
    ///
    /// - Throws: ``ObjectError/locked`` for one that is retained or held.
    func delete(_ key: ObjectKey) async throws(ObjectError)

    /// Keeps an object from being changed or taken away until then.
    ///
    /// The time only moves later: an earlier one than it has changes nothing.
    func retain(_ key: ObjectKey, until: Timestamp) async throws(ObjectError)

    /// Keeps an object from being changed or taken away, or ends that.
    func hold(_ key: ObjectKey, _ isHeld: Bool) async throws(ObjectError)

    /// A link by which whoever has it reads the object until it expires; nil where the store has no
    /// server of its own that could answer.
    func link(
        to key: ObjectKey,
        as download: ObjectDownload,
        for duration: Duration
    ) async throws(ObjectError) -> ObjectLink?
}

/// How an object is kept.
package struct ObjectOptions: Sendable {
    /// Whether an object that is there is an error, ``ObjectError/exists``, instead of being replaced.
    package var onlyIfAbsent = false
    /// Its content type.
    package var mediaType = "application/octet-stream"
    /// What else is kept with it: names of lower-case letters, digits and `-` that do not begin with
    /// `cairn-`, values of printable ASCII; at most 2,000 bytes together.
    package var metadata: [String: String] = [:]
    /// The SHA-256 that it must have; another one is ``ObjectError/checksum`` and nothing is written.
    package var sha256: Digest?
    /// How it is stored, in the store's own words (`STANDARD_IA`), where it has such.
    package var storageClass: String?
    /// Until when it can be neither changed nor taken away.
    package var retainUntil: Timestamp?
    /// Whether it can be neither changed nor taken away until that is ended.
    package var isHeld = false

    /// An object that may be replaced.
    package init() {}

    /// Refuses what some store could not keep; every store asks this before it does anything.
    package func check() throws(ObjectError) {
        guard (1...256).contains(mediaType.utf8.count),
            ObjectOptions.isPrintable(mediaType)
        else { throw .unsupported("the content type is no line of at most 256 characters") }
        var total = 0
        for (name, value) in metadata {
            total += name.utf8.count + value.utf8.count
            guard !name.isEmpty, !name.hasPrefix("cairn-"),
                name.utf8.allSatisfy(ObjectOptions.isOfName),
                ObjectOptions.isPrintable(value)
            else { throw .unsupported("the metadata cannot be kept") }
        }
        guard total <= 2000 else { throw .unsupported("there is too much metadata") }
    }

    private static func isOfName(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
            UInt8(ascii: "-"):
            true
        default: false
        }
    }

    /// Whether a text is printable ASCII without spaces around it, which a header would lose.
    private static func isPrintable(_ text: String) -> Bool {
        text.utf8.allSatisfy { (0x20..<0x7F).contains($0) } && text.utf8.first != 0x20
            && text.utf8.last != 0x20
    }
}

/// What is known of an object.
package struct ObjectFacts: Hashable, Sendable {
    /// Its name.
    package let key: ObjectKey
    /// Its length in bytes.
    package let size: UInt64
    /// When it was written.
    package let modifiedAt: Timestamp
    /// Its content type; nil where a list does not tell it.
    package var mediaType: String?
    /// What else is kept with it; empty in lists.
    package var metadata: [String: String] = [:]
    /// How it is stored, where the store has several ways.
    package var storageClass: String?
    /// Until when it can be neither changed nor taken away.
    package var retainUntil: Timestamp?
    /// Whether it is held.
    package var isHeld = false

    /// Joins what every store knows of an object.
    package init(key: ObjectKey, size: UInt64, modifiedAt: Timestamp) {
        self.key = key
        self.size = size
        self.modifiedAt = modifiedAt
    }

    /// Whether it can be neither changed nor taken away at a time.
    package func isLocked(at now: Timestamp) -> Bool {
        isHeld || retainUntil.map { $0 > now } ?? false
    }
}

/// As what a linked object is downloaded.
package struct ObjectDownload: Sendable {
    /// The file's name.
    package let fileName: String
    /// The content type.
    package let mediaType: String

    /// Joins a name and a type.
    package init(fileName: String, mediaType: String) {
        self.fileName = fileName
        self.mediaType = mediaType
    }
}

/// A link to an object; a secret as long as it lasts.
package struct ObjectLink: Sendable {
    /// The address.
    package let url: String
    /// When it ends: never later than what it is signed with.
    package let expiresAt: Timestamp

    /// Joins an address and its end.
    package init(url: String, expiresAt: Timestamp) {
        self.url = url
        self.expiresAt = expiresAt
    }
}

/// Why a store did not do what it was asked.
package enum ObjectError: Error, Equatable {
    /// There is no such object.
    case missing
    /// There is one already.
    case exists
    /// It is retained or held.
    case locked
    /// The bytes are not those that were promised.
    case checksum
    /// The store cannot do this at all, with the reason.
    case unsupported(String)
    /// There is no room left.
    case full
    /// The store does not let us: wrong credentials or rights.
    case refused(String)
    /// The store cannot be reached, or does not answer in time; it may work later.
    case unavailable(String)
}
