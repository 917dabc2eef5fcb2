// SPDX-License-Identifier: Apache-2.0

public import Cairn

/// What happened to a login, a password, a second factor or a session.
public enum AuthenticationEvent: String, Sendable, CaseIterable {
    case login = "auth.login"
    case logout = "auth.logout"
    case loginFailed = "auth.login_failed"
    case passwordChange = "auth.password_change"
    case passwordReset = "auth.password_reset"
    case mfaEnabled = "auth.mfa_enabled"
    case mfaDisabled = "auth.mfa_disabled"
    case mfaVerified = "auth.mfa_verified"
    case sessionCreated = "auth.session_created"
    case sessionRevoked = "auth.session_revoked"
}

/// What was done with data; what is none of these is no data action, and is not made one.
public enum DataAction: String, Sendable, CaseIterable {
    case read, create, update, delete, export
    case `import`
}

/// What a security control saw.
public enum SecurityEvent: String, Sendable, CaseIterable {
    case alert = "security.alert"
    case threatDetected = "security.threat_detected"
    case ipBlocked = "security.ip_blocked"
    case rateLimited = "security.rate_limited"
}

/// Values before and after a change; nil is not known, an empty object is nothing.
public struct Change: Sendable, Hashable {
    /// The values before.
    public var before: JSONObject?
    /// The values after.
    public var after: JSONObject?

    /// Joins the two.
    public init(before: JSONObject? = nil, after: JSONObject? = nil) {
        self.before = before
        self.after = after
    }
}

extension Event {
    /// Somebody proved who they are, or did not.
    public static func authentication(
        _ what: AuthenticationEvent,
        by caller: Caller,
        details: JSONObject? = nil,
        outcome: Outcome
    ) -> Event {
        var event = Event(what.rawValue, what.rawValue, by: caller, outcome: outcome)
        event.details = details.map { CanonicalJSON(.object($0)) }
        return event
    }

    /// Data was read, changed, or taken in or out; a customer it belongs to is in the details.
    public static func data(
        _ action: DataAction,
        of resource: Resource,
        by caller: Caller,
        customerID: String? = nil,
        change: Change = Change(),
        outcome: Outcome
    ) -> Event {
        var event = Event(
            "data.\(action.rawValue)",
            action.rawValue,
            by: caller,
            details: [("customer_id", .text(customerID))],
            outcome: outcome
        )
        event.resources = [resource]
        event.before = change.before.map { CanonicalJSON(.object($0)) }
        event.after = change.after.map { CanonicalJSON(.object($0)) }
        return event
    }

    /// A security control saw something; the outcome is that of what was tried.
    ///
    /// How much it matters goes by its kind unless it is given.
    public static func security(
        _ what: SecurityEvent,
        _ description: String,
        by caller: Caller,
        severity: Severity? = nil,
        details: JSONObject? = nil,
        outcome: Outcome
    ) -> Event {
        let action = EventType(constant: what.rawValue).lastPart
        var event = Event(what.rawValue, action, by: caller, outcome: outcome)
        event.description = description
        event.details = details.map { CanonicalJSON(.object($0)) }
        if let severity { event.severity = severity }
        return event
    }
}
