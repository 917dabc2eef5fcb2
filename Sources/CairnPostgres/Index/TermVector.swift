// SPDX-License-Identifier: Apache-2.0

internal import Cairn
internal import CairnLedger

/// The terms of a record, and in which blocks it is, as PostgreSQL takes a `tsvector` in binary
/// form: how many, then each with a zero and the number of its positions, of which none is kept.
struct TermVector: Sendable {
    /// The most bytes of terms; PostgreSQL takes a megabyte.
    static let limitBytes = 512 << 10

    let bytes: [UInt8]

    /// Joins the terms of what a record says, as far as they have room, with those of its place.
    init(_ fields: Fields, at index: UInt64, _ terms: LedgerTerms) {
        var text: [UInt8] = []
        text.reserveCapacity(2 * fields.encoded.count + 64)
        terms.maker.append(of: fields, to: &text)
        for term in [
            terms.block(index / BlockTerms.size), terms.group(index / BlockTerms.groupSize),
        ] {
            text += Array(" \(term) ".utf8)
        }
        if text.count > Self.limitBytes {
            // What has no room is found by comparing the record itself.
            text.removeSubrange(0..<text.count - Self.limitBytes)
            text = Array(text.drop { $0 != UInt8(ascii: " ") }) + Array(" \(terms.overflow) ".utf8)
        }
        bytes = Self.encoded(text)
    }

    /// Sorts words between spaces by their bytes, and writes each once.
    private static func encoded(_ text: [UInt8]) -> [UInt8] {
        text.withUnsafeBytes { text in
            var words: [UnsafeRawBufferPointer] = []
            words.reserveCapacity(text.count / 12)
            var start = 0
            for end in text.indices
            where text[end] == UInt8(ascii: " ") || text[end] == UInt8(ascii: "\n") {
                if end > start { words.append(UnsafeRawBufferPointer(rebasing: text[start..<end])) }
                start = end + 1
            }
            words.sort { compare($0, $1) < 0 }
            var count: UInt32 = 0
            var output: [UInt8] = [0, 0, 0, 0]
            output.reserveCapacity(text.count + 2 * words.count + 4)
            var last: UnsafeRawBufferPointer?
            for word in words {
                if let last, compare(last, word) == 0 { continue }
                output.append(contentsOf: word)
                output.append(contentsOf: [0, 0, 0])
                last = word
                count += 1
            }
            withUnsafeBytes(of: count.bigEndian) { output.replaceSubrange(0..<4, with: $0) }
            return output
        }
    }

    private static func compare(
        _ left: UnsafeRawBufferPointer,
        _ right: UnsafeRawBufferPointer
    ) -> Int {
        let count = min(left.count, right.count)
        for index in 0..<count where left[index] != right[index] {
            return left[index] < right[index] ? -1 : 1
        }
        return left.count - right.count
    }
}

/// How many records are in a block, and in a group of blocks, each of which has a term of its own.
///
/// With it a search in order of time or place asks the index for some blocks at a time, and finds a
/// page of a common value without all that have it.
enum BlockTerms {
    static let size: UInt64 = 1 << 10
    static let groupSize: UInt64 = 1 << 16
    static let blocksPerGroup = groupSize / size
}

/// The terms of one ledger, which begin with six digits of its name: two ledgers that share them
/// are apart by their rows.
struct LedgerTerms: Sendable {
    let maker: RecordTerms
    private let prefix: String

    init(_ ledger: LedgerID) {
        prefix = String(ledger.text.prefix(6))
        maker = RecordTerms(prefix: prefix)
    }

    /// The term of the records that have more terms than the index takes.
    var overflow: String { prefix + "o" }

    /// A term that no record has.
    var none: String { prefix + "-" }

    func block(_ number: UInt64) -> String { "\(prefix)b\(number)" }

    func group(_ number: UInt64) -> String { "\(prefix)c\(number)" }
}
