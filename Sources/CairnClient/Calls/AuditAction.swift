// SPDX-License-Identifier: Apache-2.0

public import Cairn

/// An action by a name in capitals, such as `USER_LOGIN`, and the dotted kind of event it stands
/// for.
public struct AuditAction: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    /// The name.
    public let rawValue: String

    /// Takes a name of `A` to `Z`, `0` to `9` and `_`, or nil.
    public init?(rawValue: String) {
        guard (1...100).contains(rawValue.utf8.count),
            rawValue.utf8.allSatisfy({ byte in
                (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                    || byte == UInt8(ascii: "_")
            })
        else { return nil }
        self.rawValue = rawValue
    }

    private init(_ name: String) {
        rawValue = name
    }

    /// A user signed in.
    public static let userLogin = AuditAction("USER_LOGIN")
    /// A user's sign-in did not succeed.
    public static let userLoginFailed = AuditAction("USER_LOGIN_FAILED")
    /// A user's password was changed.
    public static let userPasswordChanged = AuditAction("USER_PASSWORD_CHANGED")
    /// Somebody's data was looked at.
    public static let dataViewed = AuditAction("DATA_VIEWED")
    /// Somebody's data left the system.
    public static let dataExported = AuditAction("DATA_EXPORTED")
    /// Somebody's data was deleted.
    public static let dataDeleted = AuditAction("DATA_DELETED")
    /// An outside service was connected, or was to be: the outcome tells.
    public static let providerConnected = AuditAction("PROVIDER_CONNECTED")
    /// An outside service refused to renew a token.
    public static let providerTokenRefreshFailed = AuditAction("PROVIDER_TOKEN_REFRESH_FAILED")
    /// An administrator suspended a user.
    public static let adminUserSuspended = AuditAction("ADMIN_USER_SUSPENDED")
    /// A backup was made.
    public static let adminBackupCreated = AuditAction("ADMIN_BACKUP_CREATED")
    /// A request was refused.
    public static let accessDenied = AuditAction("ACCESS_DENIED")

    /// An administrator did something: `ADMIN_` and a name in capitals.
    public static func admin(_ what: String) -> AuditAction? {
        AuditAction(rawValue: "ADMIN_" + what)
    }

    /// Names whose kind does not follow from how they are written.
    private static let exceptions = [
        "DATA_VIEWED": "data.read", "DATA_EXPORTED": "data.export", "DATA_DELETED": "data.delete",
        "ACCESS_DENIED": "authz.permission_denied",
    ]

    /// The kind of event: `user.login_failed` for `USER_LOGIN_FAILED`.
    public var type: EventType {
        if let type = AuditAction.exceptions[rawValue] { return EventType(constant: type) }
        let parts = rawValue.lowercased().split(
            separator: "_",
            maxSplits: 1,
            omittingEmptySubsequences: false
        )
        return EventType(constant: parts.joined(separator: "."))
    }

    /// Whether it is done by the system where nobody is named.
    var isOfSystem: Bool {
        rawValue.hasPrefix("ADMIN_") || rawValue.hasPrefix("SYSTEM_")
    }

    /// The same as ``rawValue``.
    public var description: String { rawValue }
}

extension Event {
    /// An event of an action by its name.
    ///
    /// Without a user it is the system's, for actions of administration, or an unknown user's.
    public static func action(
        _ action: AuditAction,
        on resource: Resource,
        userID: String? = nil,
        source: Source = Source(),
        context: JSONObject? = nil,
        outcome: Outcome
    ) -> Event {
        let nobody = action.isOfSystem || resource.type == "system" ? "system" : "unknown"
        let actor = Actor(type: userID == nil ? nobody : "user", id: userID ?? nobody)
        var event = Event(type: action.type, actor: actor)
        event.action = action.rawValue
        event.outcome = outcome
        event.resources = [resource]
        event.source = source
        event.details = context.map { CanonicalJSON(.object($0)) }
        event.severity = event.severityByRule
        return event
    }
}

extension AuditRecorder {
    /// Records an action by its name; the outcome is the caller's, whatever the name says.
    public func record(
        action: AuditAction,
        resourceType: String,
        userID: String? = nil,
        resourceID: String? = nil,
        ipAddress: String? = nil,
        userAgent: String? = nil,
        context: JSONObject? = nil,
        outcome: Outcome
    ) async -> Result<Receipt, ClientError> {
        await record(
            .action(
                action,
                on: Event.Resource(type: resourceType, id: resourceID),
                userID: userID,
                source: Event.Source(ip: ipAddress, userAgent: userAgent),
                context: context,
                outcome: outcome
            )
        )
    }
}
