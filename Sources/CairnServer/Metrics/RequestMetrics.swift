// SPDX-License-Identifier: Apache-2.0

internal import CairnLedger
internal import HTTPTypes
internal import Metrics
internal import Synchronization

/// The series of requests and events, looked up once and then kept.
final class RequestMetrics: Sendable {
    private struct Key: Hashable {
        let route: String
        let method: HTTPRequest.Method
        let status: Int
    }

    /// What can become of an event, as its counter names it.
    enum EventResult: String, CaseIterable {
        case recorded
        case known
        case conflict
        case rejected
        case failed
    }

    private let registry: MetricsRegistry
    private let requests = Mutex<[Key: any CounterHandler]>([:])
    private let durations = Mutex<[String: any TimerHandler]>([:])
    private let events: [EventResult: any CounterHandler]

    init(_ registry: MetricsRegistry) {
        self.registry = registry
        events = Dictionary(
            uniqueKeysWithValues: EventResult.allCases.map { result in
                let dimensions = [("result", result.rawValue)]
                return (
                    result, registry.makeCounter(label: Telemetry.events, dimensions: dimensions)
                )
            }
        )
    }

    func count(route: String, method: HTTPRequest.Method, status: Int, duration: Duration) {
        let key = Key(route: route, method: RequestMetrics.known(method), status: status)
        let counter = requests.withLock { series in
            if let counter = series[key] { return counter }
            let counter = registry.makeCounter(
                label: Telemetry.requests,
                dimensions: [
                    ("route", key.route), ("method", key.method.rawValue),
                    ("status", "\(key.status)"),
                ]
            )
            series[key] = counter
            return counter
        }
        counter.increment(by: 1)
        let timer = durations.withLock { series in
            if let timer = series[route] { return timer }
            let timer = registry.makeTimer(
                label: Telemetry.requestSeconds,
                dimensions: [("route", route)]
            )
            series[route] = timer
            return timer
        }
        let (seconds, attoseconds) = duration.components
        timer.recordNanoseconds(seconds * 1_000_000_000 + attoseconds / 1_000_000_000)
    }

    func count(_ result: EventResult, by number: Int = 1) {
        events[result]?.increment(by: Int64(number))
    }

    /// A method as the series name it: anybody can invent some, so all but the usual ones are one.
    static func known(_ method: HTTPRequest.Method) -> HTTPRequest.Method {
        switch method {
        case .get, .head, .post, .put, .delete, .patch, .options: method
        default: .trace
        }
    }
}
