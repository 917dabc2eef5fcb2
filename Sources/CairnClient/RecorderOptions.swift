// SPDX-License-Identifier: Apache-2.0

public import Cairn
public import Logging

/// How a recorder works.
public struct RecorderOptions: Sendable {
    /// What is taken out of events before anything else sees them.
    public enum Redaction: Sendable {
        /// What these rules say; the key is for those that make digests.
        case rules(RedactionRules, key: RedactionKey? = nil)
        /// Nothing; the server may still have rules of its own.
        case off
    }

    /// What must have happened to which kind of event before its caller is told.
    public var durability = DurabilityPolicy.standard
    /// Where events wait on disk; needed by a policy under which some do.
    public var spool: SpoolOptions?
    /// How often an event is sent that its caller waits for.
    public var retry = RetryPolicy()
    /// What is taken out of events; the standard rules unless something else is set.
    public var redaction = Redaction.rules(.standard)
    /// Which events are recorded: those to which all of these say yes.
    ///
    /// They see events without secrets. One that throws is counted and says nothing.
    public var filters: [@Sendable (Event) throws -> Bool] = []
    /// Who is told of events.
    public var handlers: [AuditHandler] = []
    /// How many of the newest events are remembered.
    public var recentEvents = 1000
    /// How many bytes of them at most.
    public var recentBytes = 16 << 20
    /// How many events without a promise wait in memory at most.
    public var queuedEvents = 10_000
    /// How many bytes of them at most.
    public var queuedBytes = 64 << 20
    /// How long what waits in memory may take to be sent when the recorder stops.
    public var shutdownLimit = Duration.seconds(10)
    /// What diagnostics go to: failures, and never the content of an event.
    public var logger = Logger(label: "cairn.client") { _ in SwiftLogNoOpLogHandler() }
    /// What a line goes to for each event, without its content; none unless it is set.
    public var eventLogger: Logger?

    /// What holds unless something else is set.
    public init() {}
}

/// Somebody who is told of every event that a recorder takes in.
///
/// A handler gets a value of its own and runs off the path of those who record: it can neither
/// change nor hold up what is recorded. Too many that wait for it are dropped and counted.
public struct AuditHandler: Sendable {
    /// What it is called in diagnostics.
    public let name: String
    /// How long it may take for one event; then its task is cancelled.
    ///
    /// A handler that does not heed that holds up itself alone; a recorder that ends leaves it.
    public var limit: Duration
    /// How many events wait for it at most.
    public var queuedEvents: Int
    /// How many bytes of them at most.
    public var queuedBytes: Int
    let handle: @Sendable (Event) async throws -> Void

    /// Names a handler.
    public init(
        _ name: String,
        limit: Duration = .seconds(5),
        queuedEvents: Int = 1000,
        queuedBytes: Int = 16 << 20,
        handle: @escaping @Sendable (Event) async throws -> Void
    ) {
        self.name = name
        self.limit = limit
        self.queuedEvents = queuedEvents
        self.queuedBytes = queuedBytes
        self.handle = handle
    }
}
