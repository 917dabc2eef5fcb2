// SPDX-License-Identifier: Apache-2.0

internal import CairnLedger

extension TermExpression {
    /// The terms of a query in a ledger, or nil when it has neither filter nor text.
    init?(_ query: RecordQuery, ledger: Int64) {
        self.init(query, RecordTerms(prefix: LocalStore.termPrefix(ledger)))
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
                        try types(prefix).map(self.terms(ofTypes:))
                    } else {
                        try terms(term.text)?.map { Term(text: $0, isPrefix: false) }
                    }
                guard let found, !found.isEmpty else { return [term.quoted] }
                return found.map(\.quoted)
            }
            return "(" + terms.joined(separator: " OR ") + ")"
        }.joined(separator: " AND ")
    }
}

extension TermExpression.Term {
    /// The term in FTS5's language.
    ///
    /// A character that no term has would make FTS5 see two terms, or a broken one.
    fileprivate var quoted: String {
        "\"\(isTerm ? text : "-")\"" + (isPrefix && isTerm ? " *" : "")
    }
}
