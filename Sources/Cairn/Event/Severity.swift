// SPDX-License-Identifier: Apache-2.0

/// How much attention an event asks for, from least to most.
public enum Severity: String, Sendable, CaseIterable {
    /// Of use only while looking for a fault.
    case debug
    /// The normal course of things.
    case info
    /// Worth a look when it repeats.
    case warning
    /// Something went wrong and needs a look.
    case error
    /// Somebody must act at once.
    case critical

    /// Reads the lower-case name from its bytes.
    @inlinable
    public init?(utf8 bytes: some Collection<UInt8>) {
        let candidate: Severity
        switch bytes.first {
        case UInt8(ascii: "d"): candidate = .debug
        case UInt8(ascii: "i"): candidate = .info
        case UInt8(ascii: "w"): candidate = .warning
        case UInt8(ascii: "e"): candidate = .error
        case UInt8(ascii: "c"): candidate = .critical
        default: return nil
        }
        guard candidate.rawValue.utf8.elementsEqual(bytes) else { return nil }
        self = candidate
    }

    /// A small number that stands for the severity in a store and never changes; never 0.
    ///
    /// A greater severity has a greater code.
    public var code: UInt8 {
        switch self {
        case .debug: 1
        case .info: 2
        case .warning: 3
        case .error: 4
        case .critical: 5
        }
    }

    /// Reads a ``code``.
    public init?(code: UInt8) {
        switch code {
        case 1: self = .debug
        case 2: self = .info
        case 3: self = .warning
        case 4: self = .error
        case 5: self = .critical
        default: return nil
        }
    }
}

extension Severity: Comparable {
    /// Whether `left` asks for less attention.
    public static func < (left: Severity, right: Severity) -> Bool {
        left.code < right.code
    }
}
