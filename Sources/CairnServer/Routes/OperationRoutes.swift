// SPDX-License-Identifier: Apache-2.0

internal import CairnAPI
internal import CairnLedger
internal import Hummingbird
internal import Synchronization

/// Whether the server lives and is ready, what it counts, and the contract.
final class OperationRoutes: Sendable {
    private let services: ServerServices
    private let state: StateMetrics
    private let clockGuard: Mutex<ClockGuard>
    private let recent: RecentReadiness

    init(services: ServerServices, state: StateMetrics) {
        self.services = services
        self.state = state
        clockGuard = Mutex(ClockGuard(services.clock))
        recent = RecentReadiness(clock: services.clock)
    }

    /// What everybody may know, and says nothing else.
    var publicRoutes: [Route] {
        [
            Route(.get, Path.health, for: .everybody, handler: live),
            Route(.get, Path.live, for: .everybody, handler: live),
        ]
    }

    /// What operators look at.
    var operatorRoutes: [Route] {
        [
            Route(.get, Path.ready, for: .everybody) { [self] in try await ready($0, context: $1) },
            Route(.get, Path.metrics, for: .everybody) { [self] in
                try await metrics($0, context: $1)
            },
        ]
    }

    /// The contract.
    var contract: Route {
        Route(.get, Path.contract, for: .everybody) { _, _ in
            Response(Array(OpenAPIDocument.text.utf8), type: MediaType.yaml, caching: "no-cache")
        }
    }

    @Sendable
    private func live(_ request: Request, context: ServerContext) async throws -> Response {
        var output = JSONOutput()
        output.beginObject()
        output.member("status", "ok")
        output.endObject()
        return Response(output)
    }

    @Sendable
    private func metrics(_ request: Request, context: ServerContext) async throws -> Response {
        await state.refresh()
        return Response(Array(services.metrics.exposition.utf8), type: MediaType.prometheus)
    }

    @Sendable
    private func ready(_ request: Request, context: ServerContext) async throws -> Response {
        let checks = await recent.states { [self] in await states() }
        guard checks.allSatisfy({ $0.state == "ok" }) else {
            var problem = Problem(.notReady)
            problem.checks = checks
            throw problem
        }
        var output = JSONOutput()
        output.beginObject()
        output.member("status", "ready")
        output.name("checks")
        output.beginObject()
        for check in checks {
            output.name(text: check.name)
            output.value(check.state)
        }
        output.endObject()
        output.endObject()
        return Response(output)
    }

    private func states() async -> [(name: String, state: String)] {
        var states: [(name: String, state: String)] = []
        var ledgers: [LedgerID] = []
        do throws(StoreError) {
            ledgers = try await services.directory.tenants().prefix(1).map(\.ledger)
            states.append(("directory", "ok"))
        } catch {
            states.append(("directory", "out of reach"))
        }
        do throws(StoreError) {
            for ledger in ledgers { _ = try await services.store.head(of: ledger) }
            states.append(("store", "ok"))
        } catch {
            states.append(("store", "out of reach"))
        }
        states.append(("clock", await clockState()))
        let open = await services.ledgers.openLedgers
        var refused = 0
        for ledger in open where await ledger.refusalFault != nil { refused += 1 }
        states.append(("ledgers", refused == 0 ? "ok" : "\(refused) refuse writes"))
        for check in services.readiness {
            states.append((check.name, await check.fault() ?? "ok"))
        }
        return states
    }

    /// Whether the clock would be believed by a writer now.
    private func clockState() async -> String {
        var last: Int64 = 0
        for ledger in await services.ledgers.openLedgers {
            last = max(last, await ledger.currentHead.lastReceivedAt)
        }
        let stamp = clockGuard.withLock { $0.stamp(services.clock, after: last) }
        return stamp == nil ? "stepped" : "ok"
    }
}

/// What the dependencies were a moment ago: asking them costs writes, and anybody may ask.
private actor RecentReadiness {
    /// How long an answer is good, in milliseconds.
    private static let memoryMilliseconds: Int64 = 1000

    private let clock: ServerClock
    private var last: (states: [(name: String, state: String)], at: Int64)?
    private var waiting: [CheckedContinuation<Void, Never>]?

    init(clock: ServerClock) {
        self.clock = clock
    }

    /// The states by `ask`, which is called once however many want to know, and not each time.
    func states(
        _ ask: @Sendable () async -> [(name: String, state: String)]
    ) async -> [(name: String, state: String)] {
        while true {
            let now = clock.continuousMilliseconds()
            if let last, now - last.at < RecentReadiness.memoryMilliseconds { return last.states }
            guard waiting != nil else { break }
            await withCheckedContinuation { waiting?.append($0) }
        }
        waiting = []
        let states = await ask()
        last = (states, clock.continuousMilliseconds())
        waiting?.forEach { $0.resume() }
        waiting = nil
        return states
    }
}
