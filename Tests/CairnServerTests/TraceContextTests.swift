// SPDX-License-Identifier: Apache-2.0

import CairnServer
import CairnTesting
import Instrumentation
import ServiceContextModule
import Synchronization
import Testing

@Suite("A place in a trace")
struct TraceContextTests {
    private static let trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    private static let span = "00f067aa0ba902b7"
    private static var parent: String { "00-\(trace)-\(span)-01" }

    @Test(
        "What the specification calls valid is read",
        arguments: [
            ("00-\(trace)-\(span)-01", true), ("00-\(trace)-\(span)-00", false),
            ("00-\(trace)-\(span)-ff", true), ("00-\(trace)-\(span)-fe", false),
            ("01-\(trace)-\(span)-01", true), ("cc-\(trace)-\(span)-01", true),
            ("cc-\(trace)-\(span)-01-", true), ("cc-\(trace)-\(span)-01-what-follows", true),
            ("fe-\(trace)-\(span)-00-x", false),
        ]
    )
    func valid(_ text: String, isSampled: Bool) throws {
        let context = try #require(TraceContext(parent: text))
        #expect(context.traceID == Self.trace && context.spanID == Self.span)
        #expect(context.isSampled == isSampled)
        #expect(context.parent == "00-\(Self.trace)-\(Self.span)-\(isSampled ? "01" : "00")")
    }

    @Test(
        "What is not valid is as good as none",
        arguments: [
            "", "00", "00-\(trace)-\(span)", "00-\(trace)-\(span)-", "00-\(trace)-\(span)-1",
            "00-\(trace)-\(span)-01-", "00-\(trace)-\(span)-01-x", "00-\(trace)-\(span)-011",
            "cc-\(trace)-\(span)-01.x", "cc-\(trace)-\(span)-0100", "ff-\(trace)-\(span)-01",
            "0-\(trace)-\(span)-01", ".0-\(trace)-\(span)-01", "00-\(trace)-\(span)-.1",
            "00-\(trace)-\(span)-0G", "00_\(trace)_\(span)_01", " 00-\(trace)-\(span)-01",
            "00-\(String(repeating: "0", count: 32))-\(span)-01",
            "00-\(trace)-\(String(repeating: "0", count: 16))-01",
            "00-\(trace.uppercased())-\(span)-01", "00-\(trace)-\(span.uppercased())-01",
            "00-\(trace)-\(span)-01, 00-\(trace)-\(span)-01",
            "00-\(trace)\u{00}-\(span)-01", "00-é\(trace.dropFirst(2))-\(span)-01",
        ]
    )
    func invalid(_ text: String) {
        #expect(TraceContext(parent: text) == nil)
    }

    @Test("A byte that is changed gives another valid place or none, and never a crash")
    func changes() {
        let bytes = Array(Self.parent.utf8)
        for position in bytes.indices {
            for value in UInt8.min...UInt8.max {
                var changed = bytes
                changed[position] = value
                let text = String(decoding: changed, as: UTF8.self)
                guard let read = TraceContext(parent: text) else { continue }
                // What is read is what is written, but for version and flags.
                #expect(read.parent.utf8.dropFirst(3).prefix(50).elementsEqual(changed[3..<53]))
            }
        }
    }

    @Test(
        "A trace state is passed on as it came, unless it breaks the rules",
        arguments: [
            ("a=1", true), ("rojo=00f067aa0ba902b7,congo=t61rcWkgMzE", true),
            ("a=1,,b=2 ,\t c=3", true), (String(repeating: "x", count: 505) + "=value", true),
            ((0..<32).map { "k\($0)=v" }.joined(separator: ","), true),
            ((0..<33).map { "k\($0)=v" }.joined(separator: ","), false),
            (String(repeating: "x", count: 507) + "=value", false),
            ("", false), (",", false), ("a", false), ("=1", false), ("a=é", false),
            ("a=1\u{0}", false),
        ]
    )
    func state(_ text: String, isKept: Bool) throws {
        let context = try #require(TraceContext(parent: Self.parent, state: text))
        #expect(context.state == (isKept ? text : nil))
    }

    // MARK: Propagation

    private struct Fields: Extractor, Injector {
        func extract(key: String, from fields: [String: String]) -> String? { fields[key] }
        func inject(_ value: String, forKey key: String, into fields: inout [String: String]) {
            fields[key] = value
        }
    }

    private func makePropagator() -> TracePropagator {
        let generator = Mutex(SeededGenerator(seed: 7))
        return TracePropagator { buffer in
            generator.withLock { generator in
                for position in buffer.indices {
                    buffer[position] = UInt8(truncatingIfNeeded: generator.next())
                }
            }
        }
    }

    private func passed(_ fields: [String: String]) -> [String: String] {
        let propagator = makePropagator()
        var (context, sent) = (ServiceContext.topLevel, [String: String]())
        propagator.extract(fields, into: &context, using: Fields())
        propagator.inject(context, into: &sent, using: Fields())
        return sent
    }

    @Test("A trace goes on under its id and with its state, as a part of its own")
    func goesOn() throws {
        let sent = passed(["traceparent": Self.parent, "tracestate": "a=1,b=2"])
        let context = try #require(TraceContext(parent: sent["traceparent"] ?? ""))
        #expect(context.traceID == Self.trace && context.isSampled)
        #expect(context.spanID != Self.span)
        #expect(sent["tracestate"] == "a=1,b=2")
    }

    @Test("A trace that is not valid is begun anew, and its state is forgotten")
    func beginsAnew() throws {
        for parent in [nil, "ff-\(Self.trace)-\(Self.span)-01", "\(Self.parent)-"] {
            var fields = ["tracestate": "a=1"]
            fields["traceparent"] = parent
            let sent = passed(fields)
            let context = try #require(TraceContext(parent: sent["traceparent"] ?? ""))
            #expect(context.traceID != Self.trace && !context.isSampled)
            #expect(sent["tracestate"] == nil)
        }
    }

    @Test("Without a place nothing is sent")
    func nothing() {
        var sent: [String: String] = [:]
        makePropagator().inject(.topLevel, into: &sent, using: Fields())
        #expect(sent.isEmpty)
    }
}
