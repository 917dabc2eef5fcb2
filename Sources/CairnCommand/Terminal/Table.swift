// SPDX-License-Identifier: Apache-2.0

/// Columns of text for people.
struct Table {
    /// The names over the columns.
    let header: [String]
    private var rows: [[String]] = []

    init(_ header: [String]) {
        self.header = header
    }

    /// Adds a row of as many texts as there are columns.
    mutating func append(_ row: [String]) {
        precondition(row.count == header.count, "a row has a text for each column")
        rows.append(row.map { Terminal.shown($0) })
    }

    /// The table's lines; the last column is cut where the line would be too long.
    func rendered(columns: Int) -> String {
        let widths = header.indices.map { column in
            ([header] + rows).map { $0[column].count }.max() ?? 0
        }
        return ([header] + rows).map { row in
            var line = ""
            for (column, text) in row.enumerated() {
                let isLast = column == row.count - 1
                line += text
                if !isLast {
                    line += String(repeating: " ", count: widths[column] - text.count + 2)
                }
            }
            guard line.count > columns, columns > 1 else { return line }
            return line.prefix(columns - 1) + "…"
        }.joined(separator: "\n")
    }

    /// Two columns without a header: names and values.
    static func facts(_ facts: [(name: String, value: String)]) -> String {
        let width = facts.map(\.name.count).max() ?? 0
        return facts.map { fact in
            fact.name + String(repeating: " ", count: width - fact.name.count + 2)
                + Terminal.shown(fact.value)
        }.joined(separator: "\n")
    }
}
