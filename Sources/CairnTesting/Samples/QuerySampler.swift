// SPDX-License-Identifier: Apache-2.0

internal import Cairn
package import CairnLedger

extension EventSampler {
    /// A query that often finds some of the events this sampler makes.
    package mutating func query() -> RecordQuery {
        var query = RecordQuery()
        for _ in 0..<generator.pick([0, 1, 1, 2]) { query.filters.append(filter()) }
        if generator.oneIn(3) { query.text = text() }
        if generator.oneIn(4) { query.occurredFrom = time() }
        if generator.oneIn(4) { query.occurredTo = time() }
        if generator.oneIn(8) { query.receivedFrom = stamp() }
        if generator.oneIn(8) { query.receivedTo = stamp() }
        if generator.oneIn(8) { query.indexFrom = UInt64(generator.below(400)) }
        if generator.oneIn(8) { query.indexTo = UInt64(generator.below(600)) }
        query.sort = generator.pick([.occurredAt, .index])
        query.isDescending = generator.oneIn(2)
        return query
    }

    /// A text of words, phrases and prefixes that events have, or nearly have.
    package mutating func text() -> TextQuery? {
        let parts = (0...generator.below(2)).map { _ in
            let word = generator.pick(Self.words)
            return switch generator.below(4) {
            case 0: "\"\(word) \(generator.pick(Self.words))\""
            case 1: "\(Substring(word.unicodeScalars.prefix(1 + generator.below(4))))*"
            default: word
            }
        }
        return TextQuery(parsing: parts.joined(separator: " "))
    }

    /// One condition.
    package mutating func filter() -> Filter {
        let (key, values): (FilterKey, [String]) =
            switch generator.below(12) {
            case 0: (.type, Self.types + ["user.*", "user*", "doc*", "*", "pay*"])
            case 1: (.action, ["opened", "closed", "Öffnen", "read", "login"])
            case 2: (.category, ["user", "document", "payment", "auth", "data"])
            case 3: (.outcome, Outcome.allCases.map(\.rawValue))
            case 4: (.severity, Severity.allCases.map(\.rawValue))
            case 5: (.risk, Risk.allCases.map(\.rawValue))
            case 6: (.actorID, (0..<16).map { "user-\($0)" })
            case 7: generator.pick([(.actorType, ["user", "service"]), (.sessionID, ["s-1"])])
            case 8: (.resourceID, (0..<12).map { "r-\($0)" })
            case 9: generator.pick([(.resourceType, ["account"]), (.externalID, ["ext-3"])])
            case 10: generator.pick([(.ip, ["192.0.2.1"]), (.requestID, ["req-1", "req-2"])])
            default:
                (
                    .details(
                        generator.pick(["color", "size", "a.b", "a.b.b", "é", "tags", "tags.n"])
                    ),
                    Self.values + ["2", "false"]
                )
            }
        return Filter(key, (0...generator.below(2)).map { _ in generator.pick(values) })
    }

    private mutating func stamp() -> Timestamp {
        ManualClock.start.advanced(byMilliseconds: Int64(generator.below(600)))
    }
}
