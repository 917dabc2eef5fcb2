// SPDX-License-Identifier: Apache-2.0

/// What is known of each type of event: its category and how severe it is by default.
///
/// A type that is not listed is as welcome as one that is: its category is its first part and its
/// severity `info`. A family gives the types that begin alike what they have in common.
public struct EventTypeRegistry: Sendable {
    /// What is known of one type.
    public struct Entry: Hashable, Sendable {
        /// The type.
        public let type: EventType
        /// What statistics and filters group it under.
        public let category: String
        /// The severity of an event that names none.
        public let defaultSeverity: Severity
        /// What such an event says, in a few words, for documentation.
        public let summary: String

        /// Describes a type.
        ///
        /// The category of a type that only the server may record is `cairn`, whatever is given.
        public init(
            type: EventType,
            category: String,
            defaultSeverity: Severity = .info,
            summary: String = ""
        ) {
            self.type = type
            self.category = type.isReserved ? EventTypeRegistry.reservedCategory : category
            self.defaultSeverity = defaultSeverity
            self.summary = summary
        }
    }

    /// What types that begin alike have in common, where they have no entry of their own.
    private struct Family {
        let prefix: String
        let category: String
        let defaultSeverity: Severity
    }

    /// The category of the types that only the server may record.
    public static let reservedCategory = "cairn"

    private var entriesByType: [EventType: Entry] = [:]
    private var families: [Family] = []

    /// Creates a registry that knows no type.
    public init() {}

    /// Every entry, by type in ascending byte order.
    public var entries: [Entry] {
        entriesByType.values.sorted { $0.type < $1.type }
    }

    /// What is known of a type, or nil if it has no entry of its own.
    public func entry(for type: EventType) -> Entry? {
        entriesByType[type]
    }

    /// The category of a type: of its entry, else of its family, else its first part.
    public func category(of type: EventType) -> String {
        guard !type.isReserved else { return Self.reservedCategory }
        return entriesByType[type]?.category ?? family(of: type)?.category ?? type.firstPart
    }

    /// The severity of an event of this type that names none: `info` unless known to be another.
    public func defaultSeverity(of type: EventType) -> Severity {
        entriesByType[type]?.defaultSeverity ?? family(of: type)?.defaultSeverity ?? .info
    }

    /// Adds an entry, in place of one for the same type.
    public mutating func register(_ entry: Entry) {
        entriesByType[entry.type] = entry
    }

    /// Adds a family: every type that begins with `prefix` and has no entry.
    ///
    /// Where several families fit a type, the one with the longest prefix counts; where they are
    /// the same, the one added last.
    public mutating func registerFamily(
        prefix: String,
        category: String,
        defaultSeverity: Severity = .info
    ) {
        families.append(
            Family(prefix: prefix, category: category, defaultSeverity: defaultSeverity)
        )
    }

    private func family(of type: EventType) -> Family? {
        var found: Family?
        for family in families where type.text.utf8.starts(with: family.prefix.utf8) {
            guard let best = found, family.prefix.utf8.count < best.prefix.utf8.count else {
                found = family
                continue
            }
        }
        return found
    }
}

// MARK: - Common types

extension EventTypeRegistry {
    /// The types that applications commonly record for security and administration.
    ///
    /// Two customs of naming are in wide use and both are here: dotted lower-case words, whose
    /// category is the first, and upper-case words joined by `_`.
    public static let standard: EventTypeRegistry = {
        var registry = EventTypeRegistry()
        for (category, types) in dotted {
            for row in types {
                registry.add(row, as: "\(category).\(row.name)", to: category)
            }
        }
        for (category, types) in upperCase {
            for row in types {
                registry.add(row, as: row.name, to: category)
            }
        }
        registry.registerFamily(prefix: "ADMIN_", category: "admin")
        return registry
    }()

    /// One name, its default severity, and what it says.
    private typealias Row = (name: String, severity: Severity, summary: String)

    private mutating func add(_ row: Row, as text: String, to category: String) {
        let type = EventType(constant: text)
        precondition(entry(for: type) == nil, "\(text) is listed twice")
        register(
            Entry(
                type: type,
                category: category,
                defaultSeverity: row.severity,
                summary: row.summary
            )
        )
    }

    /// Types whose text is the category, a dot and the name.
    private static let dotted: [(category: String, types: [Row])] = [
        (
            "auth",
            [
                ("login", .info, "somebody signed in"),
                ("logout", .info, "somebody signed out"),
                ("login_failed", .warning, "a sign-in did not succeed"),
                ("password_change", .info, "a password was changed by its owner"),
                ("password_reset", .warning, "a password was replaced without the old one"),
                ("mfa_enabled", .info, "a second factor was added"),
                ("mfa_disabled", .warning, "a second factor was taken away"),
                ("mfa_verified", .info, "a second factor was shown"),
                ("session_created", .info, "a session began"),
                ("session_revoked", .info, "a session was ended by force"),
            ]
        ),
        (
            "admin",
            [
                ("backup_created", .info, "an administrator made a backup"),
                ("user_suspended", .warning, "an administrator suspended a user"),
            ]
        ),
        (
            "authz",
            [
                ("checked", .info, "a request was allowed or refused"),
                ("permissions_changed", .info, "permissions were given or taken away"),
                ("role_changed", .info, "a role was given, changed or taken away"),
                ("permission_granted", .info, "a permission was given"),
                ("permission_denied", .warning, "something was refused for want of permission"),
                ("role_assigned", .info, "a role was given"),
                ("role_revoked", .info, "a role was taken away"),
            ]
        ),
        (
            "config",
            [("changed", .warning, "the configuration of a system was changed")]
        ),
        (
            "data",
            [
                ("read", .info, "data was read"),
                ("create", .info, "data was created"),
                ("update", .info, "data was changed"),
                ("delete", .warning, "data was deleted"),
                ("export", .info, "data left the system"),
                ("import", .info, "data came into the system"),
            ]
        ),
        ("http", [("request", .info, "a request was answered")]),
        ("invitation", [("updated", .info, "an invitation was sent, taken or withdrawn")]),
        (
            "provider",
            [
                ("connected", .info, "an outside service was connected"),
                ("token_refresh_failed", .warning, "an outside service refused a renewal"),
            ]
        ),
        (
            "security",
            [
                ("alert", .error, "a security control raised an alarm"),
                ("threat_detected", .critical, "an attack was recognised"),
                ("ip_blocked", .warning, "an address was shut out"),
                ("rate_limited", .warning, "a caller was slowed down"),
            ]
        ),
        (
            "settings",
            [("updated", .info, "somebody's settings were changed")]
        ),
        (
            "system",
            [
                ("startup", .info, "a system started"),
                ("shutdown", .info, "a system stopped"),
                ("error", .error, "a system failed"),
            ]
        ),
        ("team", [("membership_changed", .info, "somebody joined or left a team")]),
        (
            "user",
            [
                ("managed", .info, "a user was added, changed or removed"),
                ("login", .info, "a user signed in"),
                ("logout", .info, "a user signed out"),
                ("login_failed", .warning, "a user's sign-in did not succeed"),
                ("password_changed", .info, "a user's password was changed"),
                ("created", .info, "a user was added"),
                ("updated", .info, "a user's data was changed"),
                ("deleted", .warning, "a user was removed"),
            ]
        ),
    ]

    /// Types whose text is the name alone.
    private static let upperCase: [(category: String, types: [Row])] = [
        (
            "admin",
            [
                ("ADMIN_BACKUP_CREATED", .info, "an administrator made a backup"),
                ("ADMIN_USER_SUSPENDED", .warning, "an administrator suspended a user"),
            ]
        ),
        (
            "authorization",
            [
                ("AUTHORIZATION", .info, "a request was allowed or refused"),
                ("ACCESS_DENIED", .warning, "a request was refused"),
            ]
        ),
        ("configuration", [("CONFIGURATION", .info, "a setting was changed")]),
        (
            "data",
            [
                ("CREATE", .info, "data was created"),
                ("READ", .info, "data was read"),
                ("UPDATE", .info, "data was changed"),
                ("DELETE", .warning, "data was deleted"),
                ("EXPORT", .info, "data left the system"),
                ("DATA_VIEWED", .info, "somebody's data was looked at"),
                ("DATA_EXPORTED", .info, "somebody's data left the system"),
                ("DATA_DELETED", .warning, "somebody's data was deleted"),
            ]
        ),
        ("invitation", [("INVITATION", .info, "an invitation was sent, taken or withdrawn")]),
        ("permission", [("PERMISSION_CHANGE", .info, "a permission was given or taken away")]),
        (
            "provider",
            [
                ("PROVIDER_CONNECTED", .info, "an outside service was connected"),
                ("PROVIDER_TOKEN_REFRESH_FAILED", .warning, "an outside service refused a renewal"),
            ]
        ),
        ("role", [("ROLE_CHANGE", .info, "a role was given, changed or taken away")]),
        ("team", [("TEAM_MEMBERSHIP", .info, "somebody joined or left a team")]),
        (
            "user",
            [
                ("LOGIN", .info, "a user signed in"),
                ("LOGOUT", .info, "a user signed out"),
                ("USER_MANAGEMENT", .info, "a user was added, changed or removed"),
                ("USER_LOGIN", .info, "a user signed in"),
                ("USER_LOGIN_FAILED", .warning, "a user's sign-in did not succeed"),
                ("USER_PASSWORD_CHANGED", .info, "a user's password was changed"),
            ]
        ),
    ]
}
