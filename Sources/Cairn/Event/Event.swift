// SPDX-License-Identifier: Apache-2.0

/// Something that happened in an application, in that application's own words.
///
/// An event says who did what to which resources, and when. It is a claim: the ledger keeps the
/// claim and never judges it. Absent members are nil here; what the server fills in is added when
/// the event becomes a record, and listed there as defaulted.
///
/// An `Event` in hand is a valid one: reading it and ``validated(by:)`` check every limit.
public struct Event: Hashable, Sendable {
    /// Who, or what, acted.
    public struct Actor: Hashable, Sendable {
        /// The sort of actor, such as `user` or `service`.
        public var type: String?
        /// The actor's identifier.
        public var id: String
        /// A name for people.
        public var name: String?
        /// An e-mail address.
        public var email: String?
        /// The session the actor acted in.
        public var sessionID: String?

        /// Names an actor.
        public init(
            type: String? = nil,
            id: String,
            name: String? = nil,
            email: String? = nil,
            sessionID: String? = nil
        ) {
            self.type = type
            self.id = id
            self.name = name
            self.email = email
            self.sessionID = sessionID
        }
    }

    /// What was acted upon.
    public struct Resource: Hashable, Sendable {
        /// The sort of resource, such as `document`.
        public var type: String?
        /// The resource's identifier.
        public var id: String?
        /// A name for people.
        public var name: String?

        /// Names a resource.
        public init(type: String? = nil, id: String? = nil, name: String? = nil) {
            self.type = type
            self.id = id
            self.name = name
        }
    }

    /// From where the actor acted.
    public struct Source: Hashable, Sendable {
        /// The address, as text: callers really send `AWS Internal`.
        public var ip: String?
        /// The user agent.
        public var userAgent: String?
        /// The request in which it happened.
        public var requestID: String?
        /// The W3C trace context.
        public var traceparent: String?

        /// Names a source.
        public init(
            ip: String? = nil,
            userAgent: String? = nil,
            requestID: String? = nil,
            traceparent: String? = nil
        ) {
            self.ip = ip
            self.userAgent = userAgent
            self.requestID = requestID
            self.traceparent = traceparent
        }
    }

    /// The event's name for ever; the server makes one when it is absent.
    public var id: EventID?
    /// What kind of event.
    public var type: EventType
    /// What was done, in the caller's words.
    public var action: String?
    /// How it ended.
    public var outcome: Outcome?
    /// How much it matters.
    public var severity: Severity?
    /// How dangerous the caller holds it to be.
    public var risk: Risk?
    /// When the caller says it happened.
    public var occurredAt: Timestamp?
    /// The offset the caller's time was written with, when that was not `Z`.
    public var occurredOffset: String?
    /// Who did it.
    public var actor: Actor
    /// To what; the first is the main one.
    public var resources: [Resource]?
    /// From where.
    public var source = Source()
    /// A sentence for people.
    public var description: String?
    /// Anything else, as a JSON object.
    public var details: CanonicalJSON?
    /// The state before, as a JSON object.
    public var before: CanonicalJSON?
    /// The state after, as a JSON object.
    public var after: CanonicalJSON?
    /// The caller's own identifier, verbatim.
    public var externalID: String?

    /// Creates an event from the two members that every event has.
    public init(type: EventType, actor: Actor) {
        self.type = type
        self.actor = actor
    }
}
