// SPDX-License-Identifier: Apache-2.0

internal import GRDB

/// The lowest and highest time of each full block of a ledger's records.
///
/// Pages in order of time visit blocks in order of their times, so that records that arrive late
/// or from another decade cost what they hold and nothing more.
struct TimeBlocks: Sendable {
    /// Records in a block.
    static let size: Int64 = 256

    private(set) var low: [Int64] = []
    private(set) var high: [Int64] = []
    private var order: (descending: [Int32], ascending: [Int32])?

    /// Adds the full blocks that the file has beyond what is known here.
    mutating func extend(_ db: Database, ledger: Int64) throws {
        let select = try RawStatement(
            db,
            """
            SELECT low, high FROM search.blocks
            WHERE ledger = ? AND number >= ?
                AND number < (SELECT size / \(TimeBlocks.size) FROM search.merged WHERE ledger = ?)
            ORDER BY number
            """
        )
        select.bind(1, ledger)
        select.bind(2, Int64(low.count))
        select.bind(3, ledger)
        var isLonger = false
        while try select.step() {
            low.append(select.integer(0))
            high.append(select.integer(1))
            isLonger = true
        }
        if isLonger { order = nil }
    }

    /// The blocks in the order in which a page visits them: those that may hold its first records
    /// first.
    mutating func visitingOrder(isDescending: Bool) -> [Int32] {
        if let order { return isDescending ? order.descending : order.ascending }
        let numbers = (0..<Int32(low.count))
        let made = (
            descending: numbers.reversed().sorted { high[Int($0)] > high[Int($1)] },
            ascending: numbers.sorted { low[Int($0)] < low[Int($1)] }
        )
        order = made
        return isDescending ? made.descending : made.ascending
    }
}
