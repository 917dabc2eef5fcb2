// SPDX-License-Identifier: Apache-2.0

/// Where events wait on disk while the ledger cannot take them, and how much may.
public struct SpoolOptions: Sendable {
    /// The folder, for one process at a time; made when it is absent.
    public var folder: String
    /// How many bytes may lie there; what would be more is refused, never dropped.
    public var limitBytes = 256 << 20
    /// About how large a file grows before the next is begun.
    public var segmentBytes = 1 << 20
    /// How many events are sent together.
    public var bulkEvents = 100
    /// The pauses while the server does not take events.
    public var backoff = Backoff(first: .milliseconds(250), longest: .seconds(30))

    /// Keeps events in a folder.
    public init(folder: String) {
        self.folder = folder
    }
}
