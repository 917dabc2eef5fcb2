// SPDX-License-Identifier: Apache-2.0

/// Why an event is not recorded, or a question not answered, in terms a caller can act on.
public struct ClientError: Error, Sendable, CustomStringConvertible {
    /// What kind of failure it is; more kinds may come.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        /// The code as text; stable, for programs.
        public let text: String

        /// The event breaks a rule; do not retry; the message names the member.
        public static let invalidEvent = Code(text: "invalid_event")
        /// The event's id is taken by another event; do not retry under this id.
        public static let conflict = Code(text: "conflict")
        /// The credential is missing, wrong, or does not allow it; mend the credential.
        public static let unauthorized = Code(text: "unauthorized")
        /// The server has too much to do, or a quota is used up; retry after a pause.
        public static let overloaded = Code(text: "overloaded")
        /// The server, or its store, is out of reach; retry with the same event id.
        public static let unavailable = Code(text: "unavailable")
        /// No answer came in time; retry with the same event id.
        public static let timedOut = Code(text: "timed_out")
        /// The caller's task was cancelled before there was an answer.
        public static let cancelled = Code(text: "cancelled")
        /// What answers does not speak as a server of Cairn does; check the address.
        public static let unexpectedAnswer = Code(text: "unexpected_answer")
        /// The ledger takes no writes: it went back, or is damaged; call a human.
        public static let ledgerRefused = Code(text: "ledger_refused")
        /// The question breaks a rule; do not ask it again.
        public static let invalidQuery = Code(text: "invalid_query")
        /// The queue for events without a promise is full; retry, or let it be.
        public static let queueFull = Code(text: "queue_full")
        /// The spool is as large as it may be; make room, or bring the server back.
        public static let spoolFull = Code(text: "spool_full")
        /// The spool's disk does not do what it should; call a human.
        public static let spoolFailed = Code(text: "spool_failed")
        /// Another process uses the folder.
        public static let inUse = Code(text: "in_use")
        /// A setting has a value it cannot have.
        public static let invalidSetting = Code(text: "invalid_setting")

        /// The same as ``text``.
        public var description: String { text }
    }

    /// What kind of failure it is.
    public let code: Code
    /// What went wrong, and what to do about it; never the content of an event.
    public let message: String
    /// What caused it, if that was an error of its own.
    public let cause: (any Error)?
    /// The server's name for this occurrence, to ask its operator about.
    public let instance: String?
    /// How long the server asks to wait.
    public let retryAfter: Duration?
    /// Whether the event may be recorded all the same: the answer was lost, not the event.
    public let mayBeRecorded: Bool

    /// Names a failure.
    public init(
        _ code: Code,
        _ message: String,
        cause: (any Error)? = nil,
        instance: String? = nil,
        retryAfter: Duration? = nil,
        mayBeRecorded: Bool = false
    ) {
        self.code = code
        self.message = message
        self.cause = cause
        self.instance = instance
        self.retryAfter = retryAfter
        self.mayBeRecorded = mayBeRecorded
    }

    /// Whether the same may succeed by itself in a while.
    public var isPassing: Bool {
        [.overloaded, .unavailable, .timedOut].contains(code)
    }

    /// Whether the event is refused for good, however often it is sent.
    public var isFinal: Bool {
        code == .invalidEvent || code == .conflict
    }

    /// The code and the message, without the cause.
    public var description: String { "\(code): \(message)" }
}
