// SPDX-License-Identifier: Apache-2.0

internal import Cairn
internal import CairnLedger
internal import Foundation

/// What is kept of an object beside its content: a small file that names the content's file.
///
/// An object is there when its sheet is. A sheet takes the place of another in one step, so sheet
/// and content cannot disagree, whatever happens between.
struct ObjectSheet: Codable {
    /// The longest sheet, in bytes.
    static let limitBytes = 16_384

    private var version = 1
    /// The end of the name of the content's file.
    let content: String
    private let size: UInt64
    private let modifiedAt: Int64
    private let mediaType: String
    private let metadata: [String: String]
    private var retainUntil: Int64?
    private var isHeld: Bool

    init(content: String, size: UInt64, modifiedAt: Timestamp, _ options: ObjectOptions) {
        self.content = content
        self.size = size
        self.modifiedAt = modifiedAt.nanoseconds
        mediaType = options.mediaType
        metadata = options.metadata
        retainUntil = options.retainUntil?.nanoseconds
        isHeld = options.isHeld
    }

    /// Reads a sheet, or throws for what is none.
    init(parsing bytes: [UInt8]) throws {
        self = try JSONDecoder().decode(ObjectSheet.self, from: Data(bytes))
        guard version == 1 else { throw ObjectError.unavailable("an object is of a newer program") }
    }

    func encoded() throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return try Array(encoder.encode(self)) + [UInt8(ascii: "\n")]
    }

    mutating func retain(until: Timestamp) {
        retainUntil = max(retainUntil ?? until.nanoseconds, until.nanoseconds)
    }

    mutating func hold(_ isHeld: Bool) {
        self.isHeld = isHeld
    }

    func facts(_ key: ObjectKey) -> ObjectFacts {
        var facts = ObjectFacts(
            key: key,
            size: size,
            modifiedAt: Timestamp(nanoseconds: modifiedAt)
        )
        facts.mediaType = mediaType
        facts.metadata = metadata
        facts.retainUntil = retainUntil.map { Timestamp(nanoseconds: $0) }
        facts.isHeld = isHeld
        return facts
    }
}
