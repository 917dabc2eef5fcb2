// SPDX-License-Identifier: Apache-2.0

internal import Cairn
internal import Foundation

/// The pure steps: reading, fields, commitments, leaf, tree.
enum PureBenchmarks {
    static func run(_ bodies: [[UInt8]]) throws {
        var events: [Event] = []
        try measure("read an event", bodies.count) {
            for body in bodies {
                events.append(try body.withUnsafeBytes { try Event(parsing: $0) })
            }
        }
        try measure("canonical form", bodies.count) {
            for body in bodies { _ = try CanonicalJSON(parsing: body) }
        }
        let redactor = Redactor()
        try measure("redaction", bodies.count) {
            for event in events { _ = try redactor.redact(event) }
        }
        let facts = EventFacts(now: Timestamp(milliseconds: 1_767_225_600_000))
        var fields: [Fields] = []
        measure("fields", bodies.count) {
            for event in events { fields.append(event.fields(facts, registry: .standard)) }
        }
        var generator = SystemRandomNumberGenerator()
        let seed = Seed(using: &generator)
        var digests: [Cairn.Digest] = []
        measure("commitments", bodies.count) {
            for fields in fields { digests.append(Commitment.record(fields, seed: seed)) }
        }
        let id = EventID(version4From: [UInt8](repeating: 7, count: 16))
        var frontier = Frontier()
        measure("leaf and tree", bodies.count) {
            for (index, digest) in digests.enumerated() {
                let leaf = Leaf(
                    origin: "cairn.example/0123456789abcdef0123456789abcdef",
                    index: UInt64(index),
                    id: id,
                    receivedAt: facts.now,
                    schema: .event,
                    retentionClass: .standard,
                    record: digest
                )
                frontier.append(Digest.leaf(leaf.bytes))
            }
        }
        print("root", frontier.root)
    }

    private static func measure(_ name: String, _ count: Int, _ body: () throws -> Void) rethrows {
        let clock = ContinuousClock()
        let start = clock.now
        try body()
        let took = start.duration(to: clock.now)
        let seconds = Double(took.components.seconds) + Double(took.components.attoseconds) / 1e18
        print(
            name.padding(toLength: 28, withPad: " ", startingAt: 0),
            String(format: "%12.0f %10.2f", Double(count) / seconds, seconds / Double(count) * 1e6)
        )
    }
}
