// SPDX-License-Identifier: Apache-2.0

/// Where events wait on disk while the ledger cannot take them, and how much may.
public struct SpoolOptions: Sendable {
    /// The folder, for one process at a time; made when it is absent.
    public var folder: String
    /// How many bytes may lie there; what would be more is refused, never dropped.
    public var limitBytes = 256 << 20
    /// About how large a file grows before the next is begun.
    public var segmentBytes = 1 << 20
    /// How many events are sent together, at least 1.
    public var bulkEvents = 100
    /// The pauses while the server does not take events.
    public var backoff = Backoff(first: .milliseconds(250), longest: .seconds(30))

    /// Keeps events in a folder.
    public init(folder: String) {
        self.folder = folder
    }

    /// Refuses numbers under which nothing would ever be written or sent.
    func check() throws(ClientError) {
        let numbers = [
            ("limitBytes", limitBytes), ("segmentBytes", segmentBytes), ("bulkEvents", bulkEvents),
        ]
        for (name, number) in numbers where number < 1 {
            throw ClientError(.invalidSetting, "the spool's \(name) must be at least 1")
        }
    }
}
