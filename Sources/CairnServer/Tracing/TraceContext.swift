// SPDX-License-Identifier: Apache-2.0

package import ServiceContextModule

/// Where a request is in a trace that spans several programs (W3C Trace Context, level 1).
package struct TraceContext: Sendable, Equatable {
    /// The trace, 32 hex digits in lower case, not all zero.
    package let traceID: String
    /// This program's part of it, 16 hex digits in lower case, not all zero.
    package let spanID: String
    /// Whether the caller records the trace.
    package let isSampled: Bool
    /// What other programs keep about the trace; passed on as it came.
    package let state: String?

    /// A place that is known by its parts.
    package init(traceID: String, spanID: String, isSampled: Bool, state: String? = nil) {
        self.traceID = traceID
        self.spanID = spanID
        self.isSampled = isSampled
        self.state = state
    }

    /// Reads the field `traceparent`; nil for what is not valid, which is as good as none.
    ///
    /// A version that is not known may be longer; what is known of it is read.
    package init?(parent: String, state: String? = nil) {
        let bytes = Array(parent.utf8)
        let dash = UInt8(ascii: "-")
        guard bytes.count >= 55, bytes[2] == dash, bytes[35] == dash, bytes[52] == dash,
            TraceContext.areHex(bytes[0..<2]), TraceContext.areHex(bytes[3..<35]),
            TraceContext.areHex(bytes[36..<52]), TraceContext.areHex(bytes[53..<55])
        else { return nil }
        let version = bytes[0..<2]
        guard !version.elementsEqual("ff".utf8),
            bytes.count == 55 || !version.elementsEqual("00".utf8) && bytes[55] == dash
        else { return nil }
        let zero = UInt8(ascii: "0")
        guard bytes[3..<35].contains(where: { $0 != zero }),
            bytes[36..<52].contains(where: { $0 != zero })
        else { return nil }
        traceID = String(decoding: bytes[3..<35], as: UTF8.self)
        spanID = String(decoding: bytes[36..<52], as: UTF8.self)
        isSampled = TraceContext.value(of: bytes[54]) & 1 == 1
        self.state = state.flatMap { TraceContext.isState($0) ? $0 : nil }
    }

    /// The field `traceparent`, version 00.
    package var parent: String { "00-\(traceID)-\(spanID)-\(isSampled ? "01" : "00")" }

    private static func areHex(_ bytes: ArraySlice<UInt8>) -> Bool {
        bytes.allSatisfy { byte in
            (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
        }
    }

    private static func value(of digit: UInt8) -> UInt8 {
        digit <= UInt8(ascii: "9") ? digit - UInt8(ascii: "0") : digit - UInt8(ascii: "a") + 10
    }

    /// Whether a `tracestate` may be passed on: visible ASCII, 32 members of `key=value` at most.
    private static func isState(_ text: String) -> Bool {
        let members = text.split(separator: ",").map { $0.drop { $0 == " " || $0 == "\t" } }
            .filter { !$0.isEmpty }
        return text.utf8.count <= 512 && (1...32).contains(members.count)
            && members.allSatisfy {
                ($0.utf8.firstIndex(of: UInt8(ascii: "=")) ?? $0.startIndex) > $0.startIndex
            }
            && text.utf8.allSatisfy { (0x20...0x7E).contains($0) || $0 == 0x09 }
    }
}

extension ServiceContext {
    private enum TraceKey: ServiceContextKey {
        typealias Value = TraceContext
        static let nameOverride: String? = "trace"
    }

    /// Where what is done now is in a trace.
    package var trace: TraceContext? {
        get { self[TraceKey.self] }
        set { self[TraceKey.self] = newValue }
    }
}
