// SPDX-License-Identifier: Apache-2.0

extension EventTypeRegistry {
    /// The dotted types of names that older systems give to events.
    ///
    /// A name that is not listed is a type as it is.
    private static let names: [(name: String, type: EventType)] = [
        ("AUTHORIZATION", "authz.checked"), ("PERMISSION_CHANGE", "authz.permissions_changed"),
        ("USER_MANAGEMENT", "user.managed"), ("TEAM_MEMBERSHIP", "team.membership_changed"),
        ("ROLE_CHANGE", "authz.role_changed"), ("INVITATION", "invitation.updated"),
        ("CONFIGURATION", "config.changed"),
        ("USER_LOGIN", "user.login"), ("USER_LOGIN_FAILED", "user.login_failed"),
        ("USER_PASSWORD_CHANGED", "user.password_changed"), ("DATA_VIEWED", "data.read"),
        ("DATA_EXPORTED", "data.export"), ("DATA_DELETED", "data.delete"),
        ("PROVIDER_CONNECTED", "provider.connected"),
        ("PROVIDER_TOKEN_REFRESH_FAILED", "provider.token_refresh_failed"),
        ("ADMIN_USER_SUSPENDED", "admin.user_suspended"),
        ("ADMIN_BACKUP_CREATED", "admin.backup_created"),
        ("ACCESS_DENIED", "authz.permission_denied"),
    ].map { ($0.0, EventType(constant: $0.1)) }

    private static let types = Dictionary(uniqueKeysWithValues: names.map { ($0.name, $0.type) })
    private static let namesByType = Dictionary(
        uniqueKeysWithValues: names.map { ($0.type, $0.name) }
    )

    /// The dotted type of a name that older systems give to events; nil for one that is not listed.
    public static func type(named name: String) -> EventType? {
        types[name]
    }

    /// The name that older systems give to a type; nil for one that is not listed.
    public static func name(of type: EventType) -> String? {
        namesByType[type]
    }
}
