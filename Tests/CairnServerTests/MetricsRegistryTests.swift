// SPDX-License-Identifier: Apache-2.0

import CairnServer
import Metrics
import Testing

@Suite("Metrics registry")
struct MetricsRegistryTests {
    @Test("A series is found again by its name and labels")
    func found() {
        let registry = MetricsRegistry()
        registry.makeCounter(label: "a_total", dimensions: [("x", "1")]).increment(by: 2)
        registry.makeCounter(label: "a_total", dimensions: [("x", "1")]).increment(by: 3)
        registry.makeCounter(label: "a_total", dimensions: [("x", "2")]).increment(by: 1)
        registry.makeFloatingPointCounter(label: "b_total", dimensions: []).increment(by: 0.5)
        #expect(registry.exposition.contains("a_total{x=\"1\"} 5\na_total{x=\"2\"} 1\n"))
        #expect(registry.exposition.contains("# TYPE b_total counter\nb_total 0.5\n"))
    }

    @Test("A gauge goes up and down")
    func gauge() {
        let registry = MetricsRegistry()
        let meter = registry.makeMeter(label: "g", dimensions: [])
        meter.set(Int64(5))
        meter.increment(by: 2.5)
        meter.decrement(by: 1)
        registry.makeRecorder(label: "last", dimensions: [], aggregate: false).record(Int64(9))
        #expect(registry.exposition.contains("# TYPE g gauge\ng 6.5\n"))
        #expect(registry.exposition.contains("# TYPE last gauge\nlast 9\n"))
    }

    @Test("A histogram counts cumulatively, in seconds for a timer")
    func histogram() {
        let registry = MetricsRegistry()
        let timer = registry.makeTimer(label: "t_seconds", dimensions: [("r", "/")])
        timer.recordNanoseconds(1_000_000)
        timer.recordNanoseconds(3_000_000_000)
        timer.recordNanoseconds(30_000_000_000)
        let text = registry.exposition
        #expect(text.contains("t_seconds_bucket{r=\"/\",le=\"0.0005\"} 0\n"))
        #expect(text.contains("t_seconds_bucket{r=\"/\",le=\"0.001\"} 1\n"))
        #expect(text.contains("t_seconds_bucket{r=\"/\",le=\"5\"} 2\n"))
        #expect(text.contains("t_seconds_bucket{r=\"/\",le=\"+Inf\"} 3\n"))
        #expect(text.contains("t_seconds_sum{r=\"/\"} 33.001\n"))
        #expect(text.contains("t_seconds_count{r=\"/\"} 3\n"))
        registry.makeRecorder(label: "n", dimensions: [], aggregate: true).record(Int64(3))
        #expect(registry.exposition.contains("n_bucket{le=\"2\"} 0\nn_bucket{le=\"4\"} 1\n"))
    }

    @Test("Names and label values are written as Prometheus reads them")
    func escapes() {
        let registry = MetricsRegistry()
        registry.makeCounter(label: "1a.b-c", dimensions: [("k.x", "a\"b\\c\nd")])
            .increment(by: 1)
        #expect(registry.exposition.contains("_1a_b_c{k_x=\"a\\\"b\\\\c\\nd\"} 1\n"))
    }
}
