// SPDX-License-Identifier: Apache-2.0

internal import Cairn
package import Instrumentation

/// Takes the place in a trace from requests that come, and gives it to those that go (W3C Trace
/// Context).
///
/// It records no spans.
package struct TracePropagator: Instrument {
    /// The name of the field that says the place.
    package static let parentField = "traceparent"
    /// The name of the field that others keep their own things in.
    package static let stateField = "tracestate"

    private let fillRandom: @Sendable (UnsafeMutableRawBufferPointer) -> Void

    /// Draws new ids from `random`, which fills a buffer.
    package init(random fillRandom: @escaping @Sendable (UnsafeMutableRawBufferPointer) -> Void) {
        self.fillRandom = fillRandom
    }

    /// Goes on with the carrier's trace, or begins one, as a new part of it.
    package func extract<Carrier, Extract: Extractor>(
        _ carrier: Carrier,
        into context: inout ServiceContext,
        using extractor: Extract
    ) where Extract.Carrier == Carrier {
        let parent = extractor.extract(key: Self.parentField, from: carrier).flatMap {
            TraceContext(parent: $0, state: extractor.extract(key: Self.stateField, from: carrier))
        }
        context.trace = TraceContext(
            traceID: parent?.traceID ?? id(of: 16),
            spanID: id(of: 8),
            isSampled: parent?.isSampled ?? false,
            state: parent?.state
        )
    }

    /// Says the place to the carrier, if there is one.
    package func inject<Carrier, Inject: Injector>(
        _ context: ServiceContext,
        into carrier: inout Carrier,
        using injector: Inject
    ) where Inject.Carrier == Carrier {
        guard let trace = context.trace else { return }
        injector.inject(trace.parent, forKey: Self.parentField, into: &carrier)
        if let state = trace.state {
            injector.inject(state, forKey: Self.stateField, into: &carrier)
        }
    }

    private func id(of count: Int) -> String {
        var bytes = [UInt8](repeating: 0, count: count)
        while bytes.allSatisfy({ $0 == 0 }) {
            bytes.withUnsafeMutableBytes { fillRandom($0) }
        }
        return Hex.encode(bytes)
    }
}
