// SPDX-License-Identifier: Apache-2.0

internal import Cairn
internal import CairnLedger

/// What a dialect calls the conditions on records that are asked for, in the order of its filters.
struct DialectFilters: Sendable {
    /// A condition whose values are words of the dialect's own.
    struct Words: Sendable {
        let name: String
        let key: FilterKey
        /// What is allowed, as a caller is told.
        let rule: String
        /// The word that records have for one of the dialect's; nil for one that is not known.
        let known: @Sendable (String) -> String?
    }

    /// Conditions whose values are compared as they are.
    let keys: [(name: String, key: FilterKey)]
    let words: Words

    /// All names, those of a search and of a range of time included.
    var names: Set<String> {
        Set(keys.map(\.name)).union([words.name, "search", "start_date", "end_date"])
    }

    /// What is asked for, and the words of a search as they were sent.
    ///
    /// - Throws: ``Problem`` naming the parameter that is wrong.
    func query(
        _ parameters: QueryParameters
    ) throws(Problem) -> (query: RecordQuery, search: String?) {
        var query = RecordQuery()
        for (name, key) in keys {
            if let value = try parameters.one(name) { query.filters.append(Filter(key, [value])) }
        }
        if let text = try parameters.one(words.name) {
            guard let word = words.known(text) else { throw .parameter(words.name, words.rule) }
            query.filters.append(Filter(words.key, [word]))
        }
        let search = try parameters.one("search")
        query.text = try search.map { (text) throws(Problem) in
            try EventQuery.words(text, "search")
        }
        (query.occurredFrom, query.occurredTo) = try parameters.dialectRange()
        return (query, search)
    }
}

extension QueryParameters {
    /// `start_date` and `end_date` as a half-open range.
    func dialectRange() throws(Problem) -> (from: Timestamp?, to: Timestamp?) {
        var bounds: [Timestamp?] = []
        for (name, isEnd) in [("start_date", false), ("end_date", true)] {
            guard let text = try one(name) else {
                bounds.append(nil)
                continue
            }
            guard let bound = DialectTime.bound(text, isEnd: isEnd) else {
                throw Problem.parameter(name, "must be an ISO 8601 time or a date")
            }
            bounds.append(bound)
        }
        if let from = bounds[0], let to = bounds[1], from > to {
            throw Problem.parameter("start_date", "is after end_date")
        }
        return (bounds[0], bounds[1])
    }
}
