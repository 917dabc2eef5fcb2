// SPDX-License-Identifier: Apache-2.0

/// The lowest and highest time of each full block of a ledger's records.
///
/// Pages in order of time visit blocks in order of their times, so that records that arrive late
/// or from another decade cost what they hold and nothing more. How large a block is, the index
/// says that uses it.
package struct TimeBlocks: Sendable {
    /// The lowest time of each block, in nanoseconds since 1970.
    package private(set) var low: [Int64] = []
    /// The highest time of each block.
    package private(set) var high: [Int64] = []
    private var order: (descending: [Int32], ascending: [Int32])?

    /// No blocks.
    package init() {}

    /// Adds the next block.
    package mutating func append(low: Int64, high: Int64) {
        self.low.append(low)
        self.high.append(high)
        order = nil
    }

    /// The blocks in the order in which a page visits them: those that may hold its first records
    /// first.
    package mutating func visitingOrder(isDescending: Bool) -> [Int32] {
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
