// SPDX-License-Identifier: Apache-2.0

/// Makes events as an office application sends them: about 500 bytes, few actors and resources
/// that appear often and many that appear seldom.
struct SampleEvents: Sendable {
    private static let types = [
        "user.login", "document.read", "document.update", "document.share", "permission.grant",
        "user.logout", "report.export", "invoice.approve",
    ]
    private static let agents = [
        "Mozilla/5.0 (X11; Linux x86_64; rv:134.0) Gecko/20100101 Firefox/134.0",
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Safari/605.1.15",
        "cairn-bench/1.0",
    ]

    private let actors: ZipfRanks
    private let resources: ZipfRanks
    private var state: UInt64
    private var number: UInt64 = 0

    /// Makes events that differ from those of any other seed.
    init(seed: UInt64, actors: Int = 2000, resources: Int = 20_000) {
        self.actors = ZipfRanks(count: actors)
        self.resources = ZipfRanks(count: resources)
        state = seed
    }

    /// Appends the next event.
    mutating func append(to output: inout [UInt8]) {
        number += 1
        let draw = next()
        let actor = actors.rank(unit(next()))
        let resource = resources.rank(unit(next()))
        let type = SampleEvents.types[Int(draw % 8)]
        let agent = SampleEvents.agents[Int((draw >> 8) % 3)]
        let outcome = (draw >> 16) % 20 == 0 ? "failure" : "success"
        let text = """
            {"type":"\(type)","outcome":"\(outcome)","actor":{"type":"user","id":"u-\(actor)",\
            "name":"Person \(actor)","session_id":"s-\(draw >> 40)"},"resources":[{"type":\
            "document","id":"doc-\(resource)","name":"Plan of quarter \(resource % 4 + 1)"}],\
            "source":{"ip":"10.\((draw >> 24) % 64).\(actor % 256).\(actor / 256 % 256)",\
            "user_agent":"\(agent)","request_id":"r-\(state % 1_000_000_007)-\(number)"},\
            "details":{"took_ms":\((draw >> 32) % 900),"version":"4.2.\(resource % 10)",\
            "feature":"office","path":"/documents/doc-\(resource)/versions/latest",\
            "note":"written by the load command"}}
            """
        output.append(contentsOf: text.utf8)
    }

    /// SplitMix64.
    private mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ word >> 30) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ word >> 27) &* 0x94D0_49BB_1331_11EB
        return word ^ word >> 31
    }

    private func unit(_ word: UInt64) -> Double {
        Double(word >> 11) / Double(1 << 53)
    }
}

/// Ranks of which the n-th is drawn n times more seldom than the first.
struct ZipfRanks: Sendable {
    /// The share of draws that fall on this rank or a lower one.
    private let cumulative: [Double]

    init(count: Int) {
        precondition(count > 0, "there is something to draw from")
        var sum = 0.0
        var sums: [Double] = []
        for rank in 1...count {
            sum += 1 / Double(rank)
            sums.append(sum)
        }
        cumulative = sums.map { $0 / sum }
    }

    /// The rank, from 0, that a number from 0 up to 1 stands for.
    func rank(_ unit: Double) -> Int {
        var low = 0
        var high = cumulative.count - 1
        while low < high {
            let middle = (low + high) / 2
            if cumulative[middle] > unit { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
