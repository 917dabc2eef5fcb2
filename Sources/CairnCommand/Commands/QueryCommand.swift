// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Cairn

/// Searches a ledger.
struct QueryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "query",
        abstract: "Search the ledger.",
        discussion: """
            Prints the records that match all filters, newest first: a table for people, or with \
            --json the whole records, one a line. An option given several times asks for any of \
            its values. Exits with 0 whether or not there are any; 2 if a filter is wrong; 3 if \
            the server or store cannot be reached.
            """
    )

    @OptionGroup var ledger: LedgerOptions
    @OptionGroup(title: "Filters") var filters: QueryOptions

    @Option(help: "How many records. Default: 50.") var limit: Int?
    @Flag(help: "All records, page by page.") var all = false
    @Flag(help: "Print whole records as JSON, one a line.") var json = false

    /// The most records of one page.
    private static let pageLimit = 1000

    func validate() throws {
        if let limit, limit < 1 { throw ValidationError("--limit takes 1 or more") }
        if limit != nil, all { throw ValidationError("--limit and --all exclude each other") }
    }

    func run() async throws {
        let parameters = try filters.parameters()
        try await ledger.withLedger { access in
            var left = all ? Int.max : limit ?? 50
            var cursor: String?
            var shown = RecordList(isJSON: json)
            repeat {
                var asked = parameters
                asked.append(
                    QueryParameter(name: "limit", value: "\(min(left, QueryCommand.pageLimit))")
                )
                if let cursor { asked.append(QueryParameter(name: "cursor", value: cursor)) }
                let page = try await access.page(asked)
                shown.append(page.records)
                left -= page.records.count
                cursor = page.nextCursor
            } while cursor != nil && left > 0
            shown.finish(hasMore: cursor != nil)
        }
    }
}

/// Prints records as they come.
private struct RecordList {
    private let isJSON: Bool
    private var count = 0

    init(isJSON: Bool) {
        self.isJSON = isJSON
    }

    mutating func append(_ records: [JSONValue]) {
        let isFirst = count == 0
        count += records.count
        if isJSON {
            for record in records { Terminal.write(record.line) }
            return
        }
        guard !records.isEmpty else { return }
        var table = Table(["INDEX", "OCCURRED AT", "ACTOR", "TYPE", "OUTCOME", "RESOURCE", "ID"])
        for record in records {
            let resource = record["resources"]?[0]
            table.append([
                record["index"]?.integer.map { "\($0)" } ?? "",
                record["occurred_at"]?.string ?? "",
                RecordList.short(
                    record["actor"]?["name"]?.string ?? record["actor"]?["id"]?.string
                ),
                RecordList.short(record["type"]?.string),
                record["outcome"]?.string ?? "",
                RecordList.short(
                    resource?["name"]?.string ?? resource?["id"]?.string
                        ?? resource?["type"]?.string
                ),
                record["id"]?.string ?? "",
            ])
        }
        let columns = Terminal.isOutputShown ? max(Terminal.columns, 60) : .max
        let lines = table.rendered(columns: columns)
        Terminal.write(isFirst ? lines : String(lines.drop { $0 != "\n" }.dropFirst()))
    }

    func finish(hasMore: Bool) {
        guard !isJSON, Terminal.isErrorShown else { return }
        if count == 0 { Terminal.complain("no records match") }
        if hasMore { Terminal.complain("there are more; use --limit or --all") }
    }

    private static func short(_ text: String?) -> String {
        let text = text ?? ""
        return text.count > 36 ? text.prefix(35) + "…" : text
    }
}
