// SPDX-License-Identifier: Apache-2.0

internal import CairnLedger
internal import GRDB

extension TimeBlocks {
    /// Records in a block.
    static let size: Int64 = 256

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
        while try select.step() { append(low: select.integer(0), high: select.integer(1)) }
    }
}
