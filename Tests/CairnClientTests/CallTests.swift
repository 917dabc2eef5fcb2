// SPDX-License-Identifier: Apache-2.0

import Cairn
import CairnClient
import Testing

@Suite("Calls for common events")
struct CallTests {
    private let caller = Caller(
        userID: "admin-1",
        email: "admin@example.com",
        ip: "192.0.2.1",
        requestID: "r-1"
    )

    private func details(_ event: Event) throws -> JSONValue {
        try JSONValue(parsing: #require(event.details).bytes)
    }

    @Test("An authorization has only what was given, and the outcome of its caller")
    func authorization() throws {
        let event = Event.authorization(
            "site:publish",
            of: Event.Resource(type: "site", id: "s-1"),
            by: caller,
            check: AuthorizationCheck(method: "POST", path: "/sites", userPermissions: []),
            outcome: .denied
        )
        #expect(event.type.text == "authz.checked")
        #expect(event.action == "site:publish" && event.outcome == .denied)
        #expect(event.severity == .warning)
        #expect(event.actor.email == "admin@example.com" && event.source.requestID == "r-1")
        #expect(
            try details(event) == ["method": "POST", "path": "/sites", "userPermissions": []]
        )
    }

    @Test("D-000-35: a change of permissions is in order, and tells none from not known")
    func permissions() throws {
        func change(_ before: [String]?, _ after: [String]?) throws -> JSONValue {
            let role = Role(id: "editor", name: "Editor")
            let event = Event.permissionChange(
                of: role,
                from: before,
                to: after,
                by: caller,
                outcome: .success
            )
            #expect(event.action == "update_permissions")
            #expect(event.resources == [Event.Resource(type: "role", id: "editor")])
            return try details(event)
        }
        let added = try change(["site:read"], ["site:publish", "site:read", "a", "a"])
        #expect(added["added"] == ["site:publish", "a", "a"])
        #expect(added["removed"] == [])
        let none = try change(["b", "a"], [])
        #expect(none["after"] == [] && none["removed"] == ["b", "a"])
        let unknown = try change(nil, ["a"])
        #expect(unknown["before"] == nil && unknown["added"] == nil && unknown["removed"] == nil)
    }

    @Test("D-000-49: every call takes the outcome of what was tried")
    func outcomes() throws {
        for outcome in Outcome.allCases {
            let role = Role(id: "r", name: "R")
            let user = Event.Resource(type: "user", id: "u")
            let events: [Event] = [
                .authorization("a", of: user, by: caller, outcome: outcome),
                .permissionChange(of: role, from: [], to: [], by: caller, outcome: outcome),
                .userManagement("create", of: "u", by: caller, outcome: outcome),
                .teamMembership(
                    "add_member",
                    of: TeamMember(teamID: "t", memberID: "m"),
                    by: caller,
                    outcome: outcome
                ),
                .roleChange("assign", role, of: "u", by: caller, outcome: outcome),
                .invitation(
                    "sent",
                    Invitation(id: "i", inviteeEmail: "e@example.com"),
                    by: caller,
                    outcome: outcome
                ),
                .configurationChange("update", of: user, by: caller, outcome: outcome),
                .authentication(.login, by: caller, outcome: outcome),
                .data(.delete, of: user, by: caller, outcome: outcome),
                .security(.threatDetected, "a scan", by: caller, outcome: outcome),
                .action(.userLogin, on: user, outcome: outcome),
            ]
            for event in events { #expect(event.outcome == outcome) }
        }
    }

    @Test("The details of a call have the names that are documented")
    func names() throws {
        let role = Role(id: "r", name: "R")
        let member = TeamMember(teamID: "t", memberID: "m", teamName: "T", role: "lead")
        let team = Event.teamMembership("add_member", of: member, by: caller, outcome: .success)
        #expect(team.type.text == "team.membership_changed")
        #expect(try details(team) == ["memberId": "m", "teamName": "T", "role": "lead"])
        #expect(team.resources == [Event.Resource(type: "team", id: "t")])
        let change = Event.roleChange("assign", role, of: "u", by: caller, outcome: .success)
        #expect(change.type.text == "authz.role_changed")
        #expect(change.resources == [Event.Resource(type: "user_role", id: "u#r")])
        #expect(
            try details(change) == ["targetUserId": "u", "roleId": "r", "roleName": "R"]
        )
        let invitation = Event.invitation(
            "sent",
            Invitation(id: "i", inviteeEmail: "e@example.com", teamID: "t"),
            by: caller,
            outcome: .success
        )
        #expect(invitation.type.text == "invitation.updated")
        #expect(try details(invitation) == ["inviteeEmail": "e@example.com", "teamId": "t"])
        let setting = Event.configurationChange(
            "update",
            of: Event.Resource(type: "smtp", id: "main"),
            from: [:],
            to: ["host": "mail.example.com"],
            by: caller,
            outcome: .success
        )
        #expect(setting.type.text == "config.changed")
        #expect(try details(setting) == ["before": [:], "after": ["host": "mail.example.com"]])
        let user = Event.userManagement("create", of: "u", by: caller, outcome: .success)
        #expect(user.type.text == "user.managed" && user.details == nil)
    }

    @Test("D-001-11: a data action that is none is refused, and an import is an import")
    func dataActions() {
        #expect(DataAction(rawValue: "frobnicate") == nil)
        let resource = Event.Resource(type: "account", id: "1")
        for action in DataAction.allCases {
            let event = Event.data(action, of: resource, by: caller, outcome: .success)
            #expect(event.type.text == "data.\(action.rawValue)")
        }
    }

    @Test("D-001-12: how much an event matters goes by its kind and how it ended")
    func severities() {
        let resource = Event.Resource(type: "account", id: "1")
        func data(_ action: DataAction, _ outcome: Outcome) -> Severity? {
            Event.data(action, of: resource, by: caller, outcome: outcome).severity
        }
        #expect(data(.read, .success) == .info)
        #expect(data(.delete, .success) == .warning)
        #expect(data(.read, .denied) == .warning)
        #expect(data(.delete, .error) == .error)
        #expect(Event.authentication(.login, by: caller, outcome: .success).severity == .info)
        #expect(Event.authentication(.login, by: caller, outcome: .failure).severity == .warning)
        let threat = Event.security(.threatDetected, "a scan", by: caller, outcome: .denied)
        #expect(threat.severity == .critical && threat.outcome == .denied)
    }

    @Test(
        "A name in capitals stands for a dotted kind of event",
        arguments: [
            ("USER_LOGIN", "user.login"), ("USER_LOGIN_FAILED", "user.login_failed"),
            ("USER_PASSWORD_CHANGED", "user.password_changed"), ("DATA_VIEWED", "data.read"),
            ("DATA_EXPORTED", "data.export"), ("DATA_DELETED", "data.delete"),
            ("PROVIDER_CONNECTED", "provider.connected"),
            ("PROVIDER_TOKEN_REFRESH_FAILED", "provider.token_refresh_failed"),
            ("ADMIN_USER_SUSPENDED", "admin.user_suspended"),
            ("ADMIN_BACKUP_CREATED", "admin.backup_created"),
            ("ACCESS_DENIED", "authz.permission_denied"), ("ADMIN_X", "admin.x"),
        ]
    )
    func names(name: String, type: String) throws {
        #expect(try #require(AuditAction(rawValue: name)).type.text == type)
    }

    @Test("Without a user, an action is the system's or an unknown user's")
    func nobody() {
        let session = Event.Resource(type: "session")
        let failed = Event.action(.userLoginFailed, on: session, outcome: .failure)
        #expect(failed.actor == Event.Actor(type: "unknown", id: "unknown"))
        let backup = Event.action(.adminBackupCreated, on: session, outcome: .success)
        #expect(backup.actor == Event.Actor(type: "system", id: "system"))
        #expect(AuditAction(rawValue: "no name") == nil)
        #expect(AuditAction.admin("X")?.type.text == "admin.x")
    }
}
