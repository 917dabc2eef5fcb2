// SPDX-License-Identifier: Apache-2.0

internal import CairnAPI
internal import CairnLedger
internal import HTTPTypes
internal import Hummingbird
internal import Metrics
internal import Synchronization

/// How much a tenant, and each of its credentials, may ask of the server; nil is without end.
package struct QuotaLimits: Sendable {
    /// Events a second.
    package var events: Int?
    /// Bytes of events a second.
    package var bytes: Int?
    /// Requests a second that are not appends.
    package var queries: Int?
    /// What part of the tenant's share one credential may use, in percent.
    package var credentialPercent = 100

    /// No limit.
    package init() {}
}

/// Token buckets for each tenant and each credential, in memory.
///
/// A bucket holds what one second allows. A request is let in while its buckets are not empty, and
/// what it costs is taken out once that is known, so that a large bulk may leave a debt which has
/// to pass before the next: nothing is read of a request that is refused.
final class Quotas: Sendable {
    /// What is counted.
    enum Measure: String, CaseIterable, Sendable {
        case events, bytes, queries
    }

    private struct Bucket {
        var level: Double
        var at: Int64
    }

    private struct Name: Hashable {
        let owner: String
        let measure: Measure
    }

    /// How many buckets are kept before full ones are dropped.
    private static let bucketCount = 50_000

    private let limits: QuotaLimits
    private let clock: ServerClock
    private let refusals: [Measure: any CounterHandler]
    private let buckets = Mutex<[Name: Bucket]>([:])

    init(_ limits: QuotaLimits, clock: ServerClock, metrics: MetricsRegistry) {
        self.limits = limits
        self.clock = clock
        refusals = Dictionary(
            uniqueKeysWithValues: Measure.allCases.map { measure in
                let labels = [("measure", measure.rawValue)]
                return (
                    measure, metrics.makeCounter(label: Telemetry.quotaRefusals, dimensions: labels)
                )
            }
        )
    }

    /// What the quotas say of a request: the tightest of its buckets.
    struct Standing: Sendable {
        let measure: Measure
        let quota: Int
        let remaining: Int
        /// Until there is something again, in whole seconds, upward.
        let waitSeconds: Int
    }

    /// The measures that a route draws on.
    static func measures(of route: Route) -> [Measure] {
        if case .holders(.eventsWrite) = route.access { [.events, .bytes] } else { [.queries] }
    }

    /// Lets a request in, or says how long to wait.
    ///
    /// - Throws: ``Problem`` of code ``Problem/Code/quotaExceeded``.
    func admit(_ principal: Principal, _ route: Route) throws(Problem) {
        let measures = Quotas.measures(of: route)
        try admit(principal, measures)
        if measures == [.queries] { charge(principal, .queries, 1) }
    }

    /// Lets events in, as ``admit(_:_:)`` does; for those that waited for something else.
    func admitEvents(_ principal: Principal) throws(Problem) {
        try admit(principal, [.events, .bytes])
    }

    private func admit(_ principal: Principal, _ measures: [Measure]) throws(Problem) {
        guard isLimiting(measures) else { return }
        if let empty = standings(principal, measures).first(where: { $0.remaining <= 0 }) {
            refusals[empty.measure]?.increment(by: 1)
            var problem = Problem(
                .quotaExceeded,
                "At most \(empty.quota) \(empty.measure.rawValue) a second."
            )
            problem.standing = empty
            throw problem
        }
    }

    /// Takes out what a request turned out to cost.
    func charge(_ principal: Principal, events: Int, bytes: Int) {
        charge(principal, .events, events)
        charge(principal, .bytes, bytes)
    }

    /// The tightest standing of a principal on a route; nil where nothing is limited.
    func standing(_ principal: Principal, _ route: Route) -> Standing? {
        let measures = Quotas.measures(of: route)
        guard isLimiting(measures) else { return nil }
        return standings(principal, measures).min {
            Double($0.remaining) / Double($0.quota) < Double($1.remaining) / Double($1.quota)
        }
    }

    /// How long a stream must rest before it goes on, in milliseconds.
    func restMilliseconds(_ principal: Principal) -> Int {
        standings(principal, [.events, .bytes]).map { $0.remaining > 0 ? 0 : $0.waitSeconds * 1000 }
            .max() ?? 0
    }

    private func isLimiting(_ measures: [Measure]) -> Bool {
        measures.contains { limit($0) != nil }
    }

    // MARK: Buckets

    private func limit(_ measure: Measure) -> Int? {
        switch measure {
        case .events: limits.events
        case .bytes: limits.bytes
        case .queries: limits.queries
        }
    }

    /// The buckets of a principal: its tenant's, and its own where that is smaller.
    private func shares(_ principal: Principal, _ measure: Measure) -> [(Name, Double)] {
        guard let limit = limit(measure) else { return [] }
        var shares = [(Name(owner: "t " + principal.tenant, measure: measure), Double(limit))]
        if limits.credentialPercent < 100, let id = principal.makerKey ?? principal.id {
            let share = max(1, Double(limit) * Double(limits.credentialPercent) / 100)
            shares.append((Name(owner: "c \(principal.tenant) \(id)", measure: measure), share))
        }
        return shares
    }

    private func standings(_ principal: Principal, _ measures: [Measure]) -> [Standing] {
        let now = clock.continuousMilliseconds()
        return measures.flatMap { measure in
            shares(principal, measure).map { name, quota in
                let level = buckets.withLock { Quotas.level(&$0, name, quota, now) }
                return Standing(
                    measure: measure,
                    quota: Int(quota),
                    remaining: Int(level.rounded(.down)),
                    waitSeconds: level >= 1 ? 1 : Int(((1 - level) / quota).rounded(.up))
                )
            }
        }
    }

    private func charge(_ principal: Principal, _ measure: Measure, _ cost: Int) {
        let now = clock.continuousMilliseconds()
        for (name, quota) in shares(principal, measure) {
            buckets.withLock { buckets in
                let level = Quotas.level(&buckets, name, quota, now)
                buckets[name] = Bucket(level: level - Double(cost), at: now)
            }
        }
    }

    /// What a bucket holds now; one that is not kept is full.
    private static func level(
        _ buckets: inout [Name: Bucket],
        _ name: Name,
        _ quota: Double,
        _ now: Int64
    ) -> Double {
        if buckets.count > bucketCount {
            // A bucket that nobody drew on for a minute is full, or so nearly that it is.
            buckets = buckets.filter { now - $0.value.at < 60_000 }
        }
        guard let bucket = buckets[name] else { return quota }
        return min(quota, bucket.level + quota * Double(max(0, now - bucket.at)) / 1000)
    }
}

extension Quotas.Standing {
    /// Adds the fields that tell of it (draft-ietf-httpapi-ratelimit-headers).
    func tell(_ headers: inout HTTPFields) {
        headers[.rateLimitPolicy] = "\"\(measure.rawValue)\";q=\(quota);w=1"
        headers[.rateLimit] = "\"\(measure.rawValue)\";r=\(max(0, remaining));t=\(waitSeconds)"
    }
}
