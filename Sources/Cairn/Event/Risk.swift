// SPDX-License-Identifier: Apache-2.0

/// How much harm an event may mean, as its sender judges it, from least to most.
public enum Risk: String, Sendable, CaseIterable {
    /// Everyday.
    case low
    /// Out of the ordinary.
    case medium
    /// Harm is likely if it was not meant.
    case high
    /// Harm is done, or near.
    case critical

    /// Reads the lower-case name from its bytes.
    @inlinable
    public init?(utf8 bytes: some Collection<UInt8>) {
        let candidate: Risk
        switch bytes.first {
        case UInt8(ascii: "l"): candidate = .low
        case UInt8(ascii: "m"): candidate = .medium
        case UInt8(ascii: "h"): candidate = .high
        case UInt8(ascii: "c"): candidate = .critical
        default: return nil
        }
        guard candidate.rawValue.utf8.elementsEqual(bytes) else { return nil }
        self = candidate
    }

    /// A small number that stands for the risk in a store and never changes; never 0.
    ///
    /// A greater risk has a greater code.
    public var code: UInt8 {
        switch self {
        case .low: 1
        case .medium: 2
        case .high: 3
        case .critical: 4
        }
    }

    /// Reads a ``code``.
    public init?(code: UInt8) {
        switch code {
        case 1: self = .low
        case 2: self = .medium
        case 3: self = .high
        case 4: self = .critical
        default: return nil
        }
    }
}

extension Risk: Comparable {
    /// Whether `left` means less harm.
    public static func < (left: Risk, right: Risk) -> Bool {
        left.code < right.code
    }
}
