// SPDX-License-Identifier: Apache-2.0
import Crypto
import Foundation

/// The definitions of RFC 6962 2.1 as they stand there, recursive, with no regard for speed.
///
/// Shares nothing with the library but the SHA-256 underneath. Roots are remembered, because the
/// exhaustive tests ask for each of them hundreds of times.
struct TreeReference {
    private let leaves: [[UInt8]]
    private var known: [Range<Int>: [UInt8]] = [:]

    init(leaves: [[UInt8]]) {
        self.leaves = leaves
    }

    static func sha256(_ bytes: [UInt8]) -> [UInt8] {
        Array(SHA256.hash(data: bytes))
    }

    /// MTH(D[range]).
    mutating func root(_ range: Range<Int>) -> [UInt8] {
        if let root = known[range] { return root }
        let root =
            switch range.count {
            case 0: Self.sha256([])
            case 1: Self.sha256([0x00] + leaves[range.lowerBound])
            default:
                Self.sha256(
                    [0x01] + root(range.lowerBound..<split(range))
                        + root(split(range)..<range.upperBound)
                )
            }
        known[range] = root
        return root
    }

    /// PATH(m, D[range]), with m counted from the start of the range.
    mutating func path(_ m: Int, _ range: Range<Int>) -> [[UInt8]] {
        guard range.count > 1 else { return [] }
        let middle = split(range)
        let k = middle - range.lowerBound
        return if m < k {
            path(m, range.lowerBound..<middle) + [root(middle..<range.upperBound)]
        } else {
            path(m - k, middle..<range.upperBound) + [root(range.lowerBound..<middle)]
        }
    }

    /// PROOF(m, D[0:n]).
    mutating func proof(_ m: Int, _ n: Int) -> [[UInt8]] {
        subproof(m, 0..<n, true)
    }

    private mutating func subproof(_ m: Int, _ range: Range<Int>, _ b: Bool) -> [[UInt8]] {
        if m == range.count { return b ? [] : [root(range)] }
        let middle = split(range)
        let k = middle - range.lowerBound
        return if m <= k {
            subproof(m, range.lowerBound..<middle, b) + [root(middle..<range.upperBound)]
        } else {
            subproof(m - k, middle..<range.upperBound, false) + [root(range.lowerBound..<middle)]
        }
    }

    /// The start of the right half: the largest power of two smaller than the count lies left.
    private func split(_ range: Range<Int>) -> Int {
        var k = 1
        while 2 * k < range.count {
            k *= 2
        }
        return range.lowerBound + k
    }
}
