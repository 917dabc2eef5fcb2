// SPDX-License-Identifier: Apache-2.0

public import Cairn

/// What was asked for when a request was let in or refused.
public struct AuthorizationCheck: Sendable, Hashable {
    /// The request's method.
    public var method: String?
    /// The request's path.
    public var path: String?
    /// The permission it takes.
    public var requiredPermission: String?
    /// The permissions the caller has; an empty list is none, nil is not known.
    public var userPermissions: [String]?

    /// Says what is known.
    public init(
        method: String? = nil,
        path: String? = nil,
        requiredPermission: String? = nil,
        userPermissions: [String]? = nil
    ) {
        self.method = method
        self.path = path
        self.requiredPermission = requiredPermission
        self.userPermissions = userPermissions
    }
}

/// A role, by its id and what people call it.
public struct Role: Sendable, Hashable {
    /// The role's id.
    public var id: String
    /// The role's name.
    public var name: String

    /// Names a role.
    public init(id: String, name: String) {
        self.id = id
        self.name = name
    }
}

/// Somebody's place in a team.
public struct TeamMember: Sendable, Hashable {
    /// The team's id.
    public var teamID: String
    /// The member's id.
    public var memberID: String
    /// The team's name.
    public var teamName: String?
    /// What the member is in the team.
    public var role: String?

    /// Names a member.
    public init(teamID: String, memberID: String, teamName: String? = nil, role: String? = nil) {
        self.teamID = teamID
        self.memberID = memberID
        self.teamName = teamName
        self.role = role
    }
}

/// An invitation, and to what.
public struct Invitation: Sendable, Hashable {
    /// The invitation's id.
    public var id: String
    /// Who is invited.
    public var inviteeEmail: String
    /// As what.
    public var role: String?
    /// To which team.
    public var teamID: String?

    /// Names an invitation.
    public init(id: String, inviteeEmail: String, role: String? = nil, teamID: String? = nil) {
        self.id = id
        self.inviteeEmail = inviteeEmail
        self.role = role
        self.teamID = teamID
    }
}

extension Event {
    /// A request was allowed or refused: `authz.checked`.
    public static func authorization(
        _ action: String,
        of resource: Resource,
        by caller: Caller,
        check: AuthorizationCheck = AuthorizationCheck(),
        outcome: Outcome
    ) -> Event {
        var event = Event(
            "authz.checked",
            action,
            by: caller,
            details: [
                ("method", .text(check.method)), ("path", .text(check.path)),
                ("requiredPermission", .text(check.requiredPermission)),
                ("userPermissions", .texts(check.userPermissions)),
            ],
            outcome: outcome
        )
        event.resources = [resource]
        return event
    }

    /// The permissions of a role were changed: `authz.permissions_changed`.
    ///
    /// An empty list says that there are none; nil says that they are not known, and then neither
    /// is what was added or removed. Those are in the order they were given, each as often as the
    /// lists differ.
    public static func permissionChange(
        of role: Role,
        from before: [String]?,
        to after: [String]?,
        by caller: Caller,
        outcome: Outcome
    ) -> Event {
        var (added, removed): ([String]?, [String]?)
        if let before, let after { (added, removed) = (after - before, before - after) }
        var event = Event(
            "authz.permissions_changed",
            "update_permissions",
            by: caller,
            details: [
                ("roleName", .text(role.name)), ("before", .texts(before)),
                ("after", .texts(after)), ("added", .texts(added)), ("removed", .texts(removed)),
            ],
            outcome: outcome
        )
        event.resources = [Resource(type: "role", id: role.id)]
        return event
    }

    /// A user was added, changed or removed: `user.managed`.
    public static func userManagement(
        _ action: String,
        of userID: String,
        by caller: Caller,
        details: JSONObject? = nil,
        outcome: Outcome
    ) -> Event {
        var event = Event("user.managed", action, by: caller, outcome: outcome)
        event.resources = [Resource(type: "user", id: userID)]
        event.details = details.map { CanonicalJSON(.object($0)) }
        return event
    }

    /// Somebody joined or left a team, or became something else in it: `team.membership_changed`.
    public static func teamMembership(
        _ action: String,
        of member: TeamMember,
        by caller: Caller,
        outcome: Outcome
    ) -> Event {
        var event = Event(
            "team.membership_changed",
            action,
            by: caller,
            details: [
                ("memberId", .text(member.memberID)), ("teamName", .text(member.teamName)),
                ("role", .text(member.role)),
            ],
            outcome: outcome
        )
        event.resources = [Resource(type: "team", id: member.teamID)]
        return event
    }

    /// A role was given to a user or taken away: `authz.role_changed`.
    public static func roleChange(
        _ action: String,
        _ role: Role,
        of userID: String,
        by caller: Caller,
        outcome: Outcome
    ) -> Event {
        var event = Event(
            "authz.role_changed",
            action,
            by: caller,
            details: [
                ("targetUserId", .text(userID)), ("roleId", .text(role.id)),
                ("roleName", .text(role.name)),
            ],
            outcome: outcome
        )
        event.resources = [Resource(type: "user_role", id: "\(userID)#\(role.id)")]
        return event
    }

    /// An invitation was sent, taken or withdrawn: `invitation.updated`.
    public static func invitation(
        _ action: String,
        _ invitation: Invitation,
        by caller: Caller,
        outcome: Outcome
    ) -> Event {
        var event = Event(
            "invitation.updated",
            action,
            by: caller,
            details: [
                ("inviteeEmail", .text(invitation.inviteeEmail)), ("role", .text(invitation.role)),
                ("teamId", .text(invitation.teamID)),
            ],
            outcome: outcome
        )
        event.resources = [Resource(type: "invitation", id: invitation.id)]
        return event
    }

    /// A setting was changed: `config.changed`.
    ///
    /// An empty object says that there is nothing; nil says that it is not known.
    public static func configurationChange(
        _ action: String,
        of setting: Resource,
        from before: JSONObject? = nil,
        to after: JSONObject? = nil,
        by caller: Caller,
        outcome: Outcome
    ) -> Event {
        var event = Event(
            "config.changed",
            action,
            by: caller,
            details: [
                ("before", before.map { .object($0) }), ("after", after.map { .object($0) }),
            ],
            outcome: outcome
        )
        event.resources = [setting]
        return event
    }
}

extension [String] {
    /// What is left of one list when each text of another is taken out once, in its order.
    fileprivate static func - (left: [String], right: [String]) -> [String] {
        var rest: [String: Int] = [:]
        for text in right { rest[text, default: 0] += 1 }
        return left.filter { text in
            guard let count = rest[text], count > 0 else { return true }
            rest[text] = count - 1
            return false
        }
    }
}
