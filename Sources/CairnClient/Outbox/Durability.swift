// SPDX-License-Identifier: Apache-2.0

public import Cairn

/// What must have happened to an event before its caller is told that it is taken in.
public enum Durability: String, Sendable, CaseIterable {
    /// The ledger has it. When that cannot be, the caller is told, and should not go on.
    case failClosed
    /// The ledger has it, or the spool on this machine's disk until the ledger can.
    case failOpen
    /// Nothing: it waits in memory, is sent when it can be, and may be lost, which is counted.
    case bestEffort
}

/// Which durability holds for which kind of event.
public struct DurabilityPolicy: Sendable, Hashable {
    private var exact: [String: Durability] = [:]
    /// Beginnings of types, the longest first.
    private var prefixes: [Prefix] = []
    /// What holds where no rule fits.
    public var otherwise: Durability

    private struct Prefix: Sendable, Hashable {
        let text: String
        let durability: Durability
    }

    /// Makes a policy of rules by type, such as `data.delete` or `http.*`; of those that fit, the
    /// longest holds.
    public init(_ rules: [String: Durability] = [:], otherwise: Durability = .failClosed) {
        self.otherwise = otherwise
        for (pattern, durability) in rules {
            if pattern.hasSuffix("*") {
                prefixes.append(Prefix(text: String(pattern.dropLast()), durability: durability))
            } else {
                exact[pattern] = durability
            }
        }
        prefixes.sort { $0.text.utf8.count > $1.text.utf8.count }
    }

    /// Requests of a web server are recorded as well as it goes; all else is recorded, or the
    /// caller is told.
    public static let standard = DurabilityPolicy(["http.request": .bestEffort])

    /// What holds for a kind of event.
    public func durability(of type: EventType) -> Durability {
        exact[type.text]
            ?? prefixes.first { type.text.utf8.starts(with: $0.text.utf8) }?.durability
            ?? otherwise
    }

    /// Whether some kind of event may have to wait on disk.
    var needsSpool: Bool {
        otherwise == .failOpen || exact.values.contains(.failOpen)
            || prefixes.contains { $0.durability == .failOpen }
    }
}
