// SPDX-License-Identifier: Apache-2.0

/// A query's conditions as terms: alternatives within a group, all groups together.
package struct TermExpression: Sendable {
    /// A term, or the beginning of one.
    package struct Term: Sendable {
        /// The term, or its beginning.
        package let text: String
        /// Whether every term that begins so is meant.
        package let isPrefix: Bool
        /// The beginning of a type as the query has it, when that is what the term is of.
        package var typePrefix: String?

        /// Names a term.
        package init(text: String, isPrefix: Bool, typePrefix: String? = nil) {
            self.text = text
            self.isPrefix = isPrefix
            self.typePrefix = typePrefix
        }

        /// Whether an index can have the term at all: a text with any other character is in none.
        package var isTerm: Bool {
            text.utf8.allSatisfy { $0 >= 0x80 || Term.isTermByte($0) }
        }

        private static func isTermByte(_ byte: UInt8) -> Bool {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: ":"), UInt8(ascii: "-"):
                true
            default: false
            }
        }
    }

    /// The conditions: of each group, one term at least.
    package let groups: [[Term]]
    private let maker: RecordTerms

    /// The terms of a query, or nil when it has neither filter nor text.
    package init?(_ query: RecordQuery, _ maker: RecordTerms) {
        var groups = query.filters.map { filter in
            filter.values.map { TermExpression.term(filter.key, $0, maker) }
        }
        for clause in query.text?.clauses ?? [] {
            switch clause {
            case .phrase(let words):
                groups += words.map { [Term(text: maker.term(word: $0), isPrefix: false)] }
            case .prefix(let prefix):
                groups.append([Term(text: maker.term(word: prefix), isPrefix: true)])
            }
        }
        guard !groups.isEmpty else { return nil }
        self.groups = groups
        self.maker = maker
    }

    private static func term(_ key: FilterKey, _ value: String, _ maker: RecordTerms) -> Term {
        guard key == .type else { return Term(text: maker.term(key, value), isPrefix: false) }
        guard value.utf8.last == UInt8(ascii: "*") else {
            return Term(text: maker.term(type: value), isPrefix: false)
        }
        let prefix = String(value.dropLast())
        return Term(text: maker.term(type: prefix), isPrefix: true, typePrefix: prefix)
    }

    /// The terms of types.
    package func terms(ofTypes types: [String]) -> [Term] {
        types.map { Term(text: maker.term(type: $0), isPrefix: false) }
    }

    /// Whether a record's terms satisfy the expression.
    package func matches(_ terms: [UInt8]) -> Bool {
        groups.allSatisfy { group in
            group.contains { term in
                terms.contains(Array((" " + term.text + (term.isPrefix ? "" : " ")).utf8))
            }
        }
    }
}
