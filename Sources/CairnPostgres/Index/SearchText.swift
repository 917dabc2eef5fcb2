// SPDX-License-Identifier: Apache-2.0

internal import CairnLedger

/// A query's conditions in the language of `tsquery`.
struct SearchText: Sendable {
    /// How many types a beginning may stand for before the index looks for the beginning itself.
    static let typeLimit = 100

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
                guard term.isTerm else { return [Self.quoted(terms.none)] }
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
        self.terms = terms
    }

    /// The conditions, for records of some blocks.
    func text(in blocks: [UInt64]) -> String {
        "(\(conditions)|\(Self.quoted(terms.overflow)))&(\(Self.names(blocks, terms)))"
    }

    /// Blocks, and groups where all blocks of a group are wanted.
    private static func names(_ blocks: [UInt64], _ terms: LedgerTerms) -> String {
        Dictionary(grouping: blocks) { $0 / BlockTerms.blocksPerGroup }
            .sorted { $0.key < $1.key }
            .flatMap { group, blocks in
                blocks.count == Int(BlockTerms.blocksPerGroup)
                    ? [quoted(terms.group(group))] : blocks.map { quoted(terms.block($0)) }
            }
            .joined(separator: "|")
    }

    private static func quoted(_ term: String) -> String { "'\(term)'" }
}
