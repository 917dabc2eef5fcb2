// SPDX-License-Identifier: Apache-2.0

/// What the members of another system's audit rows are called, and which words it uses.
///
/// Where a list has several names, the first that a row has counts.
struct RowForm: Sendable {
    /// The arrays that rows may be in, beside one that is the whole file.
    var lists: Set<String> = []
    /// Whether there are such rows in CSV.
    var hasTables = true
    /// A member that rows share with other things in the same table, and its value in rows.
    var marker: (name: String, value: String)?
    var id = ["id"]
    var type: String
    /// Types that have another name here.
    var types: [String: String] = [:]
    var time = ["timestamp"]
    var action = "action"
    var outcome: String?
    var severity: String?
    var risk: String?
    var actorID: String
    var actorType: String?
    var actorEmail: String?
    var session: String?
    var resourceType: String
    var resourceID: String
    var address: String
    var userAgent: String
    var requestID: String?
    var description: String?
    var before: String?
    var after: String?
}

extension RowForm {
    /// An organisation's events, as its service archives, exports and stores them.
    static let orgsArchive = RowForm(
        lists: ["items", "Items"],
        marker: ("entityType", "AUDIT_EVENT"),
        id: ["eventId", "id"],
        type: "eventType",
        types: [
            "AUTHORIZATION": "authz.checked",
            "PERMISSION_CHANGE": "authz.permissions_changed",
            "USER_MANAGEMENT": "user.managed",
            "TEAM_MEMBERSHIP": "team.membership_changed",
            "ROLE_CHANGE": "authz.role_changed",
            "INVITATION": "invitation.updated",
            "CONFIGURATION": "config.changed",
        ],
        outcome: "outcome",
        actorID: "actorId",
        actorType: "actorType",
        actorEmail: "userEmail",
        resourceType: "resourceType",
        resourceID: "resourceId",
        address: "ipAddress",
        userAgent: "userAgent",
        requestID: "requestId"
    )

    /// The 18 members of a security audit module's events, or the 12 columns of its CSV.
    static let securityAudit = RowForm(
        type: "event_type",
        outcome: "outcome",
        severity: "severity",
        actorID: "user_id",
        session: "session_id",
        resourceType: "resource_type",
        resourceID: "resource_id",
        address: "ip_address",
        userAgent: "user_agent",
        requestID: "request_id",
        description: "description",
        before: "old_values",
        after: "new_values"
    )

    /// The rows of an audit service that chains hashes.
    static let auditService = RowForm(
        lists: ["items", "events"],
        type: "event_type",
        time: ["timestamp", "created_at"],
        risk: "risk_level",
        actorID: "user_id",
        resourceType: "resource_type",
        resourceID: "resource_id",
        address: "ip_address",
        userAgent: "user_agent"
    )
}
