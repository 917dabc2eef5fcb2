// SPDX-License-Identifier: Apache-2.0

internal import CairnLedger

/// A query's conditions in the language of `tsquery`.
struct SearchText: Sendable {
    /// How many types a beginning may stand for before the index looks for the beginning itself.
    static let typeLimit = 100

    /// The longest term that PostgreSQL takes; a longer one is in no record.
    static let termLimitBytes = 2046

    /// Whether a condition is met by all words that begin in some way.
    let hasPrefix: Bool
    private let conditions: String
    private let terms: LedgerTerms

    /// Writes an expression; `types` gives the types that begin as asked, or nil when too many do.
    init(
        _ expression: TermExpression,
        _ terms: LedgerTerms,
        types: (_ prefix: String) throws -> [String]?
    ) rethrows {
        let groups = try expression.groups.map { group in
            let alternatives = try group.flatMap { term -> [String] in
                guard term.isTerm, term.text.utf8.count <= Self.termLimitBytes else {
                    return [Self.quoted(terms.none)]
                }
                guard term.isPrefix else { return [Self.quoted(term.text)] }
                guard let prefix = term.typePrefix, let types = try types(prefix) else {
                    return [Self.quoted(term.text) + ":*"]
                }
                // None of no type is a condition that nothing meets.
                return [Self.quoted(terms.none)]
                    + expression.terms(ofTypes: types).map { Self.quoted($0.text) }
            }
            return "(" + alternatives.joined(separator: "|") + ")"
        }
        conditions = groups.joined(separator: "&")
        hasPrefix = conditions.contains(":*")
        self.terms = terms
    }

    /// The conditions, for records of some blocks and groups of blocks.
    func text(in blocks: [UInt64], _ groups: [UInt64]) -> String {
        let places = groups.map(terms.group) + blocks.map(terms.block)
        let names = places.map(Self.quoted).joined(separator: "|")
        return "(\(conditions)|\(Self.quoted(terms.overflow)))&(\(names))"
    }

    private static func quoted(_ term: String) -> String { "'\(term)'" }
}
