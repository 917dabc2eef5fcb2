// SPDX-License-Identifier: Apache-2.0

internal import CairnLedger

/// A query's conditions as terms: alternatives within a group, all groups together.
struct TermExpression: Sendable {
    /// A term, or the beginning of one.
    struct Term: Sendable {
        let text: String
        let isPrefix: Bool
    }

    private let groups: [[Term]]

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
    }

    private static func term(_ key: FilterKey, _ value: String, _ maker: RecordTerms) -> Term {
        guard key == .type else { return Term(text: maker.term(key, value), isPrefix: false) }
        let isPrefix = value.utf8.last == UInt8(ascii: "*")
        return Term(
            text: maker.term(type: isPrefix ? value.dropLast() : value[...]),
            isPrefix: isPrefix
        )
    }

    /// The expression in FTS5's language.
    var match: String {
        groups.map { group in
            let terms = group.map {
                "\"\($0.text.filter { $0 != "\"" })\"" + ($0.isPrefix ? " *" : "")
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
