// SPDX-License-Identifier: Apache-2.0

internal import CairnLedger

/// The full blocks that a page in order of time may need, in the order in which they can hold its
/// records; blocks first, and whole groups of them from where somebody says so.
struct TimeWalk {
    private let blocks: TimeBlocks
    private let places: Range<UInt64>
    private let times: ClosedRange<Int64>
    private let isDescending: Bool
    private var order: ArraySlice<UInt64>
    private var low: [Int64]
    private var high: [Int64]

    /// Walks the blocks that places touch and whose times are wanted.
    init(
        _ blocks: TimeBlocks,
        in places: Range<UInt64>,
        times: ClosedRange<Int64>,
        _ isDescending: Bool
    ) {
        self.blocks = blocks
        self.places = places
        self.times = times
        self.isDescending = isDescending
        (low, high) = (blocks.low, blocks.high)
        var blocks = blocks
        order = blocks.visitingOrder(isDescending: isDescending).map { UInt64($0) }[...]
        order = wanted(order, BlockTerms.size)
    }

    /// Goes on with groups that hold blocks which are left.
    mutating func joinGroups() {
        let count = Int(BlockTerms.blocksPerGroup)
        let left = Set(order.map { $0 / BlockTerms.blocksPerGroup })
        let groups = stride(from: 0, to: blocks.low.count, by: count)
            .map { $0..<min($0 + count, blocks.low.count) }
        low = groups.map { blocks.low[$0].min() ?? .min }
        high = groups.map { blocks.high[$0].max() ?? .max }
        let sorted =
            isDescending
            ? left.sorted { high[Int($0)] > high[Int($1)] }
            : left.sorted { low[Int($0)] < low[Int($1)] }
        order = wanted(sorted[...], BlockTerms.groupSize)
    }

    /// At most so many that come next; none when no better candidate can be left.
    mutating func next(_ count: Int, _ best: BestCandidates) -> [UInt64] {
        var taken: [UInt64] = []
        while taken.count < count, let number = order.first {
            guard !best.isDone(beforeLow: low[Int(number)], high: high[Int(number)]) else {
                order = []
                break
            }
            taken.append(order.removeFirst())
        }
        return taken
    }

    private func wanted(_ numbers: ArraySlice<UInt64>, _ size: UInt64) -> ArraySlice<UInt64> {
        numbers.filter { number in
            high[Int(number)] >= times.lowerBound && low[Int(number)] <= times.upperBound
                && (number + 1) * size > places.lowerBound && number * size < places.upperBound
        }[...]
    }
}
