// SPDX-License-Identifier: Apache-2.0

internal import Cairn
internal import CairnLedger

/// What a request for a page asks: a query, how many records, and where to begin.
struct EventQuery {
    /// The question.
    var query: RecordQuery
    /// How many records at most.
    let limit: Int
    /// The cursor as it was sent.
    let cursor: String?

    private static let others: Set<String> = [
        "from", "to", "received_from", "received_to", "index_from", "index_to", "q", "sort",
        "order", "limit", "cursor",
    ]

    /// Reads the parameters of a query.
    ///
    /// Filters are put into one order, so that a cursor belongs to a query however it is written.
    ///
    /// - Throws: ``Problem`` naming the parameter that is unknown or wrong.
    init(_ parameters: QueryParameters, configuration: ServerConfiguration) throws(Problem) {
        let documents = Set(parameters.names.filter { $0.hasPrefix(FilterKey.detailsPrefix) })
        try parameters.allow(
            only: documents.union(FilterKey.named.map(\.name)).union(EventQuery.others)
        )
        var query = RecordQuery()
        query.filters = try EventQuery.filters(parameters, documents)
        let values = query.filters.reduce(0) { $0 + $1.values.count }
        guard values <= configuration.filterValues else {
            throw Problem(
                .invalidParameter,
                "The filters have \(values) values; \(configuration.filterValues) are allowed."
            )
        }
        if let text = try parameters.one("q") {
            query.text = try EventQuery.words(text, "q")
        }
        query.occurredFrom = try parameters.bound("from", isEnd: false)
        query.occurredTo = try parameters.bound("to", isEnd: true)
        query.receivedFrom = try parameters.bound("received_from", isEnd: false)
        query.receivedTo = try parameters.bound("received_to", isEnd: true)
        query.indexFrom = try parameters.number("index_from")
        query.indexTo = try parameters.number("index_to")
        switch try parameters.one("sort") {
        case nil, "occurred_at": query.sort = .occurredAt
        case "index": query.sort = .index
        default: throw .parameter("sort", "must be occurred_at or index")
        }
        switch try parameters.one("order") {
        case nil, "desc": query.isDescending = true
        case "asc": query.isDescending = false
        default: throw .parameter("order", "must be asc or desc")
        }
        self.query = query
        limit = try EventQuery.limit(parameters, configuration)
        cursor = try parameters.one("cursor")
    }

    /// The words that a parameter looks for.
    static func words(_ text: String, _ name: String) throws(Problem) -> TextQuery {
        guard let words = TextQuery(parsing: text) else {
            throw .parameter(name, "has no word in it")
        }
        guard words.clauses.count <= TextQuery.clauseLimit else {
            throw .parameter(name, "has more than \(TextQuery.clauseLimit) words and phrases")
        }
        return words
    }

    /// How many items a page has at most.
    static func limit(
        _ parameters: QueryParameters,
        _ configuration: ServerConfiguration
    ) throws(Problem) -> Int {
        guard let text = try parameters.one("limit") else {
            return configuration.defaultPageRecords
        }
        guard let limit = QueryParameters.number(text),
            (1...UInt64(configuration.pageRecords)).contains(limit)
        else { throw .parameter("limit", "must be from 1 to \(configuration.pageRecords)") }
        return Int(limit)
    }

    private static func filters(
        _ parameters: QueryParameters,
        _ documents: Set<String>
    ) throws(Problem) -> [Filter] {
        var filters: [Filter] = []
        for (name, key) in FilterKey.named {
            let values = parameters.all(name)
            guard !values.isEmpty else { continue }
            try check(values, name, key)
            filters.append(Filter(key, sorted(values)))
        }
        for name in sorted(documents) {
            let path = String(name.dropFirst(FilterKey.detailsPrefix.count))
            guard !path.isEmpty else { throw .parameter(name, "needs a path after the dot") }
            filters.append(Filter(.details(path), sorted(parameters.all(name))))
        }
        return filters
    }

    /// Refuses a word that no record can have, because it is a slip and never an answer.
    private static func check(
        _ values: [String],
        _ name: String,
        _ key: FilterKey
    ) throws(Problem) {
        guard let words = key.words else { return }
        for value in values where !words.contains(value) {
            throw .parameter(name, "one of \(words.joined(separator: ", "))")
        }
    }

    private static func sorted(_ values: some Sequence<String>) -> [String] {
        values.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }
}
