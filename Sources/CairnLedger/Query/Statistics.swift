// SPDX-License-Identifier: Apache-2.0

package import Cairn

/// Counts over a range of a ledger's events.
///
/// What the ledger records about itself, such as who reads it, is no event and is not counted.
package struct Statistics: Sendable, Equatable {
    /// An actor and how many records name it.
    package struct ActorCount: Sendable, Hashable {
        /// The value of `actor.id`.
        package let id: String
        /// The number of records.
        package let count: UInt64

        /// Names an actor and a number.
        package init(id: String, count: UInt64) {
            self.id = id
            self.count = count
        }
    }

    /// What is counted apart.
    package enum Dimension: UInt8, Sendable, CaseIterable {
        case type = 1
        case category, outcome, severity, risk, actor

        /// What counts a field apart, if anything does.
        package init?(_ path: FieldPath.Known) {
            switch path {
            case .type: self = .type
            case .category: self = .category
            case .outcome: self = .outcome
            case .severity: self = .severity
            case .risk: self = .risk
            case .actorID: self = .actor
            default: return nil
            }
        }
    }

    /// Whether a record is counted: it is an event, and none of the ledger's about itself.
    package static func counts(_ fields: Fields) -> Bool {
        fields.value(.known(.type))?.starts(with: "\"\(EventType.reservedPrefix)".utf8) != true
    }

    /// The nanoseconds of an hour, by which indexes count.
    package static let hour: Int64 = 3_600_000_000_000

    /// The hour of an instant: whole hours since 1970, downward.
    package static func hour(of nanoseconds: Int64) -> Int64 {
        nanoseconds / hour - (nanoseconds % hour < 0 ? 1 : 0)
    }

    /// All events of the range.
    package var total: UInt64 = 0
    /// Records by the value of `type`.
    package var byType: [String: UInt64] = [:]
    /// Records by the value of `category`.
    package var byCategory: [String: UInt64] = [:]
    /// Records by the value of `outcome`.
    package var byOutcome: [String: UInt64] = [:]
    /// Records by the value of `severity`.
    package var bySeverity: [String: UInt64] = [:]
    /// Records by the value of `risk`; those without one are in none.
    package var byRisk: [String: UInt64] = [:]
    /// Days that have records; the edge adds the empty ones between.
    package var byDay: [Day: UInt64] = [:]
    /// The ten actors with most records, ties by id.
    package var topActors: [ActorCount] = []
    /// Records of all other actors.
    package var otherActors: UInt64 = 0
    /// How many actors there are.
    package var distinctActors: UInt64 = 0

    /// Counts nothing yet.
    package init() {}

    /// Ranks actors: most records first, ties by the bytes of the id.
    package mutating func rank(_ actors: [String: UInt64]) {
        let ranked = actors.map { ActorCount(id: $0.key, count: $0.value) }.sorted {
            $0.count != $1.count
                ? $0.count > $1.count : $0.id.utf8.lexicographicallyPrecedes($1.id.utf8)
        }
        topActors = Array(ranked.prefix(10))
        otherActors = ranked.dropFirst(10).reduce(0) { $0 + $1.count }
        distinctActors = UInt64(ranked.count)
    }

    /// Counts one record by its dimensions.
    package mutating func count(_ fields: Fields, actors: inout [String: UInt64]) {
        guard Statistics.counts(fields) else { return }
        total += 1
        for field in fields {
            guard case .known(let known) = field.path else { continue }
            switch known {
            case .type: bump(\.byType, fields.text(of: field))
            case .category: bump(\.byCategory, fields.text(of: field))
            case .outcome: bump(\.byOutcome, fields.text(of: field))
            case .severity: bump(\.bySeverity, fields.text(of: field))
            case .risk: bump(\.byRisk, fields.text(of: field))
            case .actorID: fields.text(of: field).map { actors[$0, default: 0] += 1 }
            case .occurredAt:
                if let text = fields.text(of: field), let time = try? Timestamp.parse(text) {
                    byDay[time.timestamp.day, default: 0] += 1
                }
            default: break
            }
        }
    }

    /// Adds so many records of a dimension's value, a canonical string.
    package mutating func add(
        _ count: UInt64,
        of dimension: Dimension,
        value: [UInt8],
        actors: inout [String: UInt64]
    ) {
        guard let text = value.withUnsafeBytes({ JSONText.string(fromCanonical: $0) }) else {
            return
        }
        switch dimension {
        case .type where text.hasPrefix(EventType.reservedPrefix): break
        case .type: byType[text, default: 0] += count
        case .category: byCategory[text, default: 0] += count
        case .outcome: byOutcome[text, default: 0] += count
        case .severity: bySeverity[text, default: 0] += count
        case .risk: byRisk[text, default: 0] += count
        case .actor: actors[text, default: 0] += count
        }
    }

    private mutating func bump(
        _ counts: WritableKeyPath<Statistics, [String: UInt64]>,
        _ key: String?
    ) {
        guard let key else { return }
        self[keyPath: counts][key, default: 0] += 1
    }
}
