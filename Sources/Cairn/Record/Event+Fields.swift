// SPDX-License-Identifier: Apache-2.0

/// What the server knows of an event beside the event itself.
package struct EventFacts: Sendable {
    /// The server's clock when the body was read.
    package let now: Timestamp
    /// The key or token that wrote it, never a secret.
    package let principalID: String?
    /// The principal's subject.
    package let principalSubject: String?
    /// The wire dialect it came by, when that is not the native one.
    package let dialect: WireDialect?
    /// Which secrets were taken out of it, if there were any.
    package let redaction: RedactionFacts?

    /// Joins what is known.
    package init(
        now: Timestamp,
        principalID: String? = nil,
        principalSubject: String? = nil,
        dialect: WireDialect? = nil,
        redaction: RedactionFacts? = nil
    ) {
        self.now = now
        self.principalID = principalID
        self.principalSubject = principalSubject
        self.dialect = dialect
        self.redaction = redaction
    }
}

/// The shape in which an event came over the wire.
package struct WireDialect: Hashable, Sendable {
    /// The dialect's name.
    package let name: String
    /// What it takes, beside the event's members, to show the event exactly as it was sent.
    package var rest: CanonicalJSON?

    /// Names a dialect.
    package init(_ name: String, rest: CanonicalJSON? = nil) {
        self.name = name
        self.rest = rest
    }
}

/// What was taken out of an event.
package struct RedactionFacts: Hashable, Sendable {
    /// The rule set and its version.
    package let rules: String
    /// Where, as dotted paths.
    package let paths: [String]

    /// Joins the two.
    package init(rules: String, paths: [String]) {
        self.rules = rules
        self.paths = paths
    }
}

extension Event {
    /// The fields of the record this event becomes, with defaults filled in and listed.
    package func fields(_ facts: EventFacts, registry: EventTypeRegistry) -> Fields {
        var fields = Fields(reservingCapacity: 512 + (details?.bytes.count ?? 0))
        fields.append(.action, text: action ?? type.lastPart)
        fields.append(.actorEmail, ifPresent: actor.email)
        fields.append(.actorID, text: actor.id)
        fields.append(.actorName, ifPresent: actor.name)
        fields.append(.actorSessionID, ifPresent: actor.sessionID)
        fields.append(.actorType, text: actor.type ?? "user")
        fields.append(.category, text: registry.category(of: type))
        fields.append(.changeAfter, ifPresent: after)
        fields.append(.changeBefore, ifPresent: before)
        let defaulted = defaultedPaths
        if !defaulted.isEmpty {
            fields.append(.defaulted, Event.array(defaulted))
        }
        fields.append(.description, ifPresent: description)
        fields.append(.details, ifPresent: details)
        fields.append(.dialect, ifPresent: facts.dialect?.name)
        fields.append(.dialectRest, ifPresent: facts.dialect?.rest)
        fields.append(.externalID, ifPresent: externalID)
        fields.append(.occurredAt, text: (occurredAt ?? facts.now).text)
        fields.append(.occurredOffset, ifPresent: occurredOffset)
        fields.append(.outcome, text: (outcome ?? .success).rawValue)
        fields.append(.principalID, ifPresent: facts.principalID)
        fields.append(.principalSubject, ifPresent: facts.principalSubject)
        if let redaction = facts.redaction {
            fields.append(.redactionPaths, Event.array(redaction.paths))
            fields.append(.redactionRules, text: redaction.rules)
        }
        if let resources {
            fields.append(.resources, Event.array(resources))
        }
        fields.append(.risk, ifPresent: risk?.rawValue)
        fields.append(.severity, text: (severity ?? registry.defaultSeverity(of: type)).rawValue)
        fields.append(.sourceIP, ifPresent: source.ip)
        fields.append(.sourceRequestID, ifPresent: source.requestID)
        fields.append(.sourceTraceparent, ifPresent: source.traceparent)
        fields.append(.sourceUserAgent, ifPresent: source.userAgent)
        fields.append(.type, text: type.text)
        return fields
    }

    /// The members that the server fills in, sorted.
    private var defaultedPaths: [String] {
        var paths: [String] = []
        if action == nil { paths.append("action") }
        if actor.type == nil { paths.append("actor.type") }
        if id == nil { paths.append("id") }
        if occurredAt == nil { paths.append("occurred_at") }
        if outcome == nil { paths.append("outcome") }
        if severity == nil { paths.append("severity") }
        return paths
    }

    private static func array(_ texts: [String]) -> [UInt8] {
        var output: [UInt8] = [UInt8(ascii: "[")]
        for (position, text) in texts.enumerated() {
            if position > 0 { output.append(UInt8(ascii: ",")) }
            JSONText.appendString(text, to: &output)
        }
        output.append(UInt8(ascii: "]"))
        return output
    }

    private static func array(_ resources: [Resource]) -> [UInt8] {
        var output: [UInt8] = [UInt8(ascii: "[")]
        for (position, resource) in resources.enumerated() {
            if position > 0 { output.append(UInt8(ascii: ",")) }
            // Members in canonical order: id, name, type.
            var separator = UInt8(ascii: "{")
            for (name, value) in [
                ("\"id\":", resource.id), ("\"name\":", resource.name),
                ("\"type\":", resource.type),
            ] {
                guard let value else { continue }
                output.append(separator)
                output.append(contentsOf: name.utf8)
                JSONText.appendString(value, to: &output)
                separator = UInt8(ascii: ",")
            }
            output.append(UInt8(ascii: "}"))
        }
        output.append(UInt8(ascii: "]"))
        return output
    }
}

extension Fields {
    fileprivate mutating func append(_ path: FieldPath.Known, ifPresent text: String?) {
        guard let text else { return }
        append(path, text: text)
    }

    fileprivate mutating func append(_ path: FieldPath.Known, ifPresent document: CanonicalJSON?) {
        guard let document else { return }
        append(path, document.bytes)
    }

    /// The fields as the caller sent them: without what the server added or filled in.
    ///
    /// Two submissions under one id have the same content if and only if these are equal.
    package var asSent: Fields {
        var defaulted: Set<String> = []
        if let bytes = value(.known(.defaulted)),
            case .array(let paths)? = try? JSONValue(parsing: bytes)
        {
            defaulted = Set(paths.compactMap(\.string))
        }
        var sent = Fields()
        for field in self {
            guard case .known(let known) = field.path else { continue }
            switch known {
            case .category, .defaulted, .principalID, .principalSubject, .dialect,
                .redactionPaths, .redactionRules:
                continue
            default:
                guard !defaulted.contains(field.path.text) else { continue }
                sent.append(known, Array(encoded[field.range]))
            }
        }
        return sent
    }
}
