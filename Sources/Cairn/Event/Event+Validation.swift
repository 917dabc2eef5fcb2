// SPDX-License-Identifier: Apache-2.0

extension Event {
    /// Returns the event, or says which limit it breaks.
    ///
    /// - Throws: ``InvalidEvent`` naming the first member that breaks a limit.
    public func validated(by limits: Limits = Limits()) throws(InvalidEvent) -> Event {
        try Event.check(actor.id, "actor.id", limits.identifierBytes, mayBeEmpty: false)
        try Event.check(actor.type, "actor.type", limits.identifierBytes)
        try Event.check(actor.name, "actor.name", limits.nameBytes)
        try Event.check(actor.email, "actor.email", limits.nameBytes)
        try Event.check(actor.sessionID, "actor.session_id", limits.identifierBytes)
        try Event.check(action, "action", limits.actionBytes)
        try Event.check(description, "description", limits.descriptionBytes)
        try Event.check(externalID, "external_id", limits.identifierBytes)
        try Event.check(source.ip, "source.ip", limits.nameBytes)
        try Event.check(source.userAgent, "source.user_agent", limits.userAgentBytes)
        try Event.check(source.requestID, "source.request_id", limits.identifierBytes)
        try Event.check(source.traceparent, "source.traceparent", limits.identifierBytes)
        try Event.check(details, "details", limits.documentBytes)
        try Event.check(before, "change.before", limits.documentBytes)
        try Event.check(after, "change.after", limits.documentBytes)
        if let resources {
            try Event.check(resources, limits)
        }
        return self
    }

    private static func check(
        _ resources: [Resource],
        _ limits: Limits
    ) throws(InvalidEvent) {
        guard resources.count <= limits.resourceCount else {
            throw InvalidEvent(
                field: "resources",
                code: .tooMany,
                message: "at most \(limits.resourceCount) resources"
            )
        }
        for (position, resource) in resources.enumerated() {
            guard resource.type != nil || resource.id != nil else {
                throw InvalidEvent(
                    field: "resources[\(position)]",
                    code: .missing,
                    message: "a resource has a type or an id"
                )
            }
            try check(resource.type, "resources[\(position)].type", limits.identifierBytes)
            try check(resource.id, "resources[\(position)].id", limits.identifierBytes)
            try check(resource.name, "resources[\(position)].name", limits.nameBytes)
        }
    }

    private static func check(
        _ text: String?,
        _ field: @autoclosure () -> String,
        _ limitBytes: Int,
        mayBeEmpty: Bool = true
    ) throws(InvalidEvent) {
        guard let text else { return }
        guard mayBeEmpty || !text.isEmpty else {
            throw InvalidEvent(field: field(), code: .empty, message: "must not be empty")
        }
        guard text.utf8.count <= limitBytes else {
            throw InvalidEvent(
                field: field(),
                code: .tooLong,
                message: "at most \(limitBytes) bytes"
            )
        }
    }

    private static func check(
        _ document: CanonicalJSON?,
        _ field: String,
        _ limitBytes: Int
    ) throws(InvalidEvent) {
        guard let document else { return }
        guard document.bytes.count <= limitBytes else {
            throw InvalidEvent(
                field: field,
                code: .tooLarge,
                message: "at most \(limitBytes) bytes"
            )
        }
        guard document.bytes.first == UInt8(ascii: "{") else {
            throw InvalidEvent(field: field, code: .wrongType, message: "must be an object")
        }
    }
}
