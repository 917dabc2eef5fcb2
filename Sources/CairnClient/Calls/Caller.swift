// SPDX-License-Identifier: Apache-2.0

public import Cairn

/// Who acts, and from where: what an application knows of a request before it knows what happens.
public struct Caller: Sendable, Hashable {
    /// Who.
    public var actor: Event.Actor
    /// From where.
    public var source: Event.Source

    /// Joins an actor and a source.
    public init(_ actor: Event.Actor, source: Event.Source = Event.Source()) {
        self.actor = actor
        self.source = source
    }

    /// Names a user and the request.
    public init(
        userID: String,
        email: String? = nil,
        ip: String? = nil,
        userAgent: String? = nil,
        requestID: String? = nil
    ) {
        actor = Event.Actor(type: "user", id: userID, email: email)
        source = Event.Source(ip: ip, userAgent: userAgent, requestID: requestID)
    }
}

extension Event {
    /// Begins an event of a kind that this module names.
    init(
        _ type: String,
        _ action: String,
        by caller: Caller,
        details: [(String, JSONValue?)] = [],
        outcome: Outcome
    ) {
        self.init(type: EventType(constant: type), actor: caller.actor)
        self.action = action
        self.outcome = outcome
        source = caller.source
        let given = details.compactMap { name, value in value.map { (name: name, value: $0) } }
        if !given.isEmpty { self.details = CanonicalJSON(.object(JSONObject(given))) }
        severity = severityByRule
    }

    /// How much the event matters: what its kind does, and more if it was refused or failed.
    var severityByRule: Severity {
        let usual = EventTypeRegistry.standard.defaultSeverity(of: type)
        switch effectiveOutcome {
        case .success: return usual
        case .failure, .denied, .unknown: return max(usual, .warning)
        case .error: return max(usual, .error)
        }
    }
}

extension JSONValue {
    /// An array of texts; none where there are no texts at all, not even an empty list of them.
    static func texts(_ texts: [String]?) -> JSONValue? {
        texts.map { .array($0.map { .string($0) }) }
    }

    /// A text; none where there is none.
    static func text(_ text: String?) -> JSONValue? {
        text.map { .string($0) }
    }
}
