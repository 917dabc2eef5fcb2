// SPDX-License-Identifier: Apache-2.0

/// How what was tried ended.
public enum Outcome: String, Sendable, CaseIterable {
    /// It was done.
    case success
    /// It was tried and did not succeed, such as a login with a wrong password.
    case failure
    /// It was refused by a rule.
    case denied
    /// A fault of the system kept it from being done.
    case error
    /// The sender cannot tell.
    case unknown

    /// Reads the lower-case name from its bytes.
    @inlinable
    public init?(utf8 bytes: some Collection<UInt8>) {
        let candidate: Outcome
        switch bytes.first {
        case UInt8(ascii: "s"): candidate = .success
        case UInt8(ascii: "f"): candidate = .failure
        case UInt8(ascii: "d"): candidate = .denied
        case UInt8(ascii: "e"): candidate = .error
        case UInt8(ascii: "u"): candidate = .unknown
        default: return nil
        }
        guard candidate.rawValue.utf8.elementsEqual(bytes) else { return nil }
        self = candidate
    }

    /// A small number that stands for the outcome in a store and never changes; never 0.
    public var code: UInt8 {
        switch self {
        case .success: 1
        case .failure: 2
        case .denied: 3
        case .error: 4
        case .unknown: 5
        }
    }

    /// Reads a ``code``.
    public init?(code: UInt8) {
        switch code {
        case 1: self = .success
        case 2: self = .failure
        case 3: self = .denied
        case 4: self = .error
        case 5: self = .unknown
        default: return nil
        }
    }
}
