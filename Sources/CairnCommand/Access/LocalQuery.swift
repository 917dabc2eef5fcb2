// SPDX-License-Identifier: Apache-2.0
import Cairn
import CairnLedger

/// The parameters of `GET /v1/events`, read as a server reads them, for a store on disk.
struct LocalQuery {
    /// The most records of one page.
    private static let limits = 1...1000

    /// The question.
    private(set) var query = RecordQuery()
    /// How many records at most.
    private(set) var limit = 50
    /// The cursor as it was given.
    private(set) var cursor: String?

    /// Reads parameters, or names the one that is wrong.
    init(_ parameters: [QueryParameter]) throws(CommandFailure) {
        var values: [String: [String]] = [:]
        var documents: [String] = []
        for parameter in parameters {
            if parameter.name.hasPrefix(FilterKey.detailsPrefix), values[parameter.name] == nil {
                documents.append(parameter.name)
            }
            values[parameter.name, default: []].append(parameter.value)
        }
        for (name, key) in FilterKey.named {
            guard let given = values[name] else { continue }
            if let words = key.words, !given.allSatisfy(words.contains) {
                throw .badInput("\(name): one of \(words.joined(separator: ", "))")
            }
            query.filters.append(Filter(key, LocalQuery.sorted(given)))
        }
        for name in LocalQuery.sorted(documents) {
            query.filters.append(
                Filter(
                    .details(String(name.dropFirst(FilterKey.detailsPrefix.count))),
                    LocalQuery.sorted(values[name] ?? [])
                )
            )
        }
        try readRanges(values.compactMapValues(\.first))
        try readOrder(values.compactMapValues(\.first))
    }

    private mutating func readRanges(_ values: [String: String]) throws(CommandFailure) {
        query.occurredFrom = try LocalQuery.bound(values, "from", isEnd: false)
        query.occurredTo = try LocalQuery.bound(values, "to", isEnd: true)
        query.receivedFrom = try LocalQuery.bound(values, "received_from", isEnd: false)
        query.receivedTo = try LocalQuery.bound(values, "received_to", isEnd: true)
        query.indexFrom = try LocalQuery.number(values, "index_from")
        query.indexTo = try LocalQuery.number(values, "index_to")
    }

    private mutating func readOrder(_ values: [String: String]) throws(CommandFailure) {
        if let text = values["q"] {
            guard let words = TextQuery(parsing: text) else {
                throw .badInput("q: has no word in it")
            }
            query.text = words
        }
        switch values["sort"] {
        case nil, "occurred_at": query.sort = .occurredAt
        case "index": query.sort = .index
        default: throw .badInput("sort: must be occurred_at or index")
        }
        switch values["order"] {
        case nil, "desc": query.isDescending = true
        case "asc": query.isDescending = false
        default: throw .badInput("order: must be asc or desc")
        }
        if let text = values["limit"] {
            guard let limit = Int(text), LocalQuery.limits.contains(limit) else {
                throw .badInput("limit: must be from 1 to 1000")
            }
            self.limit = limit
        }
        cursor = values["cursor"]
    }

    private static func bound(
        _ values: [String: String],
        _ name: String,
        isEnd: Bool
    ) throws(CommandFailure) -> Timestamp? {
        guard let text = values[name] else { return nil }
        do {
            return try Timestamp.parseBound(text, isEnd: isEnd)
        } catch {
            throw .badInput("\(name): must be an RFC 3339 time or a date: \(error)")
        }
    }

    private static func number(
        _ values: [String: String],
        _ name: String
    ) throws(CommandFailure) -> UInt64? {
        guard let text = values[name] else { return nil }
        guard let number = UInt64(text), number < 1 << 53 else {
            throw .badInput("\(name): must be a whole number below 2^53")
        }
        return number
    }

    private static func sorted(_ values: [String]) -> [String] {
        values.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }
}
