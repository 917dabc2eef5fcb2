// SPDX-License-Identifier: Apache-2.0

internal import Cairn
internal import CairnLedger
internal import Metrics

/// Sets the gauges of what the server holds, when somebody wants to read them.
///
/// Nothing of it is counted on the way of a request. Anybody may ask, so what was found is good for
/// a moment.
actor StateMetrics {
    /// How long what was found is good, in milliseconds.
    static let memoryMilliseconds: Int64 = 500

    private let services: ServerServices
    private let verifications: VerificationJobs
    private let connections: OpenConnections
    private var lastAt: Int64?
    private var countedFailures: [Int: Int] = [:]

    init(
        services: ServerServices,
        verifications: VerificationJobs,
        connections: OpenConnections
    ) {
        self.services = services
        self.verifications = verifications
        self.connections = connections
    }

    /// Brings the gauges up to date.
    func refresh() async {
        let now = services.clock.continuousMilliseconds()
        if let lastAt, now - lastAt < StateMetrics.memoryMilliseconds { return }
        lastAt = now
        set(Telemetry.connections, connections.count)
        set(Telemetry.keys, services.keys.count)
        setLedgers(await services.ledgers.census())
        setTokens(services.tokens.census)
        setVerifications(verifications.census())
    }

    private func setLedgers(_ census: Ledgers.Census) {
        set(Telemetry.ledgersOpen, census.open)
        set(Telemetry.ledgersRefusing, census.refusing)
        set(Telemetry.ledgerRecords, census.records)
        set(Telemetry.largestLedgerRecords, census.largest)
        set(Telemetry.pooledRecords, census.pooledRecords)
        set(Telemetry.pooledBytes, census.pooledBytes)
    }

    private func setTokens(_ census: TokenAuthority.Census) {
        set(Telemetry.tokens, census.remembered)
        let now = services.clock.now()
        for (position, fetchedAt, failures) in census.keySets {
            let issuer = [("issuer", "\(position)")]
            services.metrics.makeCounter(label: Telemetry.keySetFailures, dimensions: issuer)
                .increment(by: Int64(failures - (countedFailures[position] ?? 0)))
            countedFailures[position] = failures
            guard let fetchedAt else { continue }
            set(Telemetry.keySetAge, seconds(from: fetchedAt, to: now), issuer)
        }
    }

    private func setVerifications(_ census: VerificationJobs.Census) {
        for state in VerificationJob.State.allCases {
            let count = census.states[state] ?? 0
            set(Telemetry.verifications, count, [("state", state.rawValue)])
        }
        set(Telemetry.failingLedgers, census.failing)
        guard let last = census.lastHolding else { return }
        set(Telemetry.verificationAge, seconds(from: last, to: services.clock.now()))
    }

    private func seconds(from start: Timestamp, to end: Timestamp) -> Double {
        Double(max(0, end.nanoseconds - start.nanoseconds) / 1_000_000) / 1000
    }

    private func set(
        _ name: String,
        _ value: some BinaryInteger,
        _ labels: [(String, String)] = []
    ) {
        set(name, Double(value), labels)
    }

    private func set(_ name: String, _ value: Double, _ labels: [(String, String)] = []) {
        services.metrics.makeMeter(label: name, dimensions: labels).set(value)
    }
}
