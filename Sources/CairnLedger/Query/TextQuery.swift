// SPDX-License-Identifier: Apache-2.0

/// Words to search for: all of them must occur.
package struct TextQuery: Hashable, Sendable {
    /// One condition of the text.
    package enum Clause: Hashable, Sendable {
        /// Words that follow each other within one text; a single word is a phrase of one.
        case phrase([String])
        /// The beginning of a word.
        case prefix(String)
    }

    /// How many conditions a query may have.
    package static let clauseLimit = 32

    /// The conditions.
    package let clauses: [Clause]

    /// Reads what a person typed: words, `"phrases"` and `prefix*`.
    ///
    /// Returns nil when there is no word in it at all.
    package init?(parsing text: String) {
        var clauses: [Clause] = []
        for (position, part) in text.split(
            separator: "\"",
            omittingEmptySubsequences: false
        ).enumerated() {
            if position % 2 == 1 {
                let words = TextTokenizer.words(String(part))
                if !words.isEmpty { clauses.append(.phrase(words)) }
                continue
            }
            for piece in part.unicodeScalars.split(whereSeparator: \.properties.isWhitespace) {
                var words = TextTokenizer.words(String(piece))
                let last = piece.last == "*" ? words.popLast() : nil
                clauses += words.map { .phrase([$0]) }
                if let last { clauses.append(.prefix(last)) }
            }
        }
        guard !clauses.isEmpty else { return nil }
        self.clauses = clauses
    }

    /// Whether all clauses occur in words as ``RecordTerms`` writes them without a prefix.
    package func matches(_ words: [UInt8]) -> Bool {
        clauses.allSatisfy { clause in
            switch clause {
            case .phrase(let phrase):
                words.contains(Array(" \(phrase.joined(separator: " ")) ".utf8))
            case .prefix(let prefix):
                words.contains(Array(" \(prefix)".utf8))
            }
        }
    }
}

extension [UInt8] {
    /// Whether `needle` occurs, byte for byte.
    package func contains(_ needle: [UInt8]) -> Bool {
        guard let first = needle.first else { return true }
        return withUnsafeBufferPointer { haystack in
            needle.withUnsafeBufferPointer { needle in
                var position = 0
                while position + needle.count <= haystack.count {
                    if haystack[position] == first {
                        var offset = 1
                        while offset < needle.count,
                            haystack[position + offset] == needle[offset]
                        {
                            offset += 1
                        }
                        if offset == needle.count { return true }
                    }
                    position += 1
                }
                return false
            }
        }
    }
}
