// SPDX-License-Identifier: Apache-2.0

internal import Cairn
internal import CairnAPI
internal import CairnLedger
internal import Hummingbird

/// `GET /v1/stats`: counts over a range of time.
struct StatisticsRoutes: Sendable {
    private static let dayMilliseconds: Int64 = 86_400_000

    let configuration: ServerConfiguration
    let services: ServerServices
    let verifications: VerificationJobs
    /// Lets one part of a ledger be counted at a time.
    let turns = Turns(1)

    var routes: [Route] {
        [Route(.get, Path.statistics, for: .holders(.eventsRead), handler: show)]
    }

    @Sendable
    private func show(_ request: Request, context: ServerContext) async throws -> Response {
        let principal = try context.caller()
        let parameters = try QueryParameters(request)
        try parameters.allow(only: ["from", "to"])
        let from = try parameters.bound("from", isEnd: false)
        let to = try parameters.bound("to", isEnd: true)
        if let from, let to {
            guard from <= to else { throw Problem.parameter("from", "is after to") }
            try check(from.day, through: to)
        }
        let ledger = try await services.ledgers.ledger(of: principal.tenant)
        let id = ledger.tenant.ledger
        var read = AccessTally.Read(.statistics)
        read.parameters = parameters.pairs
        read.client = context.client
        try services.tally.note(read, by: principal)
        let part = NarrowedStatistics(
            index: services.index,
            narrowing: principal.narrowing,
            turns: turns,
            limit: configuration.statisticsRecords
        )
        let size = try await ledger.durableHead().size
        let counts = try await part.statistics(in: id, size: size, from: from, to: to)
        let recent = try await part.statistics(
            in: id,
            size: size,
            from: services.clock.now().advanced(byMilliseconds: -Self.dayMilliseconds),
            to: nil
        )
        let days = try days(of: counts, from: from, to: to)
        let verdict = try await verifications.lastVerdict(tenant: principal.tenant)

        var output = JSONOutput(reservingCapacity: 2048 + days.count * 24)
        output.beginObject()
        output.member("total", counts.total)
        Self.append(counts, days, to: &output)
        Self.append(recent: recent, to: &output)
        // What the whole ledger is found to be is not for who is shown a part.
        if principal.narrowing.isEmpty, let verdict, let report = verdict.report,
            let finishedAt = verdict.finishedAt
        {
            output.name("integrity")
            output.beginObject()
            output.member("verified_at", finishedAt)
            output.member("verdict", report.holds ? "holds" : "fails")
            output.member("size", report.size)
            output.endObject()
        }
        output.endObject()
        return Response(output)
    }

    private static func append(
        _ counts: Statistics,
        _ days: [(day: Day, count: UInt64)],
        to output: inout JSONOutput
    ) {
        append("by_type", counts.byType, to: &output)
        append("by_category", counts.byCategory, to: &output)
        append("by_outcome", counts.byOutcome, to: &output)
        append("by_severity", counts.bySeverity, to: &output)
        append("by_risk", counts.byRisk, to: &output)
        output.name("by_day")
        output.beginObject()
        for (day, count) in days {
            output.name(text: day.text)
            output.value(count)
        }
        output.endObject()
        output.name("top_actors")
        output.beginArray()
        for actor in counts.topActors {
            output.beginObject()
            output.member("id", actor.id)
            output.member("count", actor.count)
            output.endObject()
        }
        output.endArray()
        output.member("other_actors", counts.otherActors)
        output.member("distinct_actors", counts.distinctActors)
    }

    private static func append(
        _ name: StaticString,
        _ counts: [String: UInt64],
        to output: inout JSONOutput
    ) {
        output.name(name)
        output.beginObject()
        let sorted = counts.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
        for (key, count) in sorted {
            output.name(text: key)
            output.value(count)
        }
        output.endObject()
    }

    private static func append(recent: Statistics, to output: inout JSONOutput) {
        let risky = [Risk.high, .critical].reduce(0) {
            $0 + (recent.byRisk[$1.rawValue] ?? 0)
        }
        output.name("last_24h")
        output.beginObject()
        output.member("events", recent.total)
        output.member("actors", recent.distinctActors)
        output.member("high_risk", risky)
        output.endObject()
    }

    // MARK: Days

    /// Every day of the range, or between the first and the last day that have records.
    private func days(
        of counts: Statistics,
        from: Timestamp?,
        to: Timestamp?
    ) throws(Problem) -> [(day: Day, count: UInt64)] {
        guard let end = to ?? counts.byDay.keys.max()?.next.start,
            let earliest = from?.day ?? counts.byDay.keys.min(), earliest.start < end
        else { return [] }
        var first = earliest
        if from == nil {
            // Only a range that the caller gave is refused; the data's own is cut to the newest.
            let limit = Int64(configuration.statisticsDays) * 86_400_000
            first = max(first, end.advanced(byMilliseconds: -limit).day)
            if first.start.advanced(byMilliseconds: limit) < end { first = first.next }
        }
        try check(first, through: end)
        var days: [(day: Day, count: UInt64)] = []
        var day = first
        while day.start < end {
            days.append((day, counts.byDay[day] ?? 0))
            day = day.next
        }
        return days
    }

    /// Refuses a range of more days than one answer may span.
    private func check(_ first: Day, through end: Timestamp) throws(Problem) {
        let last = Timestamp(nanoseconds: max(end.nanoseconds - 1, first.start.nanoseconds)).day
        let count = Int(last.daysSinceEpoch) - Int(first.daysSinceEpoch) + 1
        guard count <= configuration.statisticsDays else {
            throw Problem(
                .rangeTooLong,
                "\(count) days; give `from` and `to` at most \(configuration.statisticsDays) "
                    + "days apart."
            )
        }
    }
}
