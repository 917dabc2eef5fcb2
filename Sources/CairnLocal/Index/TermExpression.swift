// SPDX-License-Identifier: Apache-2.0

internal import CairnLedger

/// A query's conditions as terms: alternatives within a group, all groups together.
struct TermExpression: Sendable {
    /// A term, or the beginning of one.
    struct Term: Sendable {
        let text: String
        let isPrefix: Bool
        /// The beginning of a type as the query has it, when that is what the term is of.
        var typePrefix: String?

        /// The term in FTS5's language.
        var quoted: String {
            // A character that no term has would make FTS5 see two terms, or a broken one.
            let isTerm = text.utf8.allSatisfy { $0 >= 0x80 || Term.isTermByte($0) }
            return "\"\(isTerm ? text : "-")\"" + (isPrefix && isTerm ? " *" : "")
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

    private let groups: [[Term]]
    private let maker: RecordTerms

    /// The terms of a query in a ledger, or nil when it has neither filter nor text.
    init?(_ query: RecordQuery, ledger: Int64) {
        let maker = RecordTerms(prefix: LocalStore.termPrefix(ledger))
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

    /// The expression in FTS5's language.
    ///
    /// FTS5 answers alternatives as it goes, but gathers all of a prefix first, each time. So
    /// `types` gives the types that begin as asked, and `terms` the terms; nil when too many do.
    func match(
        types: (_ prefix: String) throws -> [String]?,
        terms: (_ prefix: String) throws -> [String]?
    ) rethrows -> String {
        try groups.map { group in
            let terms = try group.flatMap { term -> [String] in
                guard term.isPrefix else { return [term.quoted] }
                let found =
                    if let prefix = term.typePrefix {
                        try types(prefix)?.map { maker.term(type: $0) }
                    } else {
                        try terms(term.text)
                    }
                guard let found, !found.isEmpty else { return [term.quoted] }
                return found.map { Term(text: $0, isPrefix: false).quoted }
            }
            return "(" + terms.joined(separator: " OR ") + ")"
        }.joined(separator: " AND ")
    }

    /// Whether a record's terms satisfy the expression.
    func matches(_ terms: [UInt8]) -> Bool {
        groups.allSatisfy { group in
            group.contains { term in
                terms.contains(Array((" " + term.text + (term.isPrefix ? "" : " ")).utf8))
            }
        }
    }
}
